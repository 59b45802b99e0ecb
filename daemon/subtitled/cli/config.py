"""``config_app check|dump_settings|schema``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import NoReturn

import typer

from subtitled.config.load import (
    ConfigIssue,
    ConfigurationError,
    find_config,
    find_missing_folders,
    load_config,
)
from subtitled.config.reference import build_json_schema, dump_settings

from .app import app, chosen_config_path, config_path, load_configuration
from .daemon import JsonOption
from .output import USAGE_ERROR, abort, echo, echo_json

config_app = typer.Typer(help="The configuration: check it, show it.", no_args_is_help=True)
app.add_typer(config_app, name="config")


@config_app.command()
def check(as_json: JsonOption = False) -> None:
    """Every mistake in the file at once, with its cure."""
    if as_json:
        _check_as_json()
    settings = load_configuration()
    mistakes = [*find_missing_folders(settings), *settings.unavailable]
    for warning in settings.warnings:
        echo(f"warning: {warning}")
    if mistakes:
        abort("\n".join(str(mistake) for mistake in mistakes), USAGE_ERROR)
    echo(f"{config_path() or 'no file: the defaults'}: all is well")


def _check_as_json() -> NoReturn:
    """``file``, ``issues`` with line, key, message and hint, and ``warnings``."""
    warnings: tuple[str, ...] = ()
    file = chosen_config_path()
    try:
        file = find_config(file)
        settings = load_config(file)
        mistakes: Sequence[ConfigIssue] = find_missing_folders(settings)
        broken, warnings = settings.unavailable, settings.warnings
    except ConfigurationError as error:
        mistakes, broken = error.issues, ()
    issues = [
        *(asdict(issue) for issue in mistakes),
        *(
            {"key": one.section, "what": one.message, "cure": one.hint, "line": None}
            for one in broken
        ),
    ]
    echo_json({"file": file, "mistakes": issues, "warnings": warnings})
    raise typer.Exit(USAGE_ERROR if issues else 0)


@config_app.command(name="show")
def show_(as_json: JsonOption = True) -> None:
    """The settings as they are in force, as JSON. Secrets are shown as references only."""
    echo_json(dump_settings(load_configuration()))


@config_app.command()
def schema(as_json: JsonOption = True) -> None:
    """The JSON schema of the configuration, with that of every plugin in use."""
    echo_json(build_json_schema(load_configuration()))
