"""``web keys``: the API keys of the HTTP port."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from subtitled.config.types import parse_duration
from subtitled.daemon.answers.plain import format_time
from subtitled.web.auth.audit import COMMAND_LINE
from subtitled.web.auth.roles import Role, Scope

from .actor import reading_actor
from .output import USAGE_ERROR, JsonOption, abort, echo, echo_json, echo_table
from .web import web_app
from .web_accounts import (
    LibrariesOption,
    abort_invalid,
    describe_libraries,
    open_accounts,
    open_accounts_and_libraries,
)

keys_app = typer.Typer(help="API keys, for programs.", no_args_is_help=True)
web_app.add_typer(keys_app, name="keys")

KeyArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name.")]


@keys_app.command("list")
def list_keys(as_json: JsonOption = False) -> None:
    """List the keys: what they may do, when they end and when they were used last."""
    keys = open_accounts().keys.list_all()
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
                    "owner": key.owner,
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
                describe_libraries(key.libraries),
                _describe_end(key.expires_at),
                _describe_use(key.last_used_at, key.last_address),
            )
            for key in keys
        ),
    )


@keys_app.command("add")
def add_key(
    name: KeyArgument,
    role: Annotated[Role | None, typer.Option(help="The role of the key.")] = None,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What the key may do without a role.")
    ] = None,
    libraries: LibrariesOption = "",
    valid_for: Annotated[str, typer.Option(help="Such as 90d. Default: until it is removed.")] = "",
    owner: Annotated[
        str, typer.Option(help="The user who owns it. Default: it acts for itself.")
    ] = "",
) -> None:
    """Make a key and show it, once."""
    if (role is None) is (not scope):
        abort("say either --role or --scope", USAGE_ERROR)
    accounts, known = open_accounts_and_libraries(libraries)
    if owner and accounts.users.get(owner) is None:
        abort(f"there is no user {owner!r}; see: subtitled web users list", USAGE_ERROR)
    try:
        seconds = parse_duration(valid_for) if valid_for else None
        key = accounts.keys.add(
            name,
            role if role is not None else (scope or ()),
            created_by=f"{reading_actor().name}, by the command line",
            owner=owner,
            expires_at=time.time() + seconds if isinstance(seconds, float) else None,
            libraries=known,
        )
    except ValueError as error:
        abort_invalid(error)
    accounts.audit.administered(COMMAND_LINE, f"added the key {name}")
    echo(key)


@keys_app.command("remove")
def remove_key(name: KeyArgument) -> None:
    """Remove a key. It opens nothing any more."""
    accounts = open_accounts()
    if not accounts.keys.remove(name):
        abort(f"there is no key {name!r}; see: subtitled web keys list", USAGE_ERROR)
    accounts.audit.administered(COMMAND_LINE, f"removed the key {name}")
    echo(f"{name} is removed")


def _describe_end(expires_at: float | None) -> str:
    if expires_at is None:
        return "never"
    return f"{'ended ' if expires_at <= time.time() else ''}{format_time(expires_at)}"


def _describe_use(last_used_at: float | None, address: str | None) -> str:
    if last_used_at is None:
        return "never"
    return f"{format_time(last_used_at)} from {address}"
