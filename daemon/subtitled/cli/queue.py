"""``queue``: show and change the queue of jobs, whether the daemon runs or not."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from subtitled.config.load import Configuration
from subtitled.config.types import Seconds
from subtitled.daemon import control
from subtitled.daemon.answers.queue import QUEUE_STATES, list_queue
from subtitled.daemon.answers.upgrades import withdraw_upgrades
from subtitled.daemon.inspection import describe_libraries
from subtitled.db.commands import COMMAND_LINE, CommandKind
from subtitled.db.records import FINAL_STATES, FileState
from subtitled.jobcontext.services import open_database
from subtitled.jobs import pauses
from subtitled.jobs.working_hours import Schedule
from subtitled.library.paths import library_containing, to_known_path

from .amounts import count_files
from .app import app, load_configuration
from .output import USAGE_ERROR, JsonOption, abort, display_path, echo, echo_json, echo_table
from .queue_choice import choose_waiting

queue_app = typer.Typer(help="The queue: show, pause and reorder it.", no_args_is_help=True)
app.add_typer(queue_app, name="queue")

FilesArgument = Annotated[list[Path], typer.Argument(help="Media files.")]


class PriorityLevel(StrEnum):
    """How early a job that a person asked for begins."""

    URGENT = "urgent"
    WATCHING = "watching"


_COMMANDS_BY_LEVEL = {
    PriorityLevel.URGENT: (CommandKind.PRIORITISE, "is next"),
    PriorityLevel.WATCHING: (CommandKind.PRIORITISE_WATCHING, "follows the urgent jobs"),
}
"""The kind of command of each level, and what is printed."""


@queue_app.command(name="list")
def list_(
    as_json: JsonOption = False,
    limit: Annotated[int, typer.Option(min=1, help="Number of files, at most.")] = 50,
    only: Annotated[
        FileState | None, typer.Option("--state", help="Only files in this state.")
    ] = None,
) -> None:
    """List the files that are worked on, wait or failed, with the reason."""
    db = open_database(load_configuration())
    files = list_queue(db, limit, [only] if only else QUEUE_STATES)
    if as_json:
        echo_json([file.to_dict() for file in files])
    elif files:
        echo_table(
            ("state", "file", "detail"),
            ((file.record.state, display_path(file.record.path), file.detail) for file in files),
        )
    else:
        echo("the queue is empty")


LibraryOption = Annotated[
    str, typer.Option("--library", help="This library only. Default: all work.")
]


@queue_app.command()
def pause(
    library: LibraryOption = "",
    for_: Annotated[
        str, typer.Option("--for", help="How long, such as 30m or 2h. Default: until you resume.")
    ] = "",
) -> None:
    """Pause the work after the current chunk. A restart keeps the pause."""
    configuration, until = load_configuration(), None
    if for_:
        try:
            until = time.time() + TypeAdapter[float](Seconds).validate_python(for_)
        except ValidationError:
            abort(f'{for_!r} is not a duration. Write one such as "30m" or "2h"', USAGE_ERROR)
    _require_library(configuration, library)
    control.pause_work(open_database(configuration), library, until, COMMAND_LINE)
    subject = f"library {library} is paused" if library else "paused"
    format_clock = Schedule(configuration.settings.schedule).format_time
    suffix = f" until {format_clock(until, time.time())}" if until is not None else ""
    echo(f"{subject}{suffix}; resume with: {pauses.resume_command(library)}")


@queue_app.command()
def resume(library: LibraryOption = "") -> None:
    """Resume paused work."""
    configuration = load_configuration()
    _require_library(configuration, library)
    db = open_database(configuration)
    control.resume_work(db, library, COMMAND_LINE)
    echo("resumed")
    for other in pauses.active_pauses(db.kv, time.time()):
        subject = f"library {other.library} is" if other.library else "all work is"
        echo(f"{subject} still paused; resume with: {pauses.resume_command(other.library)}")


def _require_library(configuration: Configuration, library: str) -> None:
    libraries = configuration.settings.libraries
    if library and library not in libraries:
        abort(
            f"no library is called {library!r}. Libraries: {', '.join(libraries) or 'none'}",
            USAGE_ERROR,
        )


def choose_libraries(configuration: Configuration, library: str) -> list[str]:
    """Return the library that was named, or all of them; abort if there is none of that name."""
    _require_library(configuration, library)
    return [library] if library else list(configuration.settings.libraries)


@queue_app.command()
def cancel(
    files: Annotated[list[Path] | None, typer.Argument(help="Media files.")] = None,
    upgrades: Annotated[
        bool, typer.Option("--upgrades", help="All that `queue upgrade` asked for instead.")
    ] = False,
    library: Annotated[
        str, typer.Option("--library", help="With --upgrades: this library only.")
    ] = "",
) -> None:
    """Take files off the queue. They stay off until you ask for them again."""
    configuration = load_configuration()
    db = open_database(configuration)
    if upgrades:
        number = withdraw_upgrades(db, choose_libraries(configuration, library), COMMAND_LINE)
        echo(f"{count_files(number)} not made again, with the subtitles as they are")
    elif not files:
        abort("name files, or all upgrades: subtitled queue cancel --upgrades", USAGE_ERROR)
    for path in _require_known_files(configuration, files or []):
        record = db.files.get(path)
        if record is not None and record.state in FINAL_STATES:
            echo(f"{display_path(path)}: nothing to cancel, it is {record.state}")
            continue
        db.commands.enqueue(CommandKind.CANCEL, path, COMMAND_LINE)
        echo(f"{display_path(path)}: cancelled")


@queue_app.command()
def retry(
    files: Annotated[list[Path] | None, typer.Argument(help="Media files.")] = None,
    state: Annotated[
        FileState | None,
        typer.Option("--state", help="All files in a state, such as failed or quarantined."),
    ] = None,
) -> None:
    """Evaluate files again, whatever their state."""
    configuration = load_configuration()
    requested = list(files or ())
    if state is not None:
        requested += [record.path for record in open_database(configuration).states.by_state(state)]
    elif not requested:
        abort("name files, or a state: subtitled queue retry --state failed", USAGE_ERROR)
    _enqueue_command(configuration, CommandKind.RETRY, requested, "will be evaluated again")


@queue_app.command()
def prioritise(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Media files, and folders of which all files that wait are meant."),
    ] = None,
    series: Annotated[
        list[str] | None, typer.Option("--series", help="The name of a series; may be repeated.")
    ] = None,
    level: Annotated[
        PriorityLevel,
        typer.Option(help="urgent: next. watching: after the urgent jobs, before all others."),
    ] = PriorityLevel.URGENT,
) -> None:
    """Move files, folders and series to the front of the queue."""
    kind, outcome = _COMMANDS_BY_LEVEL[level]
    configuration = load_configuration()
    chosen = choose_waiting(configuration, files or (), series or ())
    db = open_database(configuration)
    for path in _require_known_files(configuration, chosen):
        record = db.files.get(path)
        reason = _reason_to_leave(record.state) if record is not None else None
        if reason is None:
            db.commands.enqueue(kind, path, COMMAND_LINE)
        echo(f"{display_path(path)}: {reason or outcome}")


def _reason_to_leave(state: FileState) -> str | None:
    """Return why a file in a state cannot be first in the queue; None if it can.

    Files that failed can: they are evaluated again.
    """
    match state:
        case FileState.DONE | FileState.UP_TO_DATE:
            return f"it is {state}; to evaluate it again: subtitled queue retry FILE"
        case FileState.WORKING:
            return "it is being worked on now"
        case FileState.MISSING:
            return "it is missing; it has its turn when it is there again"
        case _:
            return None


@queue_app.command()
def translate(files: FilesArgument) -> None:
    """Translate again what was corrected in the language spoken, and only the changed lines."""
    outcome = "lines that were corrected will be translated again"
    _enqueue_command(load_configuration(), CommandKind.TRANSLATE_AGAIN, files, outcome)


def _enqueue_command(
    configuration: Configuration, kind: CommandKind, files: list[Path], outcome: str
) -> None:
    """Send one command for each file to the daemon, and print ``outcome`` for each."""
    queue = open_database(configuration).commands
    for path in _require_known_files(configuration, files):
        queue.enqueue(kind, path, COMMAND_LINE)
        echo(f"{display_path(path)}: {outcome}")


def _require_known_files(configuration: Configuration, files: list[Path]) -> list[Path]:
    """Return the files by the paths that their library uses; abort if one is in no library."""
    db = open_database(configuration)
    paths = [to_known_path(configuration.settings.libraries, file) for file in files]
    for path in paths:
        if db.files.get(path) is not None:
            continue
        if library_containing(path, configuration.settings.libraries) is None:
            abort(
                f"{display_path(path)} is in no library. Libraries: "
                f"{describe_libraries(configuration)}",
                USAGE_ERROR,
            )
        if not path.is_file():
            reason = "is a folder: name the files in it" if path.is_dir() else "does not exist"
            abort(f"{display_path(path)} {reason}", USAGE_ERROR)
    return paths
