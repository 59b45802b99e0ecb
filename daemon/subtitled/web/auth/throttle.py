"""Throttling of sign-ins: after some failures, each further try has to wait longer.

Failures are counted by account and by address, and survive a restart. Counts are forgotten after a
success of the account, or after a day.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections.abc import Callable, Iterable

from subtitled.db.actors import name_key

from .store import AuthStore

FREE_FAILURES = 5
"""Failures without a wait."""
MAX_WAIT_SECONDS = 300.0
FORGET_SECONDS = 86400.0


def wait_after(failures: int) -> float:
    """Return the seconds to wait after a number of failures: 2, 4, 8, ... from the fifth on."""
    if failures < FREE_FAILURES:
        return 0.0
    return float(min(MAX_WAIT_SECONDS, 2.0 ** min(failures - FREE_FAILURES + 1, 16)))


class SignInThrottle:
    """The counts in the database."""

    def __init__(self, store: AuthStore, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    def begin_try(self, account: str, address: str | None) -> float:
        """Count a try as a failure, unless it has to wait. Return the seconds to wait, or 0.

        It is counted before the password is checked, so that many tries at once cannot pass.

        Args:
            account: The name that was given. Nobody need have it.
            address: The address of the caller; None if many may share it.
        """
        now, subjects = self._now(), list(_subjects(account, address))
        with self._store.write() as connection:
            connection.execute("DELETE FROM failures WHERE last_at < ?", (now - FORGET_SECONDS,))
            waits = [
                row["last_at"] + wait_after(row["number"]) - now
                for subject in subjects
                for row in connection.execute(
                    "SELECT * FROM failures WHERE subject = ?", (subject,)
                )
            ]
            if (longest := max(waits, default=0.0)) > 0:
                return longest
            for subject in subjects:
                connection.execute(
                    "INSERT INTO failures VALUES (?, 1, ?) ON CONFLICT (subject) DO UPDATE SET "
                    "number = number + 1, last_at = excluded.last_at",
                    (subject, now),
                )
        return 0.0

    def record_success(self, account: str, address: str | None) -> None:
        """Forget the failures of an account, and the one that this try counted for its address."""
        account_subject, *address_subjects = _subjects(account, address)
        with self._store.write() as connection:
            connection.execute("DELETE FROM failures WHERE subject = ?", (account_subject,))
            for subject in address_subjects:
                connection.execute(
                    "UPDATE failures SET number = number - 1 WHERE subject = ?", (subject,)
                )


def _subjects(account: str, address: str | None) -> Iterable[str]:
    """Yield what is counted. Names are hashed: some people type their password there."""
    yield "account " + hashlib.sha256(name_key(account).encode("utf-8", "replace")).hexdigest()
    if address is not None:
        yield f"address {_network(address)}"


def _network(address: str) -> str:
    """Return an address, or for IPv6 its network: a host has 2^64 addresses in it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
