"""The set-up code, with which the first admin is made.

Only the log of the daemon and ``subtitled web setup-code`` show it, so nobody else on the network
can be first. It ends after one use, an hour, or five tries.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable

from .store import AuthStore

VALID_SECONDS = 3600.0
MAX_TRIES = 5
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits that nobody confuses."""


class SetupCodes:
    """The code in the database. There is one at a time, as a hash."""

    def __init__(self, store: AuthStore, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    def create(self) -> str:
        """Make a new code. The one before is void."""
        groups = ["".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4)]
        code = "-".join(groups)
        with self._store.write() as connection:
            connection.execute("DELETE FROM setup_codes")
            connection.execute(
                "INSERT INTO setup_codes VALUES (?, ?, 0)", (_hash(code), self._now())
            )
        return code

    def is_valid(self, code: str) -> bool:
        """Check a code. Each call counts as a try, also with the right one."""
        with self._store.write() as connection:
            row = connection.execute("SELECT * FROM setup_codes").fetchone()
            if row is None:
                return False
            connection.execute("UPDATE setup_codes SET tries = tries + 1")
        is_in_force = self._is_in_force(float(row["created_at"]), int(row["tries"]))
        return secrets.compare_digest(_hash(code), str(row["code_hash"])) and is_in_force

    def is_in_force(self) -> bool:
        """Return whether there is a code that can still be used."""
        with self._store.read() as connection:
            row = connection.execute("SELECT * FROM setup_codes").fetchone()
        return row is not None and self._is_in_force(float(row["created_at"]), int(row["tries"]))

    def void(self) -> None:
        """Make the code void: it was used."""
        with self._store.write() as connection:
            connection.execute("DELETE FROM setup_codes")

    def _is_in_force(self, created_at: float, tries: int) -> bool:
        return tries < MAX_TRIES and self._now() - created_at < VALID_SECONDS


def _hash(code: str) -> str:
    """Return the hash of a code. Case, blanks and dashes do not matter."""
    plain = "".join(character for character in code.upper() if character.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
