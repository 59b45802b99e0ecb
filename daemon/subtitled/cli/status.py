"""``status``: what the daemon does now, why it waits and what comes next."""

from __future__ import annotations

from subtitled.daemon.answers.plain import format_time
from subtitled.daemon.answers.status import StatusAnswer, describe_status
from subtitled.daemon.workers import WorkerStatus
from subtitled.db.records import FileRecord
from subtitled.jobcontext.database import open_database

from .app import app, load_configuration
from .backlog_text import describe_backlog_lines
from .output import JsonOption, display_path, echo, echo_json, echo_table

MAX_UPCOMING_SHOWN = 4
"""Number of upcoming events in the text output. ``--json`` has all of them."""


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Show what the daemon does now, why it waits, what comes next, and what failed."""
    configuration = load_configuration()
    answer = describe_status(configuration, open_database(configuration))
    if as_json:
        echo_json(answer.to_dict())
    else:
        _print(answer)


def _print(answer: StatusAnswer) -> None:
    paused = ", paused" if answer.is_paused else ""
    if answer.daemon:
        started_at = format_time(answer.daemon.started_at or 0)
        echo(f"running as process {answer.daemon.pid} since {started_at}{paused}")
    else:
        echo(f"not running{paused}")
    for record in answer.files_of_daemon:
        _print_active_file(record)
    for worker in answer.workers:
        echo(f"worker {worker.name}: {_describe_worker(worker)}")
        for record in worker.active_files:
            _print_active_file(record)
    for reason in answer.report.reasons:
        echo(f"waits: {reason}")
    upcoming = list(zip(answer.report.upcoming, answer.report.clock_notes, strict=True))
    for event, clock in upcoming[:MAX_UPCOMING_SHOWN]:
        echo(f"{clock}: {event.description}")
    for line in describe_backlog_lines(answer.backlog):
        echo(line)
    echo_table(("state", "files"), sorted(answer.file_counts.items()))
    for name, breaker in answer.breakers.items():
        if breaker.failures and breaker.reason:
            last = f"{breaker.reason}. {breaker.hint}" if breaker.hint else breaker.reason
            echo(f"engine {name}: {breaker.failures} failed in a row, the last: {last}")
    for server in answer.servers:
        parts = [f"{number} {state}" for state, number in server.media_by_state.items()]
        parts += [server.error] if server.error else []
        echo(f"server {server.name}: {'; '.join(parts)}")
    for name, error in answer.notifier_errors.items():
        echo(f"notifier {name}: {error}")
    for line in answer.unavailable_plugins:
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
