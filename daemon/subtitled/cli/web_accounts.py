"""The accounts of the HTTP port, as the commands of ``web`` open them."""

from __future__ import annotations

from typing import Annotated, Any, NoReturn

import typer

from subtitled.config.load import Configuration
from subtitled.config.paths import ensure_private_folder, resolve_state_dir
from subtitled.db.history import HistoryLog
from subtitled.jobcontext.services import open_database
from subtitled.plugin import SubtitledError
from subtitled.web.auth.accounts import Accounts

from .app import load_configuration
from .output import USAGE_ERROR, abort, display_path, errors

LibrariesOption = Annotated[
    str, typer.Option(help="The libraries that may be seen, by commas. Default: all.")
]


def open_accounts() -> Accounts:
    """Return the accounts of the port of the configuration."""
    return open_accounts_and_libraries("")[0]


def open_accounts_and_libraries(libraries: str) -> tuple[Accounts, list[str] | None]:
    """Return the accounts, and the named libraries, which have to be configured."""
    configuration = _load_configuration_of_the_port()
    settings = configuration.settings
    names = [name.strip() for name in libraries.split(",") if name.strip()]
    for name in names:
        if name not in settings.libraries:
            configured = ", ".join(settings.libraries) or "none"
            abort(f"no library is called {name!r}. Libraries: {configured}", USAGE_ERROR)
    state = ensure_private_folder(resolve_state_dir(settings))
    return Accounts(state, _find_history(configuration)), names or None


def _load_configuration_of_the_port() -> Configuration:
    """Load the configuration, and say which port the command is about.

    A user or a key of another state folder than that of the daemon would open nothing.
    """
    configuration = load_configuration()
    if configuration.path is None:
        abort(
            "there is no configuration, so no port has users or keys. Name the daemon's: "
            "subtitled --config FILE web",
            USAGE_ERROR,
        )
    name = display_path(configuration.path)
    state = display_path(resolve_state_dir(configuration.settings))
    errors.print(f"the port of {name} keeps them in {state}", markup=False, style="dim")
    if not configuration.settings.web.is_enabled:
        errors.print(
            f"{name} opens no port. Set web.port, or name the daemon's configuration: "
            "subtitled --config FILE web",
            markup=False,
        )
    return configuration


def _find_history(configuration: Configuration) -> HistoryLog | None:
    """Return the history; None if the database cannot be used. This is the way back in."""
    try:
        return open_database(configuration).history
    except SubtitledError as error:
        errors.print(f"the history is not written: {error}", markup=False, style="dim")
        return None


def abort_invalid(error: ValueError) -> NoReturn:
    """Exit because of an input that cannot be used."""
    abort(error, USAGE_ERROR)


def describe_libraries(libraries: Any) -> str:
    """Return the libraries of a user or a key for people."""
    return ", ".join(libraries) if libraries else "all"
