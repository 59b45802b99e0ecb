"""``config check|show|schema``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import NoReturn

import typer

from subtitled.config.describe import json_schema, show
from subtitled.config.load import ConfigurationError, Mistake, find, load, missing_folders

from .app import app, chosen, config_path, configuration
from .daemon import Json
from .output import WRONG, fail, say, say_json

config = typer.Typer(help="The configuration: check it, show it.", no_args_is_help=True)
app.add_typer(config, name="config")


@config.command()
def check(as_json: Json = False) -> None:
    """Every mistake in the file at once, with its cure."""
    if as_json:
        _check_as_json()
    settings = configuration()
    mistakes = [*missing_folders(settings), *settings.broken]
    for warning in settings.warnings:
        say(f"warning: {warning}")
    if mistakes:
        fail("\n".join(str(mistake) for mistake in mistakes), WRONG)
    say(f"{config_path() or 'no file: the defaults'}: all is well")


def _check_as_json() -> NoReturn:
    """``file``, ``mistakes`` with line, key, what and cure, and ``warnings``."""
    warnings: tuple[str, ...] = ()
    file = chosen()
    try:
        file = find(file)
        settings = load(file)
        mistakes: Sequence[Mistake] = missing_folders(settings)
        broken, warnings = settings.broken, settings.warnings
    except ConfigurationError as error:
        mistakes, broken = error.mistakes, ()
    said = [
        *(asdict(mistake) for mistake in mistakes),
        *({"key": one.section, "what": one.what, "cure": one.cure, "line": None} for one in broken),
    ]
    say_json({"file": file, "mistakes": said, "warnings": warnings})
    raise typer.Exit(WRONG if said else 0)


@config.command(name="show")
def show_(as_json: Json = True) -> None:
    """The settings as they are in force, as JSON. Secrets are shown as references only."""
    say_json(show(configuration()))


@config.command()
def schema(as_json: Json = True) -> None:
    """The JSON schema of the configuration, with that of every plugin in use."""
    say_json(json_schema(configuration()))
