"""Everything about users, sessions and keys that the pages and commands use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from subtitled.db.history import HistoryLog
from subtitled.db.state_folder import WEB_DATABASE_FILE

from .audit import AuditLog
from .keys import ApiKeys
from .sessions import Sessions
from .setup_code import SetupCodes
from .store import AuthStore
from .throttle import SignInThrottle
from .users import Users

T = TypeVar("T")

MAX_WAITING_HASHES = 20
"""Sign-ins that may wait for the computation of a hash."""


class TooManySignInsError(Exception):
    """Raised if so many sign-ins wait that another one would take too long."""


class Accounts:
    """The users, sessions, keys, counts of failures and set-up codes of one state folder."""

    def __init__(self, state: Path, history: HistoryLog | None = None) -> None:
        self.audit = AuditLog(history)
        self.store = AuthStore(state / WEB_DATABASE_FILE)
        self.users = Users(self.store)
        self.sessions = Sessions(self.store)
        self.keys = ApiKeys(self.store)
        self.throttle = SignInThrottle(self.store)
        self.setup_codes = SetupCodes(self.store)
        self._hashing = ThreadPoolExecutor(1, thread_name_prefix="password")
        self._waiting = 0

    async def hash_in_thread(self, function: Callable[[], T]) -> T:
        """Run a function that computes the hash of a password, one at a time.

        Raises:
            TooManySignInsError: Too many wait already.
        """
        if self._waiting >= MAX_WAITING_HASHES:
            raise TooManySignInsError
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._hashing, function)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Stop the thread."""
        self._hashing.shutdown(wait=False, cancel_futures=True)
