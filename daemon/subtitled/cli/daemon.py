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
from subtitled.config.places import state_dir
from subtitled.engines.breaker import Breakers, told
from subtitled.jobcontext.services import open_ledger
from subtitled.jobs.pauses import pauses
from subtitled.library.ledger import Ledger
from subtitled.library.records import FileState
from subtitled.notify.teller import TROUBLE
from subtitled.plugin import Finding
from subtitled.service.crew import Member, crew
from subtitled.service.doctor import examine_machine
from subtitled.service.lock import holder
from subtitled.service.outlook import outlook

from .app import app, config_path, configuration
from .looking import as_known, libraries_listed
from .output import FAILED, WRONG, fail, say, say_json, say_table, shown

COMING_SHOWN = 4
"""What comes next, in so many lines; `--json` has all of it."""

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@app.command()
def run() -> None:
    """Be the daemon, in the foreground."""
    from subtitled.service.daemon import Daemon
    from subtitled.service.life import run as be
    from subtitled.web.server import web_of

    settings = configured_to_run()
    be(config_path(), settings, partial(Daemon, web=web_of))


def configured_to_run() -> Configuration:
    """The configuration of a process that works until it is stopped, which logs from now on."""
    from subtitled.service.logs import log_to_stderr

    settings = configuration()
    if not settings.settings.libraries:
        fail(
            "no library is configured. Write a [libraries.NAME] section with a path into "
            f"{config_path() or '/etc/subtitled/config.toml'}; config.example.toml shows how",
            WRONG,
        )
    log_to_stderr(settings.settings.daemon.log_level, settings.settings.daemon.log_format)
    return settings


@app.command()
def scan(
    paths: Annotated[list[Path] | None, typer.Argument(help="Default: every library.")] = None,
) -> None:
    """Have the daemon walk its libraries now."""
    settings = configuration()
    ledger = open_ledger(settings)
    wanted = [as_known(settings, path) for path in paths or ()]
    for path in wanted:
        roots = [library.path for library in settings.settings.libraries.values()]
        if not any(path.is_relative_to(root) or root.is_relative_to(path) for root in roots):
            there = libraries_listed(settings)
            fail(f"{shown(path)} lies in no library; there are: {there}", WRONG)
        ledger.mailbox.request("scan", path)
    if not wanted:
        ledger.mailbox.request("scan", None)
    running = holder(state_dir(settings.settings))
    say("the daemon walks now" if running else "the daemon is not running; it walks when it starts")


@app.command()
def status(as_json: Json = False) -> None:
    """What the daemon does now, why it does nothing, what comes next, and what failed."""
    settings = configuration()
    ledger = open_ledger(settings)
    running, now = holder(state_dir(settings.settings)), time.time()
    counts = {str(state): number for state, number in ledger.counts().items()}
    working = list(ledger.in_state(FileState.WORKING))
    beside = crew(ledger, state_dir(settings.settings))
    servers = _servers(ledger)
    halted = pauses(ledger.mailbox, now)
    breakers = Breakers(ledger.mailbox).all()
    ahead = outlook(settings.settings, ledger, running=running is not None, now=now)
    if as_json:
        say_json(
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
                "workers": [one.told() for one in beside],
                "why": ahead.why,
                "next": [asdict(coming) for coming in ahead.coming],
                "engines": {name: told(breaker) for name, breaker in breakers.items()},
                "servers": servers,
                "broken": [str(broken) for broken in settings.broken],
            }
        )
        return
    paused = ", paused" * any(not pause.library for pause in halted)
    if running:
        say(f"running as process {running.pid} since {_when(running.since or 0)}{paused}")
    else:
        say(f"not running{paused}")
    for record in working:
        if not any(record in one.working for one in beside):
            say(f"  {shown(record.path)}: {record.progress or 'starting'}")
    for one in beside:
        say(f"worker {one.name}: {_how(one)}")
        for record in one.working:
            say(f"  {shown(record.path)}: {record.progress or 'starting'}")
    for why in ahead.why:
        say(f"waits: {why}")
    for coming, clock in list(zip(ahead.coming, ahead.clocks, strict=True))[:COMING_SHOWN]:
        say(f"{clock}: {coming.what}")
    say_table(("state", "files"), sorted(counts.items()))
    for name, known in servers.items():
        lines = [f"{number} {stage}" for stage, number in known["media"].items()]
        lines += [known["trouble"]] if known["trouble"] else []
        say(f"server {name}: {'; '.join(lines)}")
    for broken in settings.broken:
        say(str(broken))


def _when(moment: float) -> str:
    """Seconds since 1970 as a date for people."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def _how(one: Member) -> str:
    """Where a worker is and how."""
    sign = f", last sign of life {_when(one.sign.at)}" if one.sign else ""
    if one.lock is None:
        return f"not running, last as process {one.pid} on {one.host}{sign}"
    waits = f"; waits: {one.waits}" if one.waits else ""
    return f"process {one.pid} on {one.host}{sign}{waits}"


def _servers(ledger: Ledger) -> dict[str, dict[str, Any]]:
    """Of each server, what is wrong with it, and how many media it shows, or does not yet."""
    troubles = ledger.mailbox.controls(TROUBLE)
    counts = ledger.tellings.counts()
    names = sorted({*counts, *(key.removeprefix(TROUBLE) for key in troubles)})
    return {
        name: {
            "trouble": troubles.get(TROUBLE + name),
            "media": {str(stage): number for stage, number in counts.get(name, {}).items()},
        }
        for name in names
    }


@app.command()
def doctor(as_json: Json = False) -> None:
    """Find the usual mistakes and say the cure."""
    findings = examine_machine(configuration(), config_path())
    say_findings(findings, as_json)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(FAILED)


def say_findings(findings: Sequence[Finding], as_json: bool) -> None:
    """What was looked at, the verdict, and the cure where one is needed."""
    if as_json:
        say_json(
            [{"what": f.what, "ok": f.ok, "detail": f.detail, "cure": f.cure} for f in findings]
        )
        return
    say_table(
        ("", "what", "found", "cure"),
        (("ok" if f.ok else "WRONG", f.what, f.detail, "" if f.ok else f.cure) for f in findings),
    )
