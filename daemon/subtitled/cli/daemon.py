"""``run``, ``scan``, ``status``, ``doctor``: the daemon and how it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from subtitled.config.places import state_dir
from subtitled.library.ledger import Ledger
from subtitled.library.records import FileState
from subtitled.service.doctor import examine_machine
from subtitled.service.lock import holder
from subtitled.work.jobs import PAUSED
from subtitled.work.servers.teller import TROUBLE
from subtitled.work.workshop import open_ledger

from .app import app, config_path, configuration
from .output import FAILED, WRONG, fail, say, say_json, say_table, shown

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@app.command()
def run() -> None:
    """Be the daemon, in the foreground."""
    from subtitled.service.daemon import run as be_the_daemon
    from subtitled.service.logs import log_to_stderr

    settings = configuration()
    if not settings.settings.libraries:
        fail(
            "no library is configured. Write a [libraries.NAME] section with a path into "
            f"{config_path() or '/etc/subtitled/config.toml'}; config.example.toml shows how",
            WRONG,
        )
    log_to_stderr(settings.settings.daemon.log_level)
    be_the_daemon(config_path(), settings)


@app.command()
def scan(
    paths: Annotated[list[Path] | None, typer.Argument(help="Default: every library.")] = None,
) -> None:
    """Have the daemon walk its libraries now."""
    settings = configuration()
    ledger = open_ledger(settings)
    wanted: list[Path | None] = [path.absolute() for path in paths or ()]
    for path in wanted or [None]:
        ledger.mailbox.request("scan", path)
    running = holder(state_dir(settings.settings))
    say("the daemon walks now" if running else "the daemon is not running; it walks when it starts")


@app.command()
def status(as_json: Json = False) -> None:
    """What the daemon does now, what waits and what failed."""
    settings = configuration()
    ledger = open_ledger(settings)
    running = holder(state_dir(settings.settings))
    counts = {str(state): number for state, number in ledger.counts().items()}
    working = list(ledger.in_state(FileState.WORKING))
    servers = _servers(ledger)
    paused = bool(ledger.mailbox.get_control(PAUSED))
    if as_json:
        say_json(
            {
                "running": running is not None,
                "pid": (running or {}).get("pid"),
                "paused": paused,
                "files": counts,
                "working": [{"path": w.path, "progress": w.progress} for w in working],
                "servers": servers,
                "broken": [str(broken) for broken in settings.broken],
            }
        )
        return
    if running:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(running.get("since", 0)))
        say(f"running as process {running.get('pid')} since {since}" + (", paused" * paused))
    else:
        say("not running" + (", paused" * paused))
    for record in working:
        say(f"  {shown(record.path)}: {record.progress or 'starting'}")
    say_table(("state", "files"), sorted(counts.items()))
    for name, known in servers.items():
        told = [f"{number} {stage}" for stage, number in known["media"].items()]
        say(f"server {name}: " + "; ".join([*told, *([known["trouble"]] * bool(known["trouble"]))]))
    for broken in settings.broken:
        say(str(broken))


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
    if as_json:
        say_json(
            [{"what": f.what, "ok": f.ok, "detail": f.detail, "cure": f.cure} for f in findings]
        )
    else:
        say_table(
            ("", "what", "found", "cure"),
            (
                ("ok" if f.ok else "WRONG", f.what, f.detail, "" if f.ok else f.cure)
                for f in findings
            ),
        )
    if not all(finding.ok for finding in findings):
        raise typer.Exit(FAILED)
