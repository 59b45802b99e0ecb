"""``undo``: remove or restore what we wrote for a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.db.sidecars import SidecarRecord, SidecarStatus
from subtitled.jobcontext.services import open_database
from subtitled.library.fingerprint import fingerprint_of
from subtitled.library.moves import adopt_existing_sidecars
from subtitled.library.removal import RemovalResult, SidecarRemover

from .app import app, load_configuration
from .inspect import to_known_path
from .output import USAGE_ERROR, JsonOption, abort, display_path, echo, echo_json


@app.command()
def undo(
    file: Annotated[Path, typer.Argument(help="A media file, or one subtitle.")],
    restore: Annotated[
        bool, typer.Option("--restore", help="Restore what was removed, by hand too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove the subtitles and summaries that we wrote for a file. Human ones are not touched.

    If ours were removed because a human subtitle appeared, and none of ours is present, ours are
    restored.
    """
    configuration = load_configuration()
    db, path = open_database(configuration), to_known_path(configuration, file)
    name = display_path(file)
    media_record = db.files.get(path)
    if media_record is not None and media_record.state in (FileState.QUEUED, FileState.WORKING):
        abort(f"{name} is {media_record.state}. First: subtitled queue cancel {name}")
    sidecars = _find_sidecars(db, path)
    if not sidecars:
        abort(f"we wrote no subtitles for {name}, as far as is known", USAGE_ERROR)
    present = [record for record in sidecars if record.status is SidecarStatus.PRESENT]
    yielded = [record for record in sidecars if record.status is SidecarStatus.YIELDED]
    remover = SidecarRemover(db)
    if restore:
        results = remover.restore([record for record in sidecars if record not in present])
    elif present or not yielded:
        results = remover.remove(present or sidecars)
    else:
        restore, results = True, remover.restore(yielded)
    _update_media_state(db, sidecars[0].media, is_restored=restore)
    _print_results(results, as_json)


def _find_sidecars(db: Database, path: Path) -> list[SidecarRecord]:
    """Return what we wrote for a media file, or the one sidecar that was named."""
    record = db.sidecars.get(path)
    if record is not None:
        return [record]
    if path.is_file():
        adopt_existing_sidecars(db, path, fingerprint_of(db, path))
    return db.sidecars.of_media(path)


def _update_media_state(db: Database, media: Path, *, is_restored: bool) -> None:
    """Keep the daemon from making again what was removed, or have it evaluate the file again."""
    record = db.files.get(media)
    if record is None or record.state is FileState.MISSING:
        return
    if is_restored:
        db.states.requeue(record.id)
        return
    db.states.set_state(
        record.id,
        FileState.UP_TO_DATE,
        reason="removed by hand",
        hint=f"To have it made again: subtitled queue retry {display_path(media)}",
    )


def _print_results(results: list[RemovalResult], as_json: bool) -> None:
    if as_json:
        echo_json([{"path": result.path, "outcome": result.outcome} for result in results])
        return
    for result in results:
        echo(f"{display_path(result.path)}: {result.outcome}")
    if not results:
        echo("nothing was removed")
