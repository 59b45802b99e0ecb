"""The root of the command line: shared options, and the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from subtitled import __version__

from .command_group import CommandGroup

if TYPE_CHECKING:  # the functions import what they need: --help needs none of it
    from subtitled.config.load import Configuration
    from subtitled.config.settings import AppSettings

app = typer.Typer(
    name="subtitled",
    cls=CommandGroup,
    help="Subtitles for every media file of a library, in the languages that you want.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

_chosen_config: list[Path] = []


def _print_version(is_requested: bool) -> None:
    if is_requested:
        typer.echo(f"subtitled {__version__}")
        raise typer.Exit


def _show_tracebacks(is_requested: bool) -> None:
    if is_requested:
        from .plugin_messages import show_tracebacks

        show_tracebacks()


@app.callback()
def root(
    config: Annotated[
        Path | None,
        typer.Option(
            is_eager=True,  # --help lists the commands of its plugins
            help="The configuration file. Default: $SUBTITLED_CONFIG, else yours, "
            "else /etc/subtitled/config.toml.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    traceback: Annotated[
        bool,
        typer.Option(
            "--traceback",
            callback=_show_tracebacks,
            is_eager=True,  # --help loads plugins
            help="Print where in its code a plugin failed.",
        ),
    ] = False,
) -> None:
    """Take the options before the command."""
    _chosen_config[:] = [config] if config is not None else []


def chosen_config_path() -> Path | None:
    """Return the file that ``--config`` names, whether or not it exists."""
    return _chosen_config[0] if _chosen_config else None


def abort_start(message: object) -> NoReturn:
    """Print what is wrong with the configuration, and exit with status 2."""
    from .output import USAGE_ERROR, abort  # loads rich, which the daemon would keep for months

    abort(message, USAGE_ERROR)


def config_path() -> Path | None:
    """Return the configuration file in use, or None if there is none."""
    from subtitled.config.load import ConfigurationError, find_config

    try:
        return find_config(chosen_config_path())
    except ConfigurationError as error:
        abort_start(error)


def load_configuration() -> Configuration:
    """Load the configuration in use. Exit with status 2 and every mistake if it is wrong.

    If the process runs as root, it becomes the owner of the state folder.
    """
    from subtitled.config.load import ConfigurationError, load_config

    from .privileges import act_as_owner

    try:
        return load_config(config_path(), before_plugins=act_as_owner)
    except ConfigurationError as error:
        abort_start(error)


def load_settings_alone() -> AppSettings:
    """Load the settings in use without any plugin, else as :func:`load_configuration` does."""
    from subtitled.config.load import ConfigurationError, load_settings

    from .privileges import act_as_owner

    try:
        settings = load_settings(config_path())
    except ConfigurationError as error:
        abort_start(error)
    act_as_owner(settings)
    return settings
