"""The workers beside the daemon: who is there, what each works on, when it last gave a sign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from subtitled import __version__
from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_scratch_dir, resolve_state_dir
from subtitled.config.reference import settings_digest
from subtitled.db.database import Database
from subtitled.db.kv import HEARTBEAT_KEY
from subtitled.db.records import DAEMON_NAME, FileRecord, FileState
from subtitled.jobcontext.services import open_database
from subtitled.jobs.heartbeat import Heartbeat, read_heartbeats
from subtitled.jobs.throttle_state import RemoteThrottles
from subtitled.plugin import CheckResult, SubtitledError

from .lock import WORKERS_FOLDER, LockHolder, find_holder, find_workers


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """One worker: by its lock, its sign in the ledger, and the files that it works on."""

    name: str
    lock: LockHolder | None
    """None: no process of that name is there."""
    heartbeat: Heartbeat | None
    active_files: tuple[FileRecord, ...] = ()
    wait_reason: str | None = None
    """Why it halts just now."""

    @property
    def host(self) -> str:
        return (self.lock.host if self.lock else "") or (
            self.heartbeat.host if self.heartbeat else ""
        )

    @property
    def pid(self) -> int | None:
        return self.lock.pid if self.lock else self.heartbeat.pid if self.heartbeat else None

    def to_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "name": self.name,
            "running": self.lock is not None,
            "host": self.host,
            "pid": self.pid,
            "since": self.heartbeat.started_at if self.heartbeat else None,
            "last_sign": self.heartbeat.sent_at if self.heartbeat else None,
            "version": self.heartbeat.version if self.heartbeat else None,
            "waits": self.wait_reason,
            "working": [
                {"path": record.path, "progress": record.progress, "job": record.job_id}
                for record in self.active_files
            ],
        }


def list_workers(db: Database, state: Path) -> list[WorkerStatus]:
    """Every worker that is there, or was lost and did not come back, by name."""
    locks, heartbeats = find_workers(state), read_heartbeats(db.kv)
    working = list(db.by_state(FileState.WORKING))
    return [
        WorkerStatus(
            name,
            locks.get(name),
            heartbeats.get(name),
            tuple(record for record in working if record.worker == name),
            RemoteThrottles(db.kv, name).first_reason() if name in locks else None,
        )
        for name in sorted({*locks, *heartbeats} - {DAEMON_NAME})
    ]


def purge_lost(configuration: Configuration, db: Database, before: float) -> None:
    """Forget the workers that gave their last sign before a time (seconds since 1970) and are not
    there, and the sound that is left of those that are not there."""
    state = resolve_state_dir(configuration.settings)
    for one in list_workers(db, state):
        if one.lock is None and one.heartbeat is not None and one.heartbeat.sent_at < before:
            db.kv.set(HEARTBEAT_KEY + one.name, None)
    for folder in resolve_scratch_dir(configuration.settings).glob(f"{WORKERS_FOLDER}/*"):
        if find_holder(state, folder.name) is None:
            for left in folder.glob("scratch/*"):
                left.unlink(missing_ok=True)


def check_workers(configuration: Configuration) -> Iterator[CheckResult]:
    """Whether the workers that are there are of this version and configuration."""
    state = resolve_state_dir(configuration.settings)
    try:
        if not find_workers(state):
            return  # and no ledger is made for the looking
        db = open_database(configuration)
        members = list_workers(db, state)
    except (SubtitledError, OSError, SQLAlchemyError):
        return  # of the state folder and the ledger others tell
    with_us = settings_digest(configuration)
    for member in members:
        sign, detail = member.heartbeat, ""
        if member.lock is None or sign is None:
            continue
        if sign.version != __version__:
            detail = f"is of version {sign.version}, and this is {__version__}"
        elif sign.configuration != with_us:
            detail = "works with other settings than the configuration has now"
        where = f"runs as process {member.pid} on {member.host}"
        unit = f"subtitled-worker@{member.name}"
        hint = f"Restart it: systemctl restart {unit}; for settings a reload is enough"
        yield CheckResult(f"worker {member.name}", not detail, detail or where, hint)
    db.close()
