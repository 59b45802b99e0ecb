"""API keys: named, with a role or scopes, and an end. Only their hashes are stored."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from subtitled.plugin import SetupError

from ..i18n import RejectedInputError
from ..i18n import mark_text as _
from .roles import Role, Scope
from .store import AuthStore
from .users import check_name, libraries_from_text, libraries_to_text

KEY_PREFIX = "stk_"
"""How each key begins, so that scanners for secrets and people recognise one."""
_KEY = re.compile(r"stk_[A-Za-z0-9_-]{43}")
USED_SECONDS = 60.0
"""How exactly the last use of a key is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key, without the key itself."""

    id: int
    name: str
    role: Role | None
    scopes: frozenset[Scope]
    libraries: tuple[str, ...] | None
    """The libraries that it may see; None for all."""
    created_at: float
    created_by: str
    owner: str
    """The name of the user who owns it; empty for none."""
    expires_at: float | None
    last_used_at: float | None
    last_address: str | None


class ApiKeys:
    """The keys in the database."""

    def __init__(self, store: AuthStore, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    def add(
        self,
        name: str,
        grants: Role | Collection[Scope],
        *,
        created_by: str,
        owner: str = "",
        expires_at: float | None = None,
        libraries: Sequence[str] | None = None,
    ) -> str:
        """Add a key and return it. It cannot be shown again.

        Args:
            name: A name that no other key has.
            grants: The role of the key, or its scopes.
            created_by: Who adds it.
            owner: The name of the user who owns it; empty for none.
            expires_at: When it ends, in seconds since 1970; None: never.
            libraries: The libraries that it may see; None for all.

        Raises:
            RejectedInputError: The name cannot be used, or grants are missing.
        """
        clean_name = check_name(name)
        role, scopes = (grants, ()) if isinstance(grants, Role) else (None, sorted(grants))
        if role is None and not scopes:
            raise RejectedInputError(_("a key needs a role or a scope"))
        key = KEY_PREFIX + secrets.token_urlsafe(32)
        try:
            with self._store.write() as connection:
                connection.execute(
                    "INSERT INTO keys (name, key_hash, role, scopes, libraries, created_at, "
                    "created_by, owner, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        clean_name,
                        _hash(key),
                        role,
                        json.dumps(scopes),
                        libraries_to_text(libraries),
                        self._now(),
                        created_by,
                        owner,
                        expires_at,
                    ),
                )
        except sqlite3.IntegrityError:
            raise RejectedInputError(
                _("there is a key %(name)s already"), name=clean_name
            ) from None
        return key

    def find(self, key: str, address: str) -> ApiKey | None:
        """Return a key by what a caller sent; None if there is none, or it has ended."""
        if _KEY.fullmatch(key) is None:
            return None
        now = self._now()
        with self._store.read() as connection:
            row = connection.execute(
                "SELECT * FROM keys WHERE key_hash = ?", (_hash(key),)
            ).fetchone()
        if row is None:
            return None
        found = _to_key(row)
        if found.expires_at is not None and found.expires_at <= now:
            return None
        if found.last_used_at is None or now - found.last_used_at > USED_SECONDS:
            # A full disk must not end a key.
            with contextlib.suppress(SetupError), self._store.write() as connection:
                connection.execute(
                    "UPDATE keys SET last_used_at = ?, last_address = ? WHERE id = ?",
                    (now, address, found.id),
                )
        return found

    def list_all(self) -> list[ApiKey]:
        """Return all keys in the order of their names."""
        with self._store.read() as connection:
            return [_to_key(row) for row in connection.execute("SELECT * FROM keys ORDER BY name")]

    def remove(self, name: str) -> bool:
        """Remove a key by its name. Return whether there was one."""
        with self._store.write() as connection:
            return connection.execute("DELETE FROM keys WHERE name = ?", (name,)).rowcount > 0


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _to_key(row: sqlite3.Row) -> ApiKey:
    return ApiKey(
        id=int(row["id"]),
        name=str(row["name"]),
        role=Role(row["role"]) if row["role"] else None,
        scopes=frozenset(Scope(scope) for scope in json.loads(row["scopes"])),
        libraries=libraries_from_text(row["libraries"]),
        created_at=float(row["created_at"]),
        created_by=str(row["created_by"]),
        owner=str(row["owner"]),
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        last_address=row["last_address"],
    )
