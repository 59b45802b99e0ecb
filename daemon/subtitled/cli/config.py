"""``config``: check and show the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import NoReturn

import typer

from subtitled.config.load import (
    ConfigIssue,
    ConfigurationError,
    find_config,
    find_faulty_components,
    find_missing_folders,
    load_config,
)
from subtitled.config.reference import build_json_schema, dump_settings

from .app import app, chosen_config_path, config_path, load_configuration
from .output import USAGE_ERROR, JsonOption, abort, echo, echo_json

config_app = typer.Typer(help="The configuration: check it, show it.", no_args_is_help=True)
app.add_typer(config_app, name="config")


@config_app.command()
def check(as_json: JsonOption = False) -> None:
    """Report every mistake in the configuration, with a hint."""
    if as_json:
        _check_as_json()
    configuration = load_configuration()
    issues = [
        *find_missing_folders(configuration),
        *configuration.unavailable,
        *find_faulty_components(configuration),
    ]
    for warning in configuration.warnings:
        echo(f"warning: {warning}")
    if issues:
        abort("\n".join(map(str, issues)), USAGE_ERROR)
    echo(f"{config_path() or 'no file: the defaults'}: no mistakes")


def _check_as_json() -> NoReturn:
    """Print ``file``, ``issues`` with line, key, message and hint, and ``warnings``."""
    warnings: tuple[str, ...] = ()
    file = chosen_config_path()
    try:
        file = find_config(file)
        configuration = load_config(file)
        config_issues: Sequence[ConfigIssue] = find_missing_folders(configuration)
        warnings = configuration.warnings
        unavailable = (*configuration.unavailable, *find_faulty_components(configuration))
    except ConfigurationError as error:
        config_issues, unavailable = error.issues, ()
    issues = [
        *(asdict(issue) for issue in config_issues),
        *(
            {
                "key": component.section,
                "message": component.message,
                "hint": component.hint,
                "line": None,
            }
            for component in unavailable
        ),
    ]
    echo_json({"file": file, "issues": issues, "warnings": warnings})
    raise typer.Exit(USAGE_ERROR if issues else 0)


@config_app.command(name="show")
def show_(as_json: JsonOption = True) -> None:
    """Print the settings in force as JSON. Secrets are shown as references only."""
    echo_json(dump_settings(load_configuration()))


@config_app.command()
def schema(as_json: JsonOption = True) -> None:
    """Print the JSON schema of the configuration, with that of every plugin in use."""
    echo_json(build_json_schema(load_configuration()))
