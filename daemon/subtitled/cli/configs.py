"""``config check|show|schema``."""

from __future__ import annotations

import typer

from subtitled.config.describe import json_schema, show
from subtitled.config.load import missing_folders

from .app import app, config_path, configuration
from .output import WRONG, fail, say, say_json

config = typer.Typer(help="The configuration: check it, show it.", no_args_is_help=True)
app.add_typer(config, name="config")


@config.command()
def check() -> None:
    """Every mistake in the file at once, with its cure."""
    settings = configuration()
    mistakes = [*missing_folders(settings), *settings.broken]
    for warning in settings.warnings:
        say(f"warning: {warning}")
    if mistakes:
        fail("\n".join(str(mistake) for mistake in mistakes), WRONG)
    say(f"{config_path() or 'no file: the defaults'}: all is well")


@config.command(name="show")
def show_() -> None:
    """The settings as they are in force. Secrets are shown as references only."""
    say_json(show(configuration()))


@config.command()
def schema() -> None:
    """The JSON schema of the configuration, with that of every plugin in use."""
    say_json(json_schema(configuration()))
