"""The parts of the wall, as the configuration wants them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.web_settings import WebSettings
from subtitled.daemon.recent_log import PRIVATE
from subtitled.db.history import HistoryLog

from .auth.accounts import Accounts
from .auth.authenticator import Authenticator
from .auth.proxies import Proxies
from .auth.roles import Role
from .hosts import AllowedHosts

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WallParts:
    """What the wall consists of."""

    accounts: Accounts
    authenticator: Authenticator
    hosts: AllowedHosts


def build_wall_parts(
    settings: WebSettings, state: Path, token: str | None, history: HistoryLog | None = None
) -> WallParts:
    """Build the parts of the wall.

    Args:
        settings: The section ``[web]``.
        state: The state folder, which holds the database of users.
        token: The token of webhooks and metrics, or None if none is configured.
        history: Where sign-ins and changes of users are recorded.
    """
    accounts = Accounts(state, history)
    proxy = settings.proxy
    proxies = Proxies(
        proxy.trusted,
        proxy.user_header,
        proxy.groups_header,
        {group: Role(role) for group, role in proxy.roles.items()},
    )
    # A proxy, also one on this machine, passes on what others send.
    trusts_local_programs = (
        token is None
        and settings.is_loopback
        and settings.socket_path is None
        and not proxies.are_named
    )
    authenticator = Authenticator(
        accounts.store,
        proxies,
        token,
        base_path=settings.base_path,
        trusts_local_programs=trusts_local_programs,
    )
    return WallParts(accounts, authenticator, AllowedHosts(settings.hosts))


def log_setup_code(accounts: Accounts, settings: WebSettings, port: int) -> None:
    """Log a set-up code while there is no user, so that only who reads the log can be first."""
    if accounts.users.exist():
        return
    where = f"{settings.base_path}/setup"
    if port:
        where = f"http://{'HOST' if not settings.is_loopback else settings.address}:{port}{where}"
    _log.warning(
        "nobody can sign in yet. To make the first admin, open %s and give this code within an "
        "hour: %s. For another one: subtitled web setup-code",
        where,
        accounts.setup_codes.create(),
        extra=PRIVATE,
    )
