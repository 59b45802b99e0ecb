"""Users: their names, roles and passwords."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from subtitled.db.actors import name_key
from subtitled.plugin import SetupError

from ..i18n import RejectedInputError
from ..i18n import mark_text as _
from .passwords import check_password, hash_password, is_password, nobody_hash
from .roles import Role
from .store import AuthStore

MAX_NAME_LENGTH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user. What it may do is its role."""

    id: int
    name: str
    role: Role
    libraries: tuple[str, ...] | None
    """The libraries that it may see; None for all."""
    created_at: float


class Users:
    """The users in the database."""

    def __init__(self, store: AuthStore) -> None:
        self._store = store

    def exist(self) -> bool:
        """Return whether there is any user."""
        with self._store.read() as connection:
            return connection.execute("SELECT 1 FROM users LIMIT 1").fetchone() is not None

    def list_all(self) -> list[User]:
        """Return all users in the order of their names."""
        with self._store.read() as connection:
            return [_to_user(row) for row in connection.execute("SELECT * FROM users ORDER BY 3")]

    def get(self, name: str) -> User | None:
        """Return the user of a name, whose case does not matter."""
        with self._store.read() as connection:
            row = connection.execute(
                "SELECT * FROM users WHERE name_key = ?", (name_key(name),)
            ).fetchone()
        return _to_user(row) if row is not None else None

    def get_by_id(self, user_id: int) -> User | None:
        """Return the user of a number."""
        with self._store.read() as connection:
            row = connection.execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()
        return _to_user(row) if row is not None else None

    def add(
        self,
        name: str,
        password: str,
        role: Role,
        libraries: Sequence[str] | None = None,
        *,
        is_first: bool = False,
    ) -> User:
        """Add a user.

        Args:
            name: The name, which no other user may have in any case.
            password: The password.
            role: What the user may do.
            libraries: The libraries that the user may see; None for all.
            is_first: Refuse if there is any user already.

        Raises:
            RejectedInputError: The name or the password cannot be used.
        """
        clean_name = check_name(name)
        check_password(password)
        password_hash, now = hash_password(password), time.time()
        with self._store.write() as connection:
            if is_first and connection.execute("SELECT 1 FROM users LIMIT 1").fetchone():
                raise RejectedInputError(_("there is a user already"))
            try:
                cursor = connection.execute(
                    "INSERT INTO users (name, name_key, password_hash, role, libraries, "
                    "created_at, password_changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        clean_name,
                        name_key(clean_name),
                        password_hash,
                        role,
                        libraries_to_text(libraries),
                        now,
                        now,
                    ),
                )
            except sqlite3.IntegrityError:
                raise RejectedInputError(
                    _("there is a user %(name)s already"), name=clean_name
                ) from None
            user_id = int(cursor.lastrowid or 0)
        return User(
            id=user_id,
            name=clean_name,
            role=role,
            libraries=tuple(libraries) if libraries else None,
            created_at=now,
        )

    def find_by_password(self, name: str, password: str) -> User | None:
        """Return the user of a name and a password, or None.

        It takes as long for a name that nobody has as for one that somebody has.
        """
        with self._store.read() as connection:
            row = connection.execute(
                "SELECT * FROM users WHERE name_key = ?", (name_key(name),)
            ).fetchone()
        stored = str(row["password_hash"]) if row is not None else nobody_hash()
        return _to_user(row) if is_password(password, stored) and row is not None else None

    def set_password(self, user_id: int, password: str, *, kept_session: str = "") -> None:
        """Change a password, and end all sessions of the user but one.

        Raises:
            RejectedInputError: The password cannot be used.
        """
        check_password(password)
        password_hash = hash_password(password)
        with self._store.write() as connection:
            connection.execute(
                "UPDATE users SET password_hash = ?, password_changed_at = ? WHERE id = ?",
                (password_hash, time.time(), user_id),
            )
            connection.execute(
                "DELETE FROM sessions WHERE user_id = ? AND id <> ?", (user_id, kept_session)
            )

    def set_role(self, user_id: int, role: Role) -> None:
        """Change a role, from the next request on.

        Raises:
            SetupError: It is the last admin.
        """
        with self._store.write() as connection, _keep_admin(connection):
            connection.execute("UPDATE users SET role = ? WHERE id = ?", (role, user_id))

    def remove(self, user_id: int, *, may_be_last: bool = False) -> None:
        """Remove a user with all its sessions.

        Args:
            user_id: The number of the user.
            may_be_last: Whether nobody need remain. Then the set-up begins again.

        Raises:
            SetupError: It is the last admin, and others would remain, or one has to remain.
        """
        with self._store.write() as connection, _keep_admin(connection, may_be_last=may_be_last):
            connection.execute("DELETE FROM users WHERE id = ?", (user_id,))


@contextlib.contextmanager
def _keep_admin(connection: sqlite3.Connection, *, may_be_last: bool = False) -> Iterator[None]:
    """Check that a change takes away no last admin of all libraries."""
    query = "SELECT count(*) FROM users WHERE role = ? AND libraries IS NULL"
    (before,) = connection.execute(query, (Role.ADMIN,)).fetchone()
    yield
    (after,) = connection.execute(query, (Role.ADMIN,)).fetchone()
    (users,) = connection.execute("SELECT count(*) FROM users").fetchone()
    if before and not after and (users or not may_be_last):
        raise SetupError(_("no admin would be left"), _("Make another user an admin first"))


def check_name(name: str) -> str:
    """Return a name without surrounding blanks.

    Raises:
        RejectedInputError: It is empty, too long, or has characters that are not shown.
    """
    clean = unicodedata.normalize("NFC", name).strip()
    if not clean or len(clean) > MAX_NAME_LENGTH or not clean.isprintable():
        raise RejectedInputError(
            _("a name has 1 to %(number)s characters that can be shown"), number=MAX_NAME_LENGTH
        )
    return clean


def libraries_to_text(libraries: Sequence[str] | None) -> str | None:
    """Return how a list of libraries is stored."""
    return json.dumps(list(libraries)) if libraries else None


def libraries_from_text(text: str | None) -> tuple[str, ...] | None:
    """Return a stored list of libraries."""
    return tuple(json.loads(text)) if text else None


def _to_user(row: sqlite3.Row) -> User:
    return User(
        id=int(row["id"]),
        name=str(row["name"]),
        role=Role(row["role"]),
        libraries=libraries_from_text(row["libraries"]),
        created_at=float(row["created_at"]),
    )
