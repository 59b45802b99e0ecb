"""``state``: back up, check, restore and rebuild the state folder."""

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
from subtitled.library.rebuild import rebuild_sidecars

from .app import app, load_configuration
from .output import (
    USAGE_ERROR,
    JsonOption,
    abort,
    display_path,
    echo,
    echo_json,
    report_checks,
)

state_app = typer.Typer(
    help="The state: back it up, check, restore, rebuild.", no_args_is_help=True
)
app.add_typer(state_app, name="state")


@state_app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A file to write, such as subtitled.tar.gz.")],
    as_json: JsonOption = False,
) -> None:
    """Write the whole state into one file. The daemon may keep running."""
    settings = load_configuration().settings
    folder = resolve_state_dir(settings)
    target = target.absolute()
    if target.is_dir():
        target /= time.strftime("subtitled-%Y%m%d-%H%M%S.tar.gz")
    size = create_backup(folder, target, _database_files(settings))
    if as_json:
        echo_json({"backup": target, "bytes": size})
        return
    echo(f"{display_path(target)}: {size / 1024**2:.1f} MiB; it contains no models and no keys")
    if settings.daemon.database:
        echo("it does not contain the database: back that up with pg_dump")


@state_app.command()
def check(as_json: JsonOption = False) -> None:
    """Read the whole state and report what is damaged."""
    results = list(check_state(load_configuration().settings))
    report_checks(results, as_json)


@state_app.command()
def restore(
    backup: Annotated[Path, typer.Argument(help="What `state backup` wrote.")],
    as_json: JsonOption = False,
) -> None:
    """Replace the state by a backup. The present state is kept beside it.

    Neither daemon nor workers may run. A damaged backup changes nothing.
    """
    settings = load_configuration().settings
    folder = ensure_private_folder(resolve_state_dir(settings))
    _require_no_worker(folder)
    if running := find_holder(folder):
        abort(f"the daemon runs as process {running.pid or '?'}: stop it first", USAGE_ERROR)
    lock = StateLock(folder)  # no daemon can start meanwhile
    version = restore_state(backup.absolute(), folder, _database_files(settings))
    lock.release()
    if as_json:
        echo_json({"restored": backup, "version": version, "replaced": folder / REPLACED_SUFFIX})
        return
    echo(
        f"restored the backup of version {version}; the previous state is in "
        f"{display_path(folder / REPLACED_SUFFIX)}"
    )


@state_app.command()
def rebuild(
    from_scratch: Annotated[
        bool,
        typer.Option("--from-scratch", help="Set the old database aside first: it is damaged."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Recognise what we wrote beside the media files, after the database was lost or damaged."""
    configuration = load_configuration()
    if from_scratch:
        if configuration.settings.daemon.database:
            abort("the database is on a server: repair it with PostgreSQL's own tools")
        folder = resolve_state_dir(configuration.settings)
        _require_no_worker(folder)
        if find_holder(folder):
            abort("the daemon is running: stop it first, it uses the old database")
        _set_aside_database(folder / DATABASES[0])
    begin = time.monotonic()
    report = rebuild_sidecars(open_database(configuration), configuration.settings.libraries)
    seconds = time.monotonic() - begin
    if as_json:
        echo_json(
            {
                "media": report.media,
                "adopted": report.adopted,
                "foreign": report.foreign,
                "unreadable": report.unreadable,
                "seconds": round(seconds, 3),
            }
        )
        return
    echo(
        f"adopted {report.adopted} subtitles of ours beside {report.media} media files; "
        f"{report.foreign} are human"
    )
    if report.unreadable:
        echo(
            f"{report.unreadable} folders cannot be read: give this user access, then run it again"
        )


def _database_files(settings: AppSettings) -> Sequence[str]:
    """Return the databases that are files of the state folder."""
    return () if settings.daemon.database else DATABASES


def _require_no_worker(folder: Path) -> None:
    """Abort if a worker uses the state."""
    if active_workers := find_workers(folder):
        abort(f"worker {', '.join(active_workers)} is running: stop it first")


def _set_aside_database(database: Path) -> None:
    """Rename the database's files, its log last: the log is worth nothing alone."""
    timestamp = time.strftime("%Y%m%d-%H%M%S")
    for suffix in ("", "-shm", "-wal"):
        file = database.with_name(database.name + suffix)
        if file.exists():
            file.rename(database.with_name(f"{database.stem}-{timestamp}{database.suffix}{suffix}"))
