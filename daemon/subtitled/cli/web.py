"""``web``: the users of the HTTP port, and the way back in.

The owner of the state folder may run these commands, and so is an admin.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from subtitled.web.auth.accounts import Accounts
from subtitled.web.auth.audit import COMMAND_LINE
from subtitled.web.auth.passwords import check_password
from subtitled.web.auth.roles import Role
from subtitled.web.auth.users import User

from .app import app
from .output import USAGE_ERROR, JsonOption, abort, echo, echo_json, echo_table
from .web_accounts import (
    LibrariesOption,
    abort_invalid,
    describe_libraries,
    open_accounts,
    open_accounts_and_libraries,
)

web_app = typer.Typer(help="The users and keys of the HTTP port.", no_args_is_help=True)
users_app = typer.Typer(help="Users, who sign in with a password.", no_args_is_help=True)
app.add_typer(web_app, name="web")
web_app.add_typer(users_app, name="users")

_Name = Annotated[str, typer.Argument(help="The name.")]
_RoleOption = Annotated[Role, typer.Option(help="What the user may do.")]
_StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the standard input.")
]


@web_app.command("setup-code")
def setup_code() -> None:
    """Show a new code for the page /setup, which makes the first admin. It is valid for an hour."""
    accounts = open_accounts()
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
    accounts = open_accounts()
    user_id = _get_user(accounts, name).id if name is not None else None
    number = accounts.sessions.end_all(user_id)
    accounts.audit.administered(COMMAND_LINE, f"ended all sessions of {name or 'everybody'}")
    echo(f"{number} {'session has' if number == 1 else 'sessions have'} ended")


@users_app.command("list")
def list_users(as_json: JsonOption = False) -> None:
    """List the users with their roles and the number of their sessions."""
    accounts = open_accounts()
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
            (row["name"], row["role"], describe_libraries(row["libraries"]), row["sessions"])
            for row in rows
        ),
    )


@users_app.command("add")
def add_user(
    name: _Name,
    role: _RoleOption = Role.VIEWER,
    libraries: LibrariesOption = "",
    password_stdin: _StdinOption = False,
) -> None:
    """Add a user. The password is asked for."""
    accounts, known = open_accounts_and_libraries(libraries)
    try:
        user = accounts.users.add(name, _read_password(password_stdin), role, known)
    except ValueError as error:
        abort_invalid(error)
    accounts.audit.administered(COMMAND_LINE, f"added the user {user.name} as {role}")
    echo(f"{user.name} is {'an' if role[0] in 'ao' else 'a'} {role}")


@users_app.command("password")
def set_password(name: _Name, password_stdin: _StdinOption = False) -> None:
    """Give a user a new password. All sessions of the user end."""
    accounts = open_accounts()
    user = _get_user(accounts, name)
    try:
        accounts.users.set_password(user.id, _read_password(password_stdin))
    except ValueError as error:
        abort_invalid(error)
    accounts.throttle.record_success(user.name, None)
    accounts.audit.administered(COMMAND_LINE, f"gave {user.name} a new password")
    echo(f"{user.name} has a new password, and all sessions have ended")


@users_app.command("role")
def set_role(
    name: _Name, role: Annotated[Role, typer.Argument(help="What the user may do.")]
) -> None:
    """Give a user another role, at once."""
    accounts = open_accounts()
    user = _get_user(accounts, name)
    accounts.users.set_role(user.id, role)
    accounts.audit.administered(COMMAND_LINE, f"made {user.name} {role}")
    echo(f"{user.name}: {role}")


@users_app.command("remove")
def remove_user(name: _Name) -> None:
    """Remove a user. All sessions of the user end."""
    accounts = open_accounts()
    user = _get_user(accounts, name)
    accounts.users.remove(user.id, may_be_last=True)
    accounts.audit.administered(COMMAND_LINE, f"removed the user {user.name}")
    echo(f"{user.name} is removed")


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
