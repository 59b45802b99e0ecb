"""``scan``: have the daemon scan its libraries now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subtitled.config.paths import resolve_state_dir
from subtitled.daemon.inspection import describe_libraries
from subtitled.daemon.lock import find_holder
from subtitled.db.commands import COMMAND_LINE, CommandKind
from subtitled.jobcontext.services import open_database
from subtitled.library.paths import to_known_path

from .app import app, load_configuration
from .output import USAGE_ERROR, abort, display_path, echo


@app.command()
def scan(
    paths: Annotated[list[Path] | None, typer.Argument(help="Default: every library.")] = None,
) -> None:
    """Have the daemon scan its libraries now."""
    configuration = load_configuration()
    db = open_database(configuration)
    known_paths = [to_known_path(configuration.settings.libraries, path) for path in paths or ()]
    roots = [library.path for library in configuration.settings.libraries.values()]
    for path in known_paths:
        if not any(path.is_relative_to(root) or root.is_relative_to(path) for root in roots):
            abort(
                f"{display_path(path)} is in no library. Libraries: "
                f"{describe_libraries(configuration)}",
                USAGE_ERROR,
            )
        db.commands.enqueue(CommandKind.SCAN, path, COMMAND_LINE)
    if not known_paths:
        db.commands.enqueue(CommandKind.SCAN, None, COMMAND_LINE)
    if find_holder(resolve_state_dir(configuration.settings)):
        echo("scan requested")
    else:
        echo("scan requested; the daemon is not running and scans when it starts")
