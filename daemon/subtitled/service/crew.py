"""The workers beside the daemon: who is there, what each works on, when it last gave a sign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from subtitled import __version__
from subtitled.config.describe import digest
from subtitled.config.load import Configuration
from subtitled.config.places import scratch_dir, state_dir
from subtitled.jobcontext.services import open_ledger
from subtitled.jobs.halts import Told
from subtitled.jobs.signs import SIGN, Sign, signs
from subtitled.library.ledger import Ledger
from subtitled.library.records import DAEMON, FileRecord, FileState
from subtitled.plugin import Finding, Problem

from .lock import WORKERS, Holder, holder, workers


@dataclass(frozen=True, slots=True)
class Member:
    """One worker: by its lock, its sign in the ledger, and the files that it works on."""

    name: str
    lock: Holder | None
    """None: no process of that name is there."""
    sign: Sign | None
    working: tuple[FileRecord, ...] = ()
    waits: str | None = None
    """Why it halts just now."""

    @property
    def host(self) -> str:
        return (self.lock.host if self.lock else "") or (self.sign.host if self.sign else "")

    @property
    def pid(self) -> int | None:
        return self.lock.pid if self.lock else self.sign.pid if self.sign else None

    def told(self) -> dict[str, Any]:
        """For programs."""
        return {
            "name": self.name,
            "running": self.lock is not None,
            "host": self.host,
            "pid": self.pid,
            "since": self.sign.since if self.sign else None,
            "last_sign": self.sign.at if self.sign else None,
            "version": self.sign.version if self.sign else None,
            "waits": self.waits,
            "working": [
                {"path": record.path, "progress": record.progress, "job": record.job_id}
                for record in self.working
            ],
        }


def crew(ledger: Ledger, state: Path) -> list[Member]:
    """Every worker that is there, or was lost and did not come back, by name."""
    here, said = workers(state), signs(ledger.mailbox)
    working = list(ledger.in_state(FileState.WORKING))
    return [
        Member(
            name,
            here.get(name),
            said.get(name),
            tuple(record for record in working if record.worker == name),
            Told(ledger.mailbox, name).first() if name in here else None,
        )
        for name in sorted({*here, *said} - {DAEMON})
    ]


def forget_gone(configuration: Configuration, ledger: Ledger, before: float) -> None:
    """Forget the workers that gave their last sign before a time (seconds since 1970) and are not
    there, and the sound that is left of those that are not there."""
    state = state_dir(configuration.settings)
    for one in crew(ledger, state):
        if one.lock is None and one.sign is not None and one.sign.at < before:
            ledger.mailbox.control(SIGN + one.name, None)
    for folder in scratch_dir(configuration.settings).glob(f"{WORKERS}/*"):
        if holder(state, folder.name) is None:
            for left in folder.glob("scratch/*"):
                left.unlink(missing_ok=True)


def differences(configuration: Configuration) -> Iterator[Finding]:
    """Whether the workers that are there are of this version and configuration."""
    state = state_dir(configuration.settings)
    try:
        if not workers(state):
            return  # and no ledger is made for the looking
        ledger = open_ledger(configuration)
        members = crew(ledger, state)
    except (Problem, OSError, SQLAlchemyError):
        return  # of the state folder and the ledger others tell
    with_us = digest(configuration)
    for one in members:
        sign, detail = one.sign, ""
        if one.lock is None or sign is None:
            continue
        if sign.version != __version__:
            detail = f"is of version {sign.version}, and this is {__version__}"
        elif sign.configuration != with_us:
            detail = "works with other settings than the configuration has now"
        where = f"runs as process {one.pid} on {one.host}"
        unit = f"subtitled-worker@{one.name}"
        cure = f"Restart it: systemctl restart {unit}; for settings a reload is enough"
        yield Finding(f"worker {one.name}", not detail, detail or where, cure)
    ledger.close()
