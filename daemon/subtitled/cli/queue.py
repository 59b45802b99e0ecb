"""``queue ...``: what waits, and moving it about. It works whether the daemon runs or not."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from subtitled.config.load import Configuration
from subtitled.config.values import Seconds
from subtitled.engines.breaker import Breakers
from subtitled.jobcontext.services import open_ledger
from subtitled.jobs import pauses
from subtitled.jobs.hours import Timetable
from subtitled.library.intake import library_of
from subtitled.library.records import DECIDED, FileState

from .app import app, configuration
from .daemon import Json
from .looking import as_known, libraries_listed
from .output import WRONG, fail, say, say_json, say_table, shown

queue = typer.Typer(help="What waits: see it, halt it, reorder it.", no_args_is_help=True)
app.add_typer(queue, name="queue")

Files = Annotated[list[Path], typer.Argument(help="Media files.")]

_WAITING = (
    FileState.WORKING,
    FileState.QUEUED,
    FileState.WAITING,
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
    rows: list[tuple[str, str, str, str]] = []
    for state in [only] if only else _WAITING:
        for record in ledger.in_state(state):
            if len(rows) >= most:
                break
            detail = record.progress if state is FileState.WORKING else record.reason
            tried = f" (tried {record.attempts} times)" if record.attempts > 1 else ""
            about = f"{detail or ''}{tried}"
            rows.append((str(state), shown(record.path), about, record.job_id or ""))
    if as_json:
        keys = ("state", "path", "detail", "job")
        say_json([dict(zip(keys, row, strict=True)) for row in rows])
    elif rows:
        say_table(("state", "file", ""), (row[:3] for row in rows))
    else:
        say("nothing waits")


Library = Annotated[str, typer.Option("--library", help="This library only; by default all work.")]


@queue.command()
def pause(
    library: Library = "",
    for_: Annotated[
        str, typer.Option("--for", help="How long, such as 30m or 2h; by default for good.")
    ] = "",
) -> None:
    """Halt the work at the next stretch of speech; it survives a restart."""
    settings, until = configuration(), None
    if for_:
        try:
            until = time.time() + TypeAdapter[float](Seconds).validate_python(for_)
        except ValidationError:
            fail(f'{for_!r} is not a length of time; write one such as "30m" or "2h"', WRONG)
    _known(settings, library)
    pauses.pause(open_ledger(settings).mailbox, library, until)
    what = f"library {library} is paused" if library else "paused"
    clock = Timetable(settings.settings.schedule).clock
    when = f" until {clock(until, time.time())}" if until is not None else ""
    say(f"{what}{when}; go on with: {pauses.end_with(library)}")


@queue.command()
def resume(library: Library = "") -> None:
    """Go on where the work was halted."""
    settings = configuration()
    _known(settings, library)
    mailbox = open_ledger(settings).mailbox
    pauses.resume(mailbox, library)
    mailbox.request("wake", None)
    say("going on")
    for left in pauses.pauses(mailbox, time.time()):
        what = f"library {left.library} is" if left.library else "everything is"
        say(f"{what} paused still; go on with: {pauses.end_with(left.library)}")


def _known(settings: Configuration, library: str) -> None:
    libraries = settings.settings.libraries
    if library and library not in libraries:
        fail(
            f"no library is called {library!r}; there are: {', '.join(libraries) or 'none'}", WRONG
        )


@queue.command()
def reset(
    engine: Annotated[str, typer.Argument(help="The engine's name in the configuration.")],
) -> None:
    """Let an engine be tried again now that was left alone after failures."""
    settings = configuration()
    if engine not in settings.settings.engines:
        names = ", ".join(settings.settings.engines)
        fail(f"no engine is called {engine!r}; there are: {names}", WRONG)
    mailbox = open_ledger(settings).mailbox
    known = Breakers(mailbox).reset(engine)
    mailbox.request("wake", None)
    say(f"{engine}: " + ("tried again now" if known else "nothing is held against it"))


def _ask(kind: str, files: list[Path], said: str) -> None:
    settings = configuration()
    ledger = open_ledger(settings)
    paths = [as_known(settings, file) for file in files]
    for path in paths:
        if ledger.get(path) is not None:
            continue
        if library_of(path, settings.settings.libraries) is None:
            there = libraries_listed(settings)
            fail(f"{shown(path)} lies in no library; there are: {there}", WRONG)
        if not path.is_file():
            what = "is a folder: name the files in it" if path.is_dir() else "is not there"
            fail(f"{shown(path)} {what}", WRONG)
    for path in paths:
        record = ledger.get(path)
        if kind == "cancel" and record is not None and record.state in DECIDED:
            say(f"{shown(path)}: nothing to cancel, it is {record.state}")
            continue
        ledger.mailbox.request(kind, path)
        say(f"{shown(path)}: {said}")


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
