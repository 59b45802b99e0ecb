"""``explain``: everything that is known and decided about one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subtitled.daemon.answers.file import Explanation, explain_file
from subtitled.jobcontext.services import open_database
from subtitled.library.paths import to_known_path

from .app import app, load_configuration
from .output import (
    FAILED,
    USAGE_ERROR,
    JsonOption,
    abort,
    display_path,
    echo,
    echo_json,
    errors,
)
from .plugin_messages import show_unavailable


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(help="A media file.")], as_json: JsonOption = False
) -> None:
    """Show everything that is known and decided about one file."""
    configuration = load_configuration()
    show_unavailable(configuration)
    db, path = open_database(configuration), to_known_path(configuration.settings.libraries, file)
    if path.is_dir():
        abort(
            f"{display_path(path)} is a folder. Name a media file in it; for all of them: "
            "subtitled plan FOLDER",
            USAGE_ERROR,
        )
    explanation = explain_file(configuration, db, path)
    if as_json:
        echo_json(explanation.to_dict())
    else:
        _print_explanation(explanation)
    if explanation.error is not None:
        raise typer.Exit(FAILED)


def _print_explanation(explanation: Explanation) -> None:
    echo(display_path(explanation.path))
    for key, value in explanation.facts.items():
        if value in (None, [], {}, ""):
            continue
        if isinstance(value, dict):
            value = [f"{name}: {text}" for name, text in value.items() if text not in (None, "")]
        if isinstance(value, list):
            echo(f"{key}:")
            for line in value:
                echo(f"  {line}")
        else:
            echo(f"{key}: {value}")
    if explanation.error is not None:
        errors.print(f"error: {explanation.error}", markup=False, style="red")
