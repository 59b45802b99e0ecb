"""``state_app ...``: what is remembered, kept safe, looked through, brought back, and made anew."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from subtitled.config.paths import ensure_private_folder, resolve_state_dir
from subtitled.config.settings import AppSettings
from subtitled.daemon.doctor.state import check_state
from subtitled.daemon.lock import StateLock, find_holder, find_workers
from subtitled.db.backup import DATABASES, REPLACED_SUFFIX, create_backup
from subtitled.db.backup import restore_backup as restore_state
from subtitled.jobcontext.services import open_database
from subtitled.library.rebuild import rebuild_sidecars as rebuild_ledger

from .app import app, load_configuration
from .daemon import JsonOption, print_check_results
from .output import FAILED, USAGE_ERROR, abort, display_path, echo, echo_json

state_app = typer.Typer(help="What is remembered.", no_args_is_help=True)
app.add_typer(state_app, name="state")


@state_app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A file to write, such as subtitled.tar.gz.")],
    as_json: JsonOption = False,
) -> None:
    """Write all that is remembered into one file. The daemon may go on working."""
    settings = load_configuration().settings
    folder = resolve_state_dir(settings)
    target = target.absolute()
    if target.is_dir():
        target /= time.strftime("subtitled-%Y%m%d-%H%M%S.tar.gz")
    size = create_backup(folder, target, _database_files(settings))
    if as_json:
        echo_json({"backup": target, "bytes": size})
        return
    echo(f"{display_path(target)}: {size / 1024**2:.1f} MiB; models are not in it, nor are keys")
    if settings.daemon.database:
        echo("nor is the database: back it up as well, with pg_dump")


@state_app.command()
def check(as_json: JsonOption = False) -> None:
    """Read everything that is remembered and say whether it is whole."""
    findings = list(check_state(load_configuration().settings))
    print_check_results(findings, as_json)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(FAILED)


@state_app.command()
def restore(
    backup: Annotated[Path, typer.Argument(help="What `state backup` wrote.")],
    as_json: JsonOption = False,
) -> None:
    """Put a backup in the place of what is remembered now, which is kept beside it.

    Neither daemon nor workers may run. A backup that is not whole changes nothing.
    """
    settings = load_configuration().settings
    folder = ensure_private_folder(resolve_state_dir(settings))
    _require_no_worker(folder)
    if running := find_holder(folder):
        abort(f"the daemon runs as process {running.pid or '?'}: stop it first", USAGE_ERROR)
    lock = StateLock(folder)  # so that none can start meanwhile
    version = restore_state(backup.absolute(), folder, _database_files(settings))
    lock.release()
    if as_json:
        echo_json({"restored": backup, "version": version, "replaced": folder / REPLACED_SUFFIX})
        return
    echo(
        f"restored what version {version} wrote; what was there lies in {display_path(folder / REPLACED_SUFFIX)}"
    )


@state_app.command()
def rebuild(
    anew: Annotated[
        bool, typer.Option("--anew", help="Put the old ledger aside first: it is damaged.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Recognise what we wrote beside the media, after the ledger was lost or is damaged."""
    settings = load_configuration()
    if anew:
        if settings.settings.daemon.database:
            abort("the ledger is on a server: look after it with PostgreSQL's own tools")
        _require_no_worker(resolve_state_dir(settings.settings))
        if find_holder(resolve_state_dir(settings.settings)):
            abort("the daemon is running: stop it first, it works with the old ledger")
        _set_aside_database(resolve_state_dir(settings.settings) / "ledger.sqlite")
    begin = time.monotonic()
    report = rebuild_ledger(open_database(settings), settings.settings.libraries)
    seconds = time.monotonic() - begin
    if as_json:
        echo_json(
            {
                "media": report.media,
                "ours": report.ours,
                "others": report.others,
                "unreadable": report.unreadable,
                "seconds": round(seconds, 3),
            }
        )
        return
    echo(f"{report.ours} subtitles of ours beside {report.media} media, {report.others} of others")
    if report.unreadable:
        echo(
            f"{report.unreadable} folders cannot be read: let this user read them, and do it again"
        )


def _database_files(settings: AppSettings) -> Sequence[str]:
    """The databases that are files of the state folder."""
    return () if settings.daemon.database else DATABASES


def _require_no_worker(folder: Path) -> None:
    """Leave if a worker uses what is remembered."""
    if active_workers := find_workers(folder):
        abort(f"worker {', '.join(active_workers)} is running: stop it first")


def _set_aside_database(db: Path) -> None:
    """Give the ledger's files another name, the log of it last: alone it is worth nothing."""
    mark = time.strftime("%Y%m%d-%H%M%S")
    for ending in ("", "-shm", "-wal"):
        file = db.with_name(db.name + ending)
        if file.exists():
            file.rename(db.with_name(f"{db.stem}-{mark}{db.suffix}{ending}"))
