"""The command's root: options that every command shares, and how the configuration is found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subtitled import __version__
from subtitled.config.load import Configuration, ConfigurationError, find_config, load_config
from subtitled.config.paths import drop_privileges_to_owner, resolve_state_dir

from .output import USAGE_ERROR, abort, display_path, errors

app = typer.Typer(
    name="subtitled",
    help="Gives every film, programme and lecture subtitles in the languages its people read.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

_chosen_config: list[Path] = []


def _print_version(is_requested: bool) -> None:
    if is_requested:
        typer.echo(f"subtitled {__version__}")
        raise typer.Exit


@app.callback()
def root(
    config: Annotated[
        Path | None,
        typer.Option(
            help="The configuration file. Default: $SUBTITLED_CONFIG, else yours, "
            "else /etc/subtitled/config.toml."
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Options before the command."""
    _chosen_config[:] = [config] if config is not None else []


def chosen_config_path() -> Path | None:
    """The file that --config names, whether or not it is there."""
    return _chosen_config[0] if _chosen_config else None


def config_path() -> Path | None:
    """The configuration file in use, or None where there is none."""
    try:
        return find_config(chosen_config_path())
    except ConfigurationError as error:
        abort(error, USAGE_ERROR)


def load_configuration() -> Configuration:
    """The configuration in use; leaves with status 2 and every mistake if it is wrong.

    From here on root is the user whose state it is.
    """
    try:
        loaded = load_config(config_path())
    except ConfigurationError as error:
        abort(error, USAGE_ERROR)
    state = resolve_state_dir(loaded.settings)
    if name := drop_privileges_to_owner(state):
        errors.print(
            f"acting as {name}, to whom {display_path(state)} belongs", style="dim", markup=False
        )
    return loaded
