"""The command's root: options that every command shares, and how the configuration is found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subtitled import __version__
from subtitled.config.load import Configuration, ConfigurationError, find, load
from subtitled.config.places import act_as_owner, state_dir

from .output import WRONG, errors, fail, shown

app = typer.Typer(
    name="subtitled",
    help="Gives every film, programme and lecture subtitles in the languages its people read.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

_chosen: list[Path] = []


def _version(asked: bool) -> None:
    if asked:
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
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Options before the command."""
    _chosen[:] = [config] if config is not None else []


def chosen() -> Path | None:
    """The file that --config names, whether or not it is there."""
    return _chosen[0] if _chosen else None


def config_path() -> Path | None:
    """The configuration file in use, or None where there is none."""
    try:
        return find(chosen())
    except ConfigurationError as error:
        fail(error, WRONG)


def configuration() -> Configuration:
    """The configuration in use; leaves with status 2 and every mistake if it is wrong.

    From here on root is the user whose state it is.
    """
    try:
        found = load(config_path())
    except ConfigurationError as error:
        fail(error, WRONG)
    state = state_dir(found.settings)
    if name := act_as_owner(state):
        errors.print(f"acting as {name}, to whom {shown(state)} belongs", style="dim", markup=False)
    return found
