"""The database of users, sessions and keys: ``web.sqlite`` in the state folder.

It is apart from the other databases. Secrets do not travel with those, workers do not need it, and
losing it costs one set-up code. Passwords, keys, sessions and codes are stored as hashes only.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from subtitled.plugin import SetupError
from subtitled.plugin.paths import display_path

_BUSY_TIMEOUT_SECONDS = 5.0
_SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    libraries TEXT,
    created_at REAL NOT NULL,
    password_changed_at REAL NOT NULL
);
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at REAL NOT NULL,
    last_seen_at REAL NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL
);
CREATE INDEX ix_sessions_user ON sessions (user_id);
CREATE TABLE keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    key_hash TEXT NOT NULL UNIQUE,
    role TEXT,
    scopes TEXT NOT NULL,
    libraries TEXT,
    created_at REAL NOT NULL,
    created_by TEXT NOT NULL,
    owner TEXT NOT NULL DEFAULT '',
    expires_at REAL,
    last_used_at REAL,
    last_address TEXT
);
CREATE TABLE failures (
    subject TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    last_at REAL NOT NULL
);
CREATE TABLE setup_codes (
    code_hash TEXT PRIMARY KEY,
    created_at REAL NOT NULL,
    tries INTEGER NOT NULL
);
CREATE TABLE server_secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""
_FROM_VERSION_1 = """
ALTER TABLE keys ADD COLUMN owner TEXT NOT NULL DEFAULT '';
UPDATE keys SET owner = created_by WHERE created_by IN (SELECT name FROM users);
"""


class AuthStore:
    """The database. Threads and processes may share it; each call opens it again.

    A file that was deleted is made again, empty, at the next call.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Open the database for queries.

        Raises:
            SetupError: It cannot be opened, or belongs to a newer version.
        """
        with self._connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open the database for one transaction, which is on disk when the block ends.

        Raises:
            SetupError: It cannot be opened, or belongs to a newer version.
        """
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def secret(self, name: str) -> bytes:
        """Return a random secret of this server, which is made at the first call."""
        with self.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO server_secrets VALUES (?, ?)",
                (name, secrets.token_bytes(32)),
            )
            row = connection.execute(
                "SELECT value FROM server_secrets WHERE name = ?", (name,)
            ).fetchone()
        return bytes(row[0])

    @contextlib.contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._open()
            try:
                yield connection
            finally:
                connection.close()
        except sqlite3.IntegrityError:
            raise  # Something is there already.
        except (OSError, sqlite3.Error) as error:
            raise SetupError(
                f"{display_path(self.path)}, the users of the HTTP port, cannot be used: {error}",
                "Check its owner and the disk; subtitled state check says if it is damaged",
            ) from error

    def _open(self) -> sqlite3.Connection:
        if not self.path.exists():
            # Nobody else may read it, whatever the umask says.
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
            self.path.chmod(0o600)
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            self._create_tables(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _create_tables(self, connection: sqlite3.Connection) -> None:
        if self._version(connection) == _SCHEMA_VERSION:
            return
        connection.execute("BEGIN IMMEDIATE")  # another process may be creating them
        try:
            version = self._version(connection)
            if version > _SCHEMA_VERSION:
                raise sqlite3.DatabaseError("it belongs to a newer version of subtitled")
            if version < _SCHEMA_VERSION:
                script = _SCHEMA if version == 0 else _FROM_VERSION_1
                for statement in filter(str.strip, script.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    @staticmethod
    def _version(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
