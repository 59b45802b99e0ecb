"""``status``: what the daemon does now, why it waits and what comes next."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.daemon.lock import LockHolder, find_holder
from subtitled.daemon.status import StatusReport, status_report
from subtitled.daemon.workers import WorkerStatus, list_workers
from subtitled.db.database import Database
from subtitled.db.kv import SERVER_ERROR_KEY
from subtitled.db.records import FileRecord, FileState
from subtitled.engines.breaker import BreakerState, CircuitBreakers, to_dict
from subtitled.jobcontext.services import open_database
from subtitled.jobs.gate import Pause, active_pauses

from .app import app, load_configuration
from .output import JsonOption, display_path, echo, echo_json, echo_table, format_time

MAX_UPCOMING_SHOWN = 4
"""Number of upcoming events in the text output. ``--json`` has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Status:
    """Everything that ``status`` shows."""

    daemon: LockHolder | None
    file_counts: dict[str, int]
    active_files: list[FileRecord]
    workers: list[WorkerStatus]
    servers: dict[str, dict[str, Any]]
    pauses: list[Pause]
    breakers: dict[str, BreakerState]
    report: StatusReport
    unavailable_plugins: list[str]

    @property
    def is_paused(self) -> bool:
        """Whether all work is paused."""
        return any(not pause.library for pause in self.pauses)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Show what the daemon does now, why it waits, what comes next, and what failed."""
    current = _collect(load_configuration())
    if as_json:
        echo_json(_to_dict(current))
    else:
        _print(current)


def _collect(configuration: Configuration) -> _Status:
    db, now = open_database(configuration), time.time()
    state_dir = resolve_state_dir(configuration.settings)
    daemon = find_holder(state_dir)
    return _Status(
        daemon=daemon,
        file_counts={str(state): number for state, number in db.states.count_by_state().items()},
        active_files=list(db.states.by_state(FileState.WORKING)),
        workers=list_workers(db, state_dir),
        servers=_server_states(db),
        pauses=active_pauses(db.kv, now),
        breakers=CircuitBreakers(db.kv).open_states(),
        report=status_report(configuration.settings, db, is_running=daemon is not None, now=now),
        unavailable_plugins=[str(component) for component in configuration.unavailable],
    )


def _server_states(db: Database) -> dict[str, dict[str, Any]]:
    """Return the error of each media server, and its number of media files by delivery state."""
    server_errors = db.kv.get_prefix(SERVER_ERROR_KEY)
    counts = db.deliveries.count_by_server()
    names = sorted({*counts, *(key.removeprefix(SERVER_ERROR_KEY) for key in server_errors)})
    return {
        name: {
            "error": server_errors.get(SERVER_ERROR_KEY + name),
            "media_by_state": {
                str(state): number for state, number in counts.get(name, {}).items()
            },
        }
        for name in names
    }


def _to_dict(current: _Status) -> dict[str, Any]:
    return {
        "running": current.daemon is not None,
        "pid": current.daemon.pid if current.daemon else None,
        "paused": current.is_paused,
        "pauses": [asdict(pause) for pause in current.pauses],
        "files": current.file_counts,
        "active_jobs": [
            {
                "path": record.path,
                "progress": record.progress,
                "job": record.job_id,
                "worker": record.worker,
            }
            for record in current.active_files
        ],
        "workers": [worker.to_dict() for worker in current.workers],
        "reasons": current.report.reasons,
        "upcoming": [asdict(event) for event in current.report.upcoming],
        "engines": {name: to_dict(breaker) for name, breaker in current.breakers.items()},
        "servers": current.servers,
        "unavailable_plugins": current.unavailable_plugins,
    }


def _print(current: _Status) -> None:
    paused = ", paused" if current.is_paused else ""
    if current.daemon:
        started_at = format_time(current.daemon.started_at or 0)
        echo(f"running as process {current.daemon.pid} since {started_at}{paused}")
    else:
        echo(f"not running{paused}")
    for record in current.active_files:
        if not any(record in worker.active_files for worker in current.workers):
            _print_active_file(record)
    for worker in current.workers:
        echo(f"worker {worker.name}: {_describe_worker(worker)}")
        for record in worker.active_files:
            _print_active_file(record)
    for reason in current.report.reasons:
        echo(f"waits: {reason}")
    upcoming = list(zip(current.report.upcoming, current.report.clock_notes, strict=True))
    for event, clock in upcoming[:MAX_UPCOMING_SHOWN]:
        echo(f"{clock}: {event.description}")
    echo_table(("state", "files"), sorted(current.file_counts.items()))
    for name, server in current.servers.items():
        parts = [f"{number} {state}" for state, number in server["media_by_state"].items()]
        parts += [server["error"]] if server["error"] else []
        echo(f"server {name}: {'; '.join(parts)}")
    for line in current.unavailable_plugins:
        echo(line)


def _print_active_file(record: FileRecord) -> None:
    echo(f"  {display_path(record.path)}: {record.progress or 'starting'}")


def _describe_worker(worker: WorkerStatus) -> str:
    """Say where a worker runs, its last heartbeat and why it waits."""
    heartbeat = (
        f", last heartbeat {format_time(worker.heartbeat.sent_at)}" if worker.heartbeat else ""
    )
    if worker.lock is None:
        return f"not running, last as process {worker.pid} on {worker.host}{heartbeat}"
    wait = f"; waits: {worker.wait_reason}" if worker.wait_reason else ""
    return f"process {worker.pid} on {worker.host}{heartbeat}{wait}"
