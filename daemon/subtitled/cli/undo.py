"""``undo``: remove or restore what we wrote for a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subtitled.daemon.answers.undo import FileBusyError, NothingToUndoError, undo_file
from subtitled.db.commands import COMMAND_LINE
from subtitled.jobcontext.services import open_database
from subtitled.library.paths import to_known_path

from .app import app, load_configuration
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
    db, path = open_database(configuration), to_known_path(configuration.settings.libraries, file)
    name = display_path(file)
    try:
        answer = undo_file(configuration, db, path, restore=restore, actor=COMMAND_LINE, name=name)
    except FileBusyError as error:
        abort(error)
    except NothingToUndoError as error:
        abort(error, USAGE_ERROR)
    if as_json:
        echo_json(answer.to_list())
        return
    for result in answer.results:
        echo(f"{display_path(result.path)}: {result.outcome}")
    if not answer.results:
        echo("nothing was removed")
