"""``undo``: taking back what we wrote."""

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
from .daemon import JsonOption
from .inspect import to_known_path
from .output import USAGE_ERROR, abort, display_path, echo, echo_json


@app.command()
def undo(
    file: Annotated[Path, typer.Argument(help="A media file, or one subtitle.")],
    back: Annotated[
        bool, typer.Option("--back", help="Bring back what was taken away, by hand too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take back the subtitles and summaries that we wrote for a file; nobody else's are touched.

    Where ours was taken away because somebody else's came, and nothing of ours stands, it is
    brought back.
    """
    settings = load_configuration()
    ledger, path = open_database(settings), to_known_path(settings, file)
    record = ledger.get(path)
    if record is not None and record.state in (FileState.QUEUED, FileState.WORKING):
        abort(
            f"{display_path(file)} is {record.state}. First: subtitled queue cancel {display_path(file)}"
        )
    records = _find_sidecars(ledger, path)
    if not records:
        abort(f"nothing is known to have been written for {display_path(file)}", USAGE_ERROR)
    standing = [one for one in records if one.status is SidecarStatus.PRESENT]
    yielded = [one for one in records if one.status is SidecarStatus.YIELDED]
    withdrawal = SidecarRemover(ledger)
    if back:
        results = withdrawal.restore(
            [one for one in records if one.status is not SidecarStatus.PRESENT]
        )
    elif standing or not yielded:
        results = withdrawal.remove(standing or records)
    else:
        back, results = True, withdrawal.restore(yielded)
    _adopt_sidecars(ledger, records[0].media, back)
    _print_results(results, as_json)


def _find_sidecars(db: Database, path: Path) -> list[SidecarRecord]:
    """What we wrote for a medium, or the one sidecar that was named."""
    record = db.sidecars.get(path)
    if record is not None:
        return [record]
    if path.is_file():
        adopt_existing_sidecars(db, path, fingerprint_of(db, path))
    return db.sidecars.of_media(path)


def _adopt_sidecars(db: Database, media: Path, back: bool) -> None:
    record = db.get(media)
    if record is None or record.state is FileState.MISSING:
        return
    if back:
        db.requeue(record.id)
        return
    db.set_state(
        record.id,
        FileState.UP_TO_DATE,
        reason="taken back by hand",
        cure=f"To have it made again: subtitled queue retry {display_path(media)}",
    )


def _print_results(results: list[RemovalResult], as_json: bool) -> None:
    if as_json:
        echo_json([{"path": result.path, "what": result.outcome} for result in results])
        return
    for result in results:
        echo(f"{display_path(result.path)}: {result.outcome}")
    if not results:
        echo("nothing was taken away")
