"""``queue ...``: what waits, and moving it about. It works whether the daemon runs or not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subtitled.library.records import FileState
from subtitled.work.jobs import PAUSED
from subtitled.work.workshop import open_ledger

from .app import app, configuration
from .daemon import Json
from .output import WRONG, fail, say, say_json, say_table, shown

queue = typer.Typer(help="What waits: see it, halt it, reorder it.", no_args_is_help=True)
app.add_typer(queue, name="queue")

Files = Annotated[list[Path], typer.Argument(help="Media files.")]

_WAITING = (
    FileState.WORKING,
    FileState.QUEUED,
    FileState.SETTLING,
    FileState.GROWING,
    FileState.RETRYING,
    FileState.FAILED,
    FileState.QUARANTINED,
    FileState.UNSATISFIABLE,
    FileState.NO_SPEECH,
    FileState.MISSING,
)
"""What is worth a look, in this order: all states but the good ones."""


@queue.command(name="list")
def list_(
    as_json: Json = False,
    most: Annotated[int, typer.Option(min=1)] = 50,
    only: Annotated[
        FileState | None, typer.Option("--state", help="Only what is in this state.")
    ] = None,
) -> None:
    """What is worked on, what waits, what failed and why."""
    ledger = open_ledger(configuration())
    rows: list[tuple[str, str, str]] = []
    for state in [only] if only else _WAITING:
        for record in ledger.in_state(state):
            if len(rows) >= most:
                break
            detail = record.progress if state is FileState.WORKING else record.reason
            tried = f" (tried {record.attempts} times)" if record.attempts > 1 else ""
            rows.append((str(state), shown(record.path), f"{detail or ''}{tried}"))
    if as_json:
        keys = ("state", "path", "detail")
        say_json([dict(zip(keys, row, strict=True)) for row in rows])
    elif rows:
        say_table(("state", "file", ""), rows)
    else:
        say("nothing waits")


@queue.command()
def pause() -> None:
    """Halt the work at the next stretch of speech; it survives a restart."""
    open_ledger(configuration()).mailbox.control(PAUSED, "by hand")
    say("paused; go on with: subtitled queue resume")


@queue.command()
def resume() -> None:
    """Go on where the work was halted."""
    open_ledger(configuration()).mailbox.control(PAUSED, None)
    say("going on")


def _ask(kind: str, files: list[Path], said: str) -> None:
    ledger = open_ledger(configuration())
    for file in files:
        ledger.mailbox.request(kind, file.absolute())
        say(f"{shown(file)}: {said}")


@queue.command()
def cancel(files: Files) -> None:
    """Take files off the queue; they are left alone until you ask for them."""
    _ask("cancel", files, "cancelled")


@queue.command()
def retry(
    files: Annotated[list[Path] | None, typer.Argument(help="Media files.")] = None,
    all_in: Annotated[
        FileState | None,
        typer.Option("--all", help="All files in a state, such as failed or quarantined."),
    ] = None,
) -> None:
    """Look at files anew, whatever was remembered of them."""
    wanted = list(files or ())
    if all_in is not None:
        wanted += [record.path for record in open_ledger(configuration()).in_state(all_in)]
    elif not wanted:
        fail("name files, or all in a state: subtitled queue retry --all failed", WRONG)
    _ask("retry", wanted, "will be looked at again")


@queue.command()
def prioritise(
    files: Files,
    watched: Annotated[
        bool, typer.Option(help="Behind what people asked for: somebody is about to watch them.")
    ] = False,
) -> None:
    """Put files first."""
    kind, said = ("watched", "comes soon") if watched else ("first", "comes first")
    _ask(kind, files, said)
