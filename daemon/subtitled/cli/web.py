"""``web``: the users and API keys of the HTTP port, and the way back in.

The owner of the state folder may run these commands, and so is an admin.
"""

from __future__ import annotations

import getpass
import sys
import time
from typing import Annotated, Any, NoReturn

import typer

from subtitled.config.load import Configuration
from subtitled.config.paths import ensure_private_folder, resolve_state_dir
from subtitled.config.types import parse_duration
from subtitled.daemon.answers.plain import format_time
from subtitled.db.history import HistoryLog
from subtitled.jobcontext.services import open_database
from subtitled.plugin import SubtitledError
from subtitled.web.auth.accounts import Accounts
from subtitled.web.auth.audit import COMMAND_LINE
from subtitled.web.auth.passwords import check_password
from subtitled.web.auth.roles import Role, Scope
from subtitled.web.auth.users import User

from .app import app, load_configuration
from .output import (
    USAGE_ERROR,
    JsonOption,
    abort,
    echo,
    echo_json,
    echo_table,
    errors,
)

web_app = typer.Typer(help="The users and keys of the HTTP port.", no_args_is_help=True)
users_app = typer.Typer(help="Users, who sign in with a password.", no_args_is_help=True)
keys_app = typer.Typer(help="API keys, for programs.", no_args_is_help=True)
app.add_typer(web_app, name="web")
web_app.add_typer(users_app, name="users")
web_app.add_typer(keys_app, name="keys")

_Name = Annotated[str, typer.Argument(help="The name.")]
_RoleOption = Annotated[Role, typer.Option(help="What the user may do.")]
_LibrariesOption = Annotated[
    str, typer.Option(help="The libraries that may be seen, by commas. Default: all.")
]
_StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the standard input.")
]


@web_app.command("setup-code")
def setup_code() -> None:
    """Show a new code for the page /setup, which makes the first admin. It is valid for an hour."""
    accounts = _open_accounts()
    if accounts.users.exist():
        abort("there are users already; add one with: subtitled web users add NAME")
    echo(accounts.setup_codes.create())
    accounts.audit.administered(COMMAND_LINE, "made a set-up code")


@web_app.command("sign-out")
def sign_out(
    name: Annotated[str | None, typer.Argument(help="The user. Default: everybody.")] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="End the sessions of everybody.")
    ] = False,
) -> None:
    """End all sessions of a user, or of everybody."""
    if (name is None) is not everybody:
        abort("name a user, or say --all", USAGE_ERROR)
    accounts = _open_accounts()
    user_id = _get_user(accounts, name).id if name is not None else None
    number = accounts.sessions.end_all(user_id)
    accounts.audit.administered(COMMAND_LINE, f"ended all sessions of {name or 'everybody'}")
    echo(f"{number} {'session has' if number == 1 else 'sessions have'} ended")


@users_app.command("list")
def list_users(as_json: JsonOption = False) -> None:
    """List the users with their roles and the number of their sessions."""
    accounts = _open_accounts()
    rows = [
        {
            "name": user.name,
            "role": user.role,
            "libraries": user.libraries,
            "created_at": user.created_at,
            "sessions": len(accounts.sessions.list_of(user.id)),
        }
        for user in accounts.users.list_all()
    ]
    if as_json:
        echo_json(rows)
        return
    if not rows:
        echo("there are no users; make the first admin with: subtitled web setup-code")
    echo_table(
        ("name", "role", "libraries", "sessions"),
        (
            (row["name"], row["role"], _describe_libraries(row["libraries"]), row["sessions"])
            for row in rows
        ),
    )


@users_app.command("add")
def add_user(
    name: _Name,
    role: _RoleOption = Role.VIEWER,
    libraries: _LibrariesOption = "",
    password_stdin: _StdinOption = False,
) -> None:
    """Add a user. The password is asked for."""
    accounts, known = _open_accounts_and_libraries(libraries)
    try:
        user = accounts.users.add(name, _read_password(password_stdin), role, known)
    except ValueError as error:
        _abort_invalid(error)
    accounts.audit.administered(COMMAND_LINE, f"added the user {user.name} as {role}")
    echo(f"{user.name} is {'an' if role[0] in 'ao' else 'a'} {role}")


@users_app.command("password")
def set_password(name: _Name, password_stdin: _StdinOption = False) -> None:
    """Give a user a new password. All sessions of the user end."""
    accounts = _open_accounts()
    user = _get_user(accounts, name)
    try:
        accounts.users.set_password(user.id, _read_password(password_stdin))
    except ValueError as error:
        _abort_invalid(error)
    accounts.throttle.record_success(user.name, None)
    accounts.audit.administered(COMMAND_LINE, f"gave {user.name} a new password")
    echo(f"{user.name} has a new password, and all sessions have ended")


