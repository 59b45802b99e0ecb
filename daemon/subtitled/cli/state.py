"""``state ...``: what is remembered, kept safe, looked through, brought back, and made anew."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from subtitled.config.places import ensure_private, state_dir
from subtitled.config.settings import Settings
from subtitled.jobcontext.services import open_ledger
from subtitled.library.backup import DATABASES, REPLACED, back_up
from subtitled.library.backup import restore as restore_state
from subtitled.library.rebuild import rebuild as rebuild_ledger
from subtitled.service.doctor.care import care
from subtitled.service.lock import StateLock, holder, workers

from .app import app, configuration
from .daemon import Json, say_findings
from .output import FAILED, WRONG, fail, say, say_json, shown

state = typer.Typer(help="What is remembered.", no_args_is_help=True)
app.add_typer(state, name="state")


@state.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A file to write, such as subtitled.tar.gz.")],
    as_json: Json = False,
) -> None:
    """Write all that is remembered into one file. The daemon may go on working."""
    settings = configuration().settings
    folder = state_dir(settings)
    target = target.absolute()
    if target.is_dir():
        target /= time.strftime("subtitled-%Y%m%d-%H%M%S.tar.gz")
    size = back_up(folder, target, _databases(settings))
    if as_json:
        say_json({"backup": target, "bytes": size})
        return
    say(f"{shown(target)}: {size / 1024**2:.1f} MiB; models are not in it, nor are keys")
    if settings.daemon.database:
        say("nor is the database: back it up as well, with pg_dump")


@state.command()
def check(as_json: Json = False) -> None:
    """Read everything that is remembered and say whether it is whole."""
    findings = list(care(configuration().settings))
    say_findings(findings, as_json)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(FAILED)


@state.command()
def restore(
    backup: Annotated[Path, typer.Argument(help="What `state backup` wrote.")],
    as_json: Json = False,
) -> None:
    """Put a backup in the place of what is remembered now, which is kept beside it.

    Neither daemon nor workers may run. A backup that is not whole changes nothing.
    """
    settings = configuration().settings
    folder = ensure_private(state_dir(settings))
    _no_worker(folder)
    if running := holder(folder):
        fail(f"the daemon runs as process {running.pid or '?'}: stop it first", WRONG)
    lock = StateLock(folder)  # so that none can start meanwhile
    version = restore_state(backup.absolute(), folder, _databases(settings))
    lock.release()
    if as_json:
        say_json({"restored": backup, "version": version, "replaced": folder / REPLACED})
        return
    say(f"restored what version {version} wrote; what was there lies in {shown(folder / REPLACED)}")


@state.command()
def rebuild(
    anew: Annotated[
        bool, typer.Option("--anew", help="Put the old ledger aside first: it is damaged.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Recognise what we wrote beside the media, after the ledger was lost or is damaged."""
    settings = configuration()
    if anew:
        if settings.settings.daemon.database:
            fail("the ledger is on a server: look after it with PostgreSQL's own tools")
        _no_worker(state_dir(settings.settings))
        if holder(state_dir(settings.settings)):
            fail("the daemon is running: stop it first, it works with the old ledger")
        _put_aside(state_dir(settings.settings) / "ledger.sqlite")
    begin = time.monotonic()
    told = rebuild_ledger(open_ledger(settings), settings.settings.libraries)
    seconds = time.monotonic() - begin
    if as_json:
        say_json(
            {
                "media": told.media,
                "ours": told.ours,
                "others": told.others,
                "unreadable": told.unreadable,
                "seconds": round(seconds, 3),
            }
        )
        return
    say(f"{told.ours} subtitles of ours beside {told.media} media, {told.others} of others")
    if told.unreadable:
        say(f"{told.unreadable} folders cannot be read: let this user read them, and do it again")


def _databases(settings: Settings) -> Sequence[str]:
    """The databases that are files of the state folder."""
    return () if settings.daemon.database else DATABASES


def _no_worker(folder: Path) -> None:
    """Leave if a worker uses what is remembered."""
    if there := workers(folder):
        fail(f"worker {', '.join(there)} is running: stop it first")


def _put_aside(ledger: Path) -> None:
    """Give the ledger's files another name, the log of it last: alone it is worth nothing."""
    mark = time.strftime("%Y%m%d-%H%M%S")
    for ending in ("", "-shm", "-wal"):
        file = ledger.with_name(ledger.name + ending)
        if file.exists():
            file.rename(ledger.with_name(f"{ledger.stem}-{mark}{ledger.suffix}{ending}"))
