"""``queue_app ...``: what waits, and moving it about. It works whether the daemon runs or not."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from subtitled.config.load import Configuration
from subtitled.config.types import Seconds
from subtitled.db.records import FINAL_STATES, FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobcontext.services import open_database
from subtitled.jobs import gate
from subtitled.jobs.working_hours import Schedule
from subtitled.library.ingest import library_containing

from .app import app, load_configuration
from .daemon import JsonOption
from .inspect import describe_libraries, to_known_path
from .output import USAGE_ERROR, abort, display_path, echo, echo_json, echo_table

queue_app = typer.Typer(help="What waits: see it, halt it, reorder it.", no_args_is_help=True)
app.add_typer(queue_app, name="queue")

FilesArgument = Annotated[list[Path], typer.Argument(help="Media files.")]

_LISTED_STATES = (
    FileState.WORKING,
    FileState.QUEUED,
    FileState.WAITING,
    FileState.STABILISING,
    FileState.GROWING,
    FileState.RETRYING,
    FileState.FAILED,
    FileState.QUARANTINED,
    FileState.IMPOSSIBLE,
    FileState.NO_SPEECH,
    FileState.MISSING,
)
"""What is worth a look, in this order: all states but the good ones."""


@queue_app.command(name="list")
def list_(
    as_json: JsonOption = False,
    most: Annotated[int, typer.Option(min=1)] = 50,
    only: Annotated[
        FileState | None, typer.Option("--state", help="Only what is in this state.")
    ] = None,
) -> None:
    """What is worked on, what waits, what failed and why."""
    ledger = open_database(load_configuration())
    rows: list[tuple[str, str, str, str]] = []
    for state in [only] if only else _LISTED_STATES:
        for record in ledger.by_state(state):
            if len(rows) >= most:
                break
            detail = record.progress if state is FileState.WORKING else record.reason
            tried = f" (tried {record.attempts} times)" if record.attempts > 1 else ""
            about = f"{detail or ''}{tried}"
            rows.append((str(state), display_path(record.path), about, record.job_id or ""))
    if as_json:
        keys = ("state", "path", "detail", "job")
        echo_json([dict(zip(keys, row, strict=True)) for row in rows])
    elif rows:
        echo_table(("state", "file", ""), (row[:3] for row in rows))
    else:
        echo("nothing waits")


LibraryOption = Annotated[
    str, typer.Option("--library", help="This library only; by default all work.")
]


@queue_app.command()
def pause(
    library: LibraryOption = "",
    for_: Annotated[
        str, typer.Option("--for", help="How long, such as 30m or 2h; by default for good.")
    ] = "",
) -> None:
    """Halt the work at the next stretch of speech; it survives a restart."""
    settings, until = load_configuration(), None
    if for_:
        try:
            until = time.time() + TypeAdapter[float](Seconds).validate_python(for_)
        except ValidationError:
            abort(f'{for_!r} is not a length of time; write one such as "30m" or "2h"', USAGE_ERROR)
    _require_library(settings, library)
    gate.pause(open_database(settings).kv, library, until)
    subject = f"library {library} is paused" if library else "paused"
    clock = Schedule(settings.settings.schedule).format_time
    when = f" until {clock(until, time.time())}" if until is not None else ""
    echo(f"{subject}{when}; go on with: {gate.resume_command(library)}")


@queue_app.command()
def resume(library: LibraryOption = "") -> None:
    """Go on where the work was halted."""
    settings = load_configuration()
    _require_library(settings, library)
    mailbox = open_database(settings).kv
    gate.resume(mailbox, library)
    mailbox.enqueue("wake", None)
    echo("going on")
    for left in gate.active_pauses(mailbox, time.time()):
        subject = f"library {left.library} is" if left.library else "everything is"
        echo(f"{subject} paused still; go on with: {gate.resume_command(left.library)}")


def _require_library(settings: Configuration, library: str) -> None:
    libraries = settings.settings.libraries
    if library and library not in libraries:
        abort(
            f"no library is called {library!r}; there are: {', '.join(libraries) or 'none'}",
            USAGE_ERROR,
        )


@queue_app.command()
def reset(
    engine: Annotated[str, typer.Argument(help="The engine's name in the configuration.")],
) -> None:
    """Let an engine be tried again now that was left alone after failures."""
    settings = load_configuration()
    if engine not in settings.settings.engines:
        names = ", ".join(settings.settings.engines)
        abort(f"no engine is called {engine!r}; there are: {names}", USAGE_ERROR)
    mailbox = open_database(settings).kv
    had_failures = CircuitBreakers(mailbox).reset(engine)
    mailbox.enqueue("wake", None)
    echo(f"{engine}: " + ("tried again now" if had_failures else "nothing is held against it"))


def _enqueue_command(kind: str, files: list[Path], outcome_text: str) -> None:
    settings = load_configuration()
    db = open_database(settings)
    paths = [to_known_path(settings, file) for file in files]
    for path in paths:
        if db.get(path) is not None:
            continue
        if library_containing(path, settings.settings.libraries) is None:
            library_list = describe_libraries(settings)
            abort(
                f"{display_path(path)} lies in no library; there are: {library_list}", USAGE_ERROR
            )
        if not path.is_file():
            reason = "is a folder: name the files in it" if path.is_dir() else "is not there"
            abort(f"{display_path(path)} {reason}", USAGE_ERROR)
    for path in paths:
        record = db.get(path)
        if kind == "cancel" and record is not None and record.state in FINAL_STATES:
            echo(f"{display_path(path)}: nothing to cancel, it is {record.state}")
            continue
        db.kv.enqueue(kind, path)
        echo(f"{display_path(path)}: {outcome_text}")


@queue_app.command()
def cancel(files: FilesArgument) -> None:
    """Take files off the queue; they are left alone until you ask for them."""
    _enqueue_command("cancel", files, "cancelled")


@queue_app.command()
def retry(
    files: Annotated[list[Path] | None, typer.Argument(help="Media files.")] = None,
    all_in: Annotated[
        FileState | None,
        typer.Option("--all", help="All files in a state, such as failed or quarantined."),
    ] = None,
) -> None:
    """Look at files anew, whatever was remembered of them."""
    requested = list(files or ())
    if all_in is not None:
        requested += [
            record.path for record in open_database(load_configuration()).by_state(all_in)
        ]
    elif not requested:
        abort("name files, or all in a state: subtitled queue retry --all failed", USAGE_ERROR)
    _enqueue_command("retry", requested, "will be looked at again")


@queue_app.command()
def prioritise(
    files: FilesArgument,
    watched: Annotated[
        bool, typer.Option(help="Behind what people asked for: somebody is about to watch them.")
    ] = False,
) -> None:
    """Put files first."""
    kind, kind_and_text = ("watched", "comes soon") if watched else ("first", "comes first")
    _enqueue_command(kind, files, kind_and_text)