@users_app.command("role")
def set_role(
    name: _Name, role: Annotated[Role, typer.Argument(help="What the user may do.")]
) -> None:
    """Give a user another role, at once."""
    accounts = _open_accounts()
    user = _get_user(accounts, name)
    accounts.users.set_role(user.id, role)
    accounts.audit.administered(COMMAND_LINE, f"made {user.name} {role}")
    echo(f"{user.name}: {role}")


@users_app.command("remove")
def remove_user(name: _Name) -> None:
    """Remove a user. All sessions of the user end."""
    accounts = _open_accounts()
    user = _get_user(accounts, name)
    accounts.users.remove(user.id, may_be_last=True)
    accounts.audit.administered(COMMAND_LINE, f"removed the user {user.name}")
    echo(f"{user.name} is removed")


@keys_app.command("list")
def list_keys(as_json: JsonOption = False) -> None:
    """List the keys: what they may do, when they end and when they were used last."""
    keys = _open_accounts().keys.list_all()
    if as_json:
        echo_json(
            [
                {
                    "name": key.name,
                    "role": key.role,
                    "scopes": sorted(key.scopes),
                    "libraries": key.libraries,
                    "created_at": key.created_at,
                    "created_by": key.created_by,
                    "expires_at": key.expires_at,
                    "last_used_at": key.last_used_at,
                    "last_address": key.last_address,
                }
                for key in keys
            ]
        )
        return
    echo_table(
        ("name", "may", "libraries", "ends", "last used"),
        (
            (
                key.name,
                key.role or ", ".join(sorted(key.scopes)),
                _describe_libraries(key.libraries),
                _describe_end(key.expires_at),
                _describe_use(key.last_used_at, key.last_address),
            )
            for key in keys
        ),
    )


@keys_app.command("add")
def add_key(
    name: _Name,
    role: Annotated[Role | None, typer.Option(help="The role of the key.")] = None,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What the key may do without a role.")
    ] = None,
    libraries: _LibrariesOption = "",
    valid_for: Annotated[str, typer.Option(help="Such as 90d. Default: until it is removed.")] = "",
) -> None:
    """Make a key and show it, once."""
    if (role is None) is (not scope):
        abort("say either --role or --scope", USAGE_ERROR)
    accounts, known = _open_accounts_and_libraries(libraries)
    try:
        seconds = parse_duration(valid_for) if valid_for else None
        key = accounts.keys.add(
            name,
            role if role is not None else (scope or ()),
            created_by=f"{getpass.getuser()}, by the command line",
            expires_at=time.time() + seconds if isinstance(seconds, float) else None,
            libraries=known,
        )
    except ValueError as error:
        _abort_invalid(error)
    accounts.audit.administered(COMMAND_LINE, f"added the key {name}")
    echo(key)


@keys_app.command("remove")
def remove_key(name: _Name) -> None:
    """Remove a key. It opens nothing any more."""
    accounts = _open_accounts()
    if not accounts.keys.remove(name):
        abort(f"there is no key {name!r}; see: subtitled web keys list", USAGE_ERROR)
    accounts.audit.administered(COMMAND_LINE, f"removed the key {name}")
    echo(f"{name} is removed")


def _open_accounts() -> Accounts:
    return _open_accounts_and_libraries("")[0]


def _open_accounts_and_libraries(libraries: str) -> tuple[Accounts, list[str] | None]:
    """Return the accounts, and the named libraries, which have to be configured."""
    configuration = load_configuration()
    settings = configuration.settings
    names = [name.strip() for name in libraries.split(",") if name.strip()]
    for name in names:
        if name not in settings.libraries:
            configured = ", ".join(settings.libraries) or "none"
            abort(f"no library is called {name!r}. Libraries: {configured}", USAGE_ERROR)
    state = ensure_private_folder(resolve_state_dir(settings))
    return Accounts(state, _find_history(configuration)), names or None


def _find_history(configuration: Configuration) -> HistoryLog | None:
    """Return the history; None if the database cannot be used. This is the way back in."""
    try:
        return open_database(configuration).history
    except SubtitledError as error:
        errors.print(f"the history is not written: {error}", markup=False, style="dim")
        return None


def _get_user(accounts: Accounts, name: str) -> User:
    user = accounts.users.get(name)
    if user is None:
        names = ", ".join(user.name for user in accounts.users.list_all()) or "none"
        abort(f"no user is called {name!r}. Users: {names}", USAGE_ERROR)
    return user


def _read_password(from_stdin: bool) -> str:
    """Read a new password. It is no argument, because arguments stand in lists of processes."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    check_password(password)
    return password


def _abort_invalid(error: ValueError) -> NoReturn:
    abort(error, USAGE_ERROR)


def _describe_libraries(libraries: Any) -> str:
    return ", ".join(libraries) if libraries else "all"


def _describe_end(expires_at: float | None) -> str:
    if expires_at is None:
        return "never"
    return f"{'ended ' if expires_at <= time.time() else ''}{format_time(expires_at)}"


def _describe_use(last_used_at: float | None, address: str | None) -> str:
    if last_used_at is None:
        return "never"
    return f"{format_time(last_used_at)} from {address}"
