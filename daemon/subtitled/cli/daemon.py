"""``run``, ``scan``, ``status``, ``doctor``: the daemon and how it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.daemon.doctor import check_machine
from subtitled.daemon.lock import find_holder
from subtitled.daemon.status import status_report
from subtitled.daemon.workers import WorkerStatus, list_workers
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.engines.breaker import CircuitBreakers, to_dict
from subtitled.jobcontext.services import open_database
from subtitled.jobs.gate import active_pauses
from subtitled.notify.media_servers import SERVER_ERROR_KEY
from subtitled.plugin import CheckResult

from .app import app, config_path, load_configuration
from .inspect import describe_libraries, to_known_path
from .output import FAILED, USAGE_ERROR, abort, display_path, echo, echo_json, echo_table

MAX_UPCOMING_SHOWN = 4
"""What comes next, in so many lines; `--json` has all of it."""

JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@app.command()
def run() -> None:
    """Be the daemon, in the foreground."""
    from subtitled.daemon.daemon import Daemon
    from subtitled.daemon.process import run as be
    from subtitled.web.server import build_web

    settings = load_configuration_to_run()
    be(config_path(), settings, partial(Daemon, web=build_web))


def load_configuration_to_run() -> Configuration:
    """The configuration of a process that works until it is stopped, which logs from now on."""
    from subtitled.daemon.logs import log_to_stderr

    settings = load_configuration()
    if not settings.settings.libraries:
        abort(
            "no library is configured. Write a [libraries.NAME] section with a path into "
            f"{config_path() or '/etc/subtitled/config.toml'}; config.example.toml shows how",
            USAGE_ERROR,
        )
    log_to_stderr(settings.settings.daemon.log_level, settings.settings.daemon.log_format)
    return settings


@app.command()
def scan(
    paths: Annotated[list[Path] | None, typer.Argument(help="Default: every library.")] = None,
) -> None:
    """Have the daemon walk its libraries now."""
    settings = load_configuration()
    ledger = open_database(settings)
    known_paths = [to_known_path(settings, path) for path in paths or ()]
    for path in known_paths:
        roots = [library.path for library in settings.settings.libraries.values()]
        if not any(path.is_relative_to(root) or root.is_relative_to(path) for root in roots):
            library_list = describe_libraries(settings)
            abort(
                f"{display_path(path)} lies in no library; there are: {library_list}", USAGE_ERROR
            )
        ledger.kv.enqueue("scan", path)
    if not known_paths:
        ledger.kv.enqueue("scan", None)
    running = find_holder(resolve_state_dir(settings.settings))
    echo(
        "the daemon walks now" if running else "the daemon is not running; it walks when it starts"
    )


@app.command()
def status(as_json: JsonOption = False) -> None:
    """What the daemon does now, why it does nothing, what comes next, and what failed."""
    settings = load_configuration()
    ledger = open_database(settings)
    running, now = find_holder(resolve_state_dir(settings.settings)), time.time()
    counts = {str(state): number for state, number in ledger.count_by_state().items()}
    working = list(ledger.by_state(FileState.WORKING))
    beside = list_workers(ledger, resolve_state_dir(settings.settings))
    servers = _server_states(ledger)
    halted = active_pauses(ledger.kv, now)
    breakers = CircuitBreakers(ledger.kv).open_states()
    ahead = status_report(settings.settings, ledger, is_running=running is not None, now=now)
    if as_json:
        echo_json(
            {
                "running": running is not None,
                "pid": running.pid if running else None,
                "paused": any(not pause.library for pause in halted),
                "pauses": [asdict(pause) for pause in halted],
                "files": counts,
                "working": [
                    {"path": w.path, "progress": w.progress, "job": w.job_id, "worker": w.worker}
                    for w in working
                ],
                "workers": [one.to_dict() for one in beside],
                "why": ahead.reasons,
                "next": [asdict(coming) for coming in ahead.upcoming],
                "engines": {name: to_dict(breaker) for name, breaker in breakers.items()},
                "servers": servers,
                "broken": [str(broken) for broken in settings.unavailable],
            }
        )
        return
    paused = ", paused" * any(not pause.library for pause in halted)
    if running:
        echo(
            f"running as process {running.pid} since {_format_time(running.started_at or 0)}{paused}"
        )
    else:
        echo(f"not running{paused}")
    for record in working:
        if not any(record in one.active_files for one in beside):
            echo(f"  {display_path(record.path)}: {record.progress or 'starting'}")
    for one in beside:
        echo(f"worker {one.name}: {_describe_worker(one)}")
        for record in one.active_files:
            echo(f"  {display_path(record.path)}: {record.progress or 'starting'}")
    for why in ahead.reasons:
        echo(f"waits: {why}")
    for coming, clock in list(zip(ahead.upcoming, ahead.clock_notes, strict=True))[
        :MAX_UPCOMING_SHOWN
    ]:
        echo(f"{clock}: {coming.description}")
    echo_table(("state", "files"), sorted(counts.items()))
    for name, known in servers.items():
        lines = [f"{number} {stage}" for stage, number in known["media"].items()]
        lines += [known["trouble"]] if known["trouble"] else []
        echo(f"server {name}: {'; '.join(lines)}")
    for broken in settings.unavailable:
        echo(str(broken))


def _format_time(moment: float) -> str:
    """Seconds since 1970 as a date for people."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def _describe_worker(worker: WorkerStatus) -> str:
    """Where a worker is and how."""
    sign = (
        f", last sign of life {_format_time(worker.heartbeat.sent_at)}" if worker.heartbeat else ""
    )
    if worker.lock is None:
        return f"not running, last as process {worker.pid} on {worker.host}{sign}"
    waits = f"; waits: {worker.wait_reason}" if worker.wait_reason else ""
    return f"process {worker.pid} on {worker.host}{sign}{waits}"


def _server_states(db: Database) -> dict[str, dict[str, Any]]:
    """Of each server, what is wrong with it, and how many media it shows, or does not yet."""
    troubles = db.kv.get_prefix(SERVER_ERROR_KEY)
    counts = db.deliveries.count_by_server()
    names = sorted({*counts, *(key.removeprefix(SERVER_ERROR_KEY) for key in troubles)})
    return {
        name: {
            "trouble": troubles.get(SERVER_ERROR_KEY + name),
            "media": {str(stage): number for stage, number in counts.get(name, {}).items()},
        }
        for name in names
    }


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Find the usual mistakes and say the cure."""
    findings = check_machine(load_configuration(), config_path())
    print_check_results(findings, as_json)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(FAILED)


def print_check_results(findings: Sequence[CheckResult], as_json: bool) -> None:
    """What was looked at, the verdict, and the cure where one is needed."""
    if as_json:
        echo_json(
            [{"what": f.subject, "ok": f.ok, "detail": f.detail, "cure": f.hint} for f in findings]
        )
        return
    echo_table(
        ("", "what", "found", "cure"),
        (
            ("ok" if f.ok else "WRONG", f.subject, f.detail, "" if f.ok else f.hint)
            for f in findings
        ),
    )
