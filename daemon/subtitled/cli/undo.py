"""``undo``: taking back what we wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subtitled.jobcontext.services import open_ledger
from subtitled.library.following import recognise
from subtitled.library.ledger import Ledger
from subtitled.library.records import FileState
from subtitled.library.sidecars import Fate, SidecarRecord
from subtitled.library.withdrawal import Undone, Withdrawal

from .app import app, configuration
from .daemon import Json
from .looking import as_known
from .output import WRONG, fail, say, say_json, shown


@app.command()
def undo(
    file: Annotated[Path, typer.Argument(help="A media file, or one subtitle.")],
    back: Annotated[
        bool, typer.Option("--back", help="Bring back what was taken away, by hand too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take back the subtitles and summaries that we wrote for a file; nobody else's are touched.

    Where ours was taken away because somebody else's came, and nothing of ours stands, it is
    brought back.
    """
    settings = configuration()
    ledger, path = open_ledger(settings), as_known(settings, file)
    record = ledger.get(path)
    if record is not None and record.state in (FileState.QUEUED, FileState.WORKING):
        fail(f"{shown(file)} is {record.state}. First: subtitled queue cancel {shown(file)}")
    known = _sidecars(ledger, path)
    if not known:
        fail(f"nothing is known to have been written for {shown(file)}", WRONG)
    standing = [one for one in known if one.fate is Fate.THERE]
    yielded = [one for one in known if one.fate is Fate.YIELDED]
    withdrawal = Withdrawal(ledger)
    if back:
        done = withdrawal.bring_back([one for one in known if one.fate is not Fate.THERE])
    elif standing or not yielded:
        done = withdrawal.take_back(standing or known)
    else:
        back, done = True, withdrawal.bring_back(yielded)
    _remember(ledger, known[0].medium, back)
    _say(done, as_json)


def _sidecars(ledger: Ledger, path: Path) -> list[SidecarRecord]:
    """What we wrote for a medium, or the one sidecar that was named."""
    named = ledger.sidecars.get(path)
    if named is not None:
        return [named]
    if path.is_file():
        recognise(ledger, path, ledger.identities.content_of(path))
    return ledger.sidecars.of_medium(path)


def _remember(ledger: Ledger, medium: Path, back: bool) -> None:
    record = ledger.get(medium)
    if record is None or record.state is FileState.MISSING:
        return
    if back:
        ledger.settle(record.id)
        return
    ledger.set_state(
        record.id,
        FileState.NOTHING_TO_DO,
        reason="taken back by hand",
        cure=f"To have it made again: subtitled queue retry {shown(medium)}",
    )


def _say(done: list[Undone], as_json: bool) -> None:
    if as_json:
        say_json([{"path": one.path, "what": one.what} for one in done])
        return
    for one in done:
        say(f"{shown(one.path)}: {one.what}")
    if not done:
        say("nothing was taken away")
