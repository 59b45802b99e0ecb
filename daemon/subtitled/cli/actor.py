"""Who is at the command line: the account of the machine, and the name that they give."""

from __future__ import annotations

import getpass
import os
import pwd
from collections.abc import Mapping

from subtitled.db.actors import Actor

from .output import USAGE_ERROR, abort


def current_actor(name: str = "") -> Actor:
    """Return the person at the command line, or abort if the machine does not know them.

    Args:
        name: The name that they give; empty for that of the account.
    """
    account = find_account(os.environ)
    if account is None and not name:
        abort("you have no name on this machine. Say who you are: --by NAME", USAGE_ERROR)
    return Actor.account(account or _nameless(), name)


def reading_actor() -> Actor:
    """Return the person at the command line for what changes nothing, also if they have no name."""
    return Actor.account(find_account(os.environ) or _nameless())


def find_account(environment: Mapping[str, str]) -> str | None:
    """Return the account that somebody is signed in with, also if they use ``sudo``; or None."""
    number = environment.get("SUDO_UID", "")
    if number.isascii() and number.isdigit() and len(number) < 11:
        try:
            return pwd.getpwuid(int(number)).pw_name
        except (KeyError, OverflowError):
            pass
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        pass
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


def _nameless() -> str:
    """Return what stands for the name of an account that has none."""
    return f"uid {os.getuid()}"
