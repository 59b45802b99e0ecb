"""The status of the workers beside the daemon."""

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
from subtitled.jobcontext.database import open_database
from subtitled.jobs.heartbeat import Heartbeat, read_heartbeats
from subtitled.jobs.throttle_state import RemoteThrottles
from subtitled.plugin import CheckResult, SubtitledError

from .lock import WORKERS_FOLDER, LockHolder, find_holder, find_workers


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """One worker: its lock, its heartbeat in the database, and the files it is processing."""

    name: str
    lock: LockHolder | None
    """None if no process of that name runs."""
    heartbeat: Heartbeat | None
    active_files: tuple[FileRecord, ...] = ()
    wait_reason: str | None = None
    """Why its work is paused, if it is."""

    @property
    def host(self) -> str:
        """Return the host that the worker runs on, or ran on last."""
        return (self.lock.host if self.lock else "") or (
            self.heartbeat.host if self.heartbeat else ""
        )

    @property
    def pid(self) -> int | None:
        """Return the process id of the worker, or its last one."""
        return self.lock.pid if self.lock else self.heartbeat.pid if self.heartbeat else None

    def to_dict(self) -> dict[str, Any]:
        """Return the status for ``status --json``."""
        return {
            "name": self.name,
            "running": self.lock is not None,
            "host": self.host,
            "pid": self.pid,
            "started_at": self.heartbeat.started_at if self.heartbeat else None,
            "last_heartbeat": self.heartbeat.sent_at if self.heartbeat else None,
            "version": self.heartbeat.version if self.heartbeat else None,
            "wait_reason": self.wait_reason,
            "active_jobs": [
                {"path": record.path, "progress": record.progress, "job": record.job_id}
                for record in self.active_files
            ],
        }


def list_workers(db: Database, state: Path) -> list[WorkerStatus]:
    """Return every worker that runs, or was lost and did not come back, sorted by name."""
    locks, heartbeats = find_workers(state), read_heartbeats(db.kv)
    active_files = list(db.states.by_state(FileState.WORKING))
    return [
        WorkerStatus(
            name=name,
            lock=locks.get(name),
            heartbeat=heartbeats.get(name),
            active_files=tuple(record for record in active_files if record.worker == name),
            wait_reason=RemoteThrottles(db.kv, name).first_reason() if name in locks else None,
        )
        for name in sorted({*locks, *heartbeats} - {DAEMON_NAME})
    ]


def purge_lost(configuration: Configuration, db: Database, before: float) -> None:
    """Delete what is left of workers that do not run.

    Their decoded audio is deleted, and their heartbeat if it was sent before ``before`` (seconds
    since 1970).
    """
    state = resolve_state_dir(configuration.settings)
    for worker in list_workers(db, state):
        heartbeat = worker.heartbeat
        if worker.lock is None and heartbeat is not None and heartbeat.sent_at < before:
            db.kv.set(HEARTBEAT_KEY + worker.name, None)
    for folder in resolve_scratch_dir(configuration.settings).glob(f"{WORKERS_FOLDER}/*"):
        if find_holder(state, folder.name) is None:
            for path in folder.glob("scratch/*"):
                path.unlink(missing_ok=True)


def check_workers(configuration: Configuration) -> Iterator[CheckResult]:
    """Check that the workers that run have this version and configuration."""
    state = resolve_state_dir(configuration.settings)
    try:
        if not find_workers(state):
            return  # A check must not create the database.
        db = open_database(configuration)
        workers = list_workers(db, state)
    except (SubtitledError, OSError, SQLAlchemyError):
        return  # Other checks report errors of the state folder and the database.
    our_configuration = settings_digest(configuration)
    for worker in workers:
        heartbeat, detail = worker.heartbeat, ""
        if worker.lock is None or heartbeat is None:
            continue
        if heartbeat.version != __version__:
            detail = f"has version {heartbeat.version}, and this is {__version__}"
        elif heartbeat.configuration != our_configuration:
            detail = "runs with settings that the configuration has changed since"
        where = f"runs as process {worker.pid} on {worker.host}"
        unit = f"subtitled-worker@{worker.name}"
        hint = f"Restart it: systemctl restart {unit}; for settings a reload is enough"
        yield CheckResult(f"worker {worker.name}", not detail, detail or where, hint)
    db.close()
