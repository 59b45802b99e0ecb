"""What ``status`` says: what is done now, on which worker, why work waits, what comes next."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.db.database import Database
from subtitled.db.records import FileRecord, FileState
from subtitled.engines.breaker import BreakerState, CircuitBreakers, to_dict
from subtitled.jobs.pauses import Pause, active_pauses

from ..lock import LockHolder, find_holder
from ..status import StatusReport, status_report
from ..workers import WorkerStatus, list_workers
from .backlog import BacklogAnswer, describe_backlog
from .plain import to_plain
from .servers import ServerStatus, find_notifier_errors, list_servers


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer:
    """Everything that ``status`` shows."""

    daemon: LockHolder | None
    """The process of the daemon; None if it does not run."""
    file_counts: dict[str, int]
    active_files: tuple[FileRecord, ...]
    workers: tuple[WorkerStatus, ...]
    servers: tuple[ServerStatus, ...]
    notifier_errors: dict[str, str]
    """The last error of each notifier that cannot deliver."""
    pauses: tuple[Pause, ...]
    breakers: dict[str, BreakerState]
    report: StatusReport
    backlog: BacklogAnswer
    unavailable_plugins: tuple[str, ...]

    @property
    def is_paused(self) -> bool:
        """Whether all work is paused by hand."""
        return any(not pause.library for pause in self.pauses)

    @property
    def files_of_daemon(self) -> tuple[FileRecord, ...]:
        """The files that no listed worker works on."""
        others = {record.id for worker in self.workers for record in worker.active_files}
        return tuple(record for record in self.active_files if record.id not in others)

    def to_dict(self) -> dict[str, Any]:
        """Return the status as JSON has it."""
        return {
            "running": self.daemon is not None,
            "pid": self.daemon.pid if self.daemon else None,
            "paused": self.is_paused,
            "pauses": to_plain(self.pauses),
            "files": self.file_counts,
            "active_jobs": [
                {
                    "path": to_plain(record.path),
                    "progress": record.progress,
                    "job": record.job_id,
                    "worker": record.worker,
                }
                for record in self.active_files
            ],
            "workers": [to_plain(worker.to_dict()) for worker in self.workers],
            "reasons": list(self.report.reasons),
            "upcoming": to_plain(self.report.upcoming),
            "backlog": self.backlog.to_dict(),
            "engines": {name: to_plain(to_dict(one)) for name, one in self.breakers.items()},
            "servers": {server.name: server.to_dict() for server in self.servers},
            "notifiers": {name: {"error": error} for name, error in self.notifier_errors.items()},
            "unavailable_plugins": list(self.unavailable_plugins),
        }


def describe_status(configuration: Configuration, db: Database) -> StatusAnswer:
    """Return what the daemon does now, whether it runs or not."""
    now, state_dir = time.time(), resolve_state_dir(configuration.settings)
    daemon = find_holder(state_dir)
    return StatusAnswer(
        daemon=daemon,
        file_counts={str(state): number for state, number in db.states.count_by_state().items()},
        active_files=tuple(db.states.by_state(FileState.WORKING)),
        workers=tuple(list_workers(db, state_dir)),
        servers=tuple(list_servers(db)),
        notifier_errors=find_notifier_errors(db),
        pauses=tuple(active_pauses(db.kv, now)),
        breakers=CircuitBreakers(db.kv).open_states(),
        report=status_report(configuration.settings, db, is_running=daemon is not None, now=now),
        backlog=describe_backlog(configuration, db, now),
        unavailable_plugins=tuple(str(component) for component in configuration.unavailable),
    )
