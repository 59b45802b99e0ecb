"""Sessions: what the cookie of a browser that signed in stands for.

The cookie holds 256 random bits. Only their hash is stored, which also names the session in lists.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from subtitled.plugin import SetupError
from subtitled.plugin.limits import clean_text

from .roles import Role
from .store import AuthStore
from .users import User, libraries_from_text

IDLE_SECONDS = 7 * 86400.0
"""A session ends when it was not used for this long."""
MAX_SECONDS = 30 * 86400.0
"""A session ends after this time in any case."""
SEEN_SECONDS = 300.0
"""How exactly the last use of a session is stored."""
MAX_SESSIONS = 50
"""Sessions of one user. The oldest end."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_MAX_AGENT = 200
"""Longest name of a browser that is kept, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session of a user."""

    id: str
    user: User
    created_at: float
    last_seen_at: float
    address: str
    user_agent: str


class Sessions:
    """The sessions in the database."""

    def __init__(self, store: AuthStore, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    def create(self, user: User, address: str, user_agent: str) -> str:
        """Begin a session and return the token for its cookie."""
        token, now = secrets.token_urlsafe(32), self._now()
        with self._store.write() as connection:
            connection.execute(
                "DELETE FROM sessions WHERE last_seen_at < ? OR created_at < ?",
                (now - IDLE_SECONDS, now - MAX_SECONDS),
            )
            connection.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)",
                (_hash(token), user.id, now, now, address, clean_text(user_agent, _MAX_AGENT)),
            )
            connection.execute(
                "DELETE FROM sessions WHERE user_id = ? AND id NOT IN (SELECT id FROM sessions "
                "WHERE user_id = ? ORDER BY created_at DESC LIMIT ?)",
                (user.id, user.id, MAX_SESSIONS),
            )
        return token

    def find(self, token: str) -> Session | None:
        """Return the session of a cookie, with its user as it is now; None if it has ended."""
        if _TOKEN.fullmatch(token) is None:
            return None
        now, session_id = self._now(), _hash(token)
        with self._store.read() as connection:
            row = connection.execute(
                "SELECT sessions.id AS session, users.id AS id, name, role, libraries, "
                "users.created_at AS user_created_at, sessions.created_at AS created_at, "
                "last_seen_at, address, user_agent FROM sessions JOIN users ON users.id = user_id "
                "WHERE sessions.id = ?",
                (session_id,),
            ).fetchone()
        if row is None:
            return None
        session = _to_session(row)
        if now - session.last_seen_at > IDLE_SECONDS or now - session.created_at > MAX_SECONDS:
            self.end(session_id)
            return None
        if now - session.last_seen_at > SEEN_SECONDS:
            # A full disk must not end a session.
            with contextlib.suppress(SetupError), self._store.write() as connection:
                connection.execute(
                    "UPDATE sessions SET last_seen_at = ? WHERE id = ?", (now, session_id)
                )
        return session

    def list_of(self, user_id: int) -> list[Session]:
        """Return the sessions of a user, the last used first."""
        now = self._now()
        with self._store.read() as connection:
            rows = connection.execute(
                "SELECT sessions.id AS session, users.id AS id, name, role, libraries, "
                "users.created_at AS user_created_at, sessions.created_at AS created_at, "
                "last_seen_at, address, user_agent FROM sessions JOIN users ON users.id = user_id "
                "WHERE user_id = ? AND last_seen_at > ? AND sessions.created_at > ? "
                "ORDER BY last_seen_at DESC",
                (user_id, now - IDLE_SECONDS, now - MAX_SECONDS),
            ).fetchall()
        return [_to_session(row) for row in rows]

    def end(self, session_id: str) -> None:
        """End one session."""
        with self._store.write() as connection:
            connection.execute("DELETE FROM sessions WHERE id = ?", (session_id,))

    def end_all(self, user_id: int | None = None, *, kept_session: str = "") -> int:
        """End all sessions, or all of one user, but one. Return how many ended."""
        with self._store.write() as connection:
            return connection.execute(
                "DELETE FROM sessions WHERE (? IS NULL OR user_id = ?) AND id <> ?",
                (user_id, user_id, kept_session),
            ).rowcount


def csrf_token(session_token: str) -> str:
    """Return what forms of a session send along. It does not tell the token of the session."""
    return hashlib.sha256(f"csrf {session_token}".encode()).hexdigest()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _to_session(row: sqlite3.Row) -> Session:
    user = User(
        id=int(row["id"]),
        name=str(row["name"]),
        role=Role(row["role"]),
        libraries=libraries_from_text(row["libraries"]),
        created_at=float(row["user_created_at"]),
    )
    return Session(
        id=str(row["session"]),
        user=user,
        created_at=float(row["created_at"]),
        last_seen_at=float(row["last_seen_at"]),
        address=str(row["address"]),
        user_agent=str(row["user_agent"]),
    )
