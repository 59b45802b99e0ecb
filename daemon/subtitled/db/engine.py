"""SQLAlchemy engines for SQLite in the state folder and for a shared PostgreSQL.

All differences between the two are in this module. Both survive a power cut and may be shared by
several processes.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from subtitled.plugin import SetupError

from .filesystems import unsafe_for_sqlite

_MAX_CONNECTIONS = 20
"""How many times a process tries to enable the write-ahead log, a tenth of a second apart."""
_INSERTED_ROWS = 500
"""Rows of one INSERT. SQLite takes up to 32 766 parameters, and PostgreSQL 65 535."""
_WRITER_LOCK_ID = 0x73756274
"""The advisory lock of PostgreSQL that admits one writer, as SQLite does."""


def open_engine(path: Path, server: str | None = None) -> sa.Engine:
    """Open the database in a file, or on a PostgreSQL server if its address is given.

    Raises:
        SetupError: The database cannot be used.
    """
    return _create_server_engine(server) if server else _create_file_engine(path)


def server_url(url_text: str) -> sa.URL:
    """Parse the address of a PostgreSQL database, and set the driver.

    Raises:
        SetupError: It is not such an address. The error does not repeat it, because it may contain
            a password.
    """
    try:
        url = sa.make_url(url_text)
    except (sa.exc.ArgumentError, ValueError):
        url = None
    if url is None or url.drivername.partition("+")[0] not in ("postgresql", "postgres"):
        raise SetupError(
            "daemon.database is not the address of a PostgreSQL database",
            "Write it as postgresql://user:password@host:5432/name",
        )
    return url.set(drivername="postgresql+psycopg")


def _create_server_engine(server: str) -> sa.Engine:
    url = server_url(server)
    try:
        engine = sa.create_engine(
            url,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "application_name": "subtitled"},
        )
    except ImportError as error:
        raise SetupError(
            "daemon.database needs psycopg, which is not installed",
            "Install it: pip install 'subtitled[postgres]'",
        ) from error
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except sa.exc.OperationalError as error:
        engine.dispose()
        display_url = url.render_as_string(hide_password=True)
        raise SetupError(
            f"the database {display_url} cannot be reached: {str(error.orig).strip()}",
            "Start PostgreSQL, or correct daemon.database",
        ) from error
    return engine


def _create_file_engine(path: Path) -> sa.Engine:
    """Open one SQLite file. A missing file is created.

    The write-ahead log with ``synchronous=FULL`` is used, because anything less loses committed
    rows in a power cut. A transaction takes the write lock with its first change. One that reads
    before its first change must use :func:`write_transaction`.

    Raises:
        SetupError: The file is not a database, cannot be opened, or is on a file system where the
            log is unsafe.
    """
    if reason := unsafe_for_sqlite(path.parent):
        raise SetupError(
            f"the database {path} cannot be there: {reason}, where SQLite's write-ahead log has no "
            "shared memory and databases are damaged",
            "Set daemon.state_dir to a folder on a local disk; media files may be on shares",
        )
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=30000")
        _enable_wal(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT count(*) FROM sqlite_master"))
    except sa.exc.OperationalError as error:
        engine.dispose()
        raise SetupError(
            f"the database {path} cannot be opened: {error.orig}",
            "Make it and its folder writable for the daemon's user, and free disk space",
        ) from error
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise SetupError(
            f"the database {path} cannot be used: {error.orig}",
            "If it is damaged, move it away; for subtitled.sqlite run: subtitled state rebuild "
            "--from-scratch, which recognises our sidecars",
        ) from error
    return engine


def _enable_wal(cursor: sqlite3.Cursor) -> None:
    """Enable the write-ahead log, and retry while another process does so for a new file."""
    for attempt in range(_MAX_CONNECTIONS):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if attempt == _MAX_CONNECTIONS - 1:
                raise
            time.sleep(0.1)


@contextmanager
def write_transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that holds the write lock from its beginning.

    No other writer can change what it reads before it writes, and row numbers grow in the order of
    the commits. Readers are never blocked.
    """
    with engine.begin() as connection:
        if is_sqlite(engine):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK_ID)))
        yield connection


def describe_error(error: sa.exc.OperationalError) -> tuple[str, str]:
    """Return why a database cannot be written, and a hint."""
    if isinstance(error.orig, sqlite3.Error):
        return f"the state folder cannot be written to: {error.orig}", "Free disk space there"
    message_lines = str(error.orig).strip().splitlines()
    return (
        f"the database cannot be used: {message_lines[0] if message_lines else error}",
        "Check the PostgreSQL server",
    )


def is_sqlite(bind: sa.Engine | sa.Connection) -> bool:
    """Return whether the database is SQLite."""
    return bind.dialect.name == "sqlite"


def upsert_insert(bind: sa.Engine | sa.Connection, table: sa.Table) -> Any:
    """Return an INSERT statement that supports ON CONFLICT."""
    if is_sqlite(bind):
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


@dataclass(frozen=True, slots=True)
class SqlDialectTokens:
    """The parts of handwritten SQL that differ between the databases."""

    placeholder: str
    """The placeholder of a parameter."""
    least_function: str
    """The function that returns the smaller of two values."""
    is_distinct_from: str
    """The operator that compares two values and treats NULL as a value."""
    no_index_prefix: str
    """A prefix for a column that keeps the database from using an index on it."""


_SQLITE = SqlDialectTokens("?", "min", "IS NOT", "+")
_POSTGRES = SqlDialectTokens("%s", "least", "IS DISTINCT FROM", "")


def dialect_tokens(bind: sa.Engine | sa.Connection) -> SqlDialectTokens:
    """Return the tokens of a database."""
    return _SQLITE if is_sqlite(bind) else _POSTGRES


def execute_many(connection: sa.Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Execute a statement for each row, without SQLAlchemy. Its parameters are written as ``?``."""
    values = list(rows)
    if values:
        connection.connection.cursor().executemany(
            _with_placeholders(connection, statement), values
        )


def insert_many(
    connection: sa.Connection, head: str, row: str, tail: str, rows: Sequence[Sequence[Any]]
) -> None:
    """Insert many rows, a few hundred in a statement, which takes half as long as one by one.

    Meanwhile other threads run.

    Args:
        connection: The connection.
        head: The statement up to the word ``VALUES``.
        row: What is inserted for each row, with parameters written as ``?``.
        tail: What follows the rows.
        rows: The parameters of each row, all of the same number.
    """
    cursor = connection.connection.cursor()
    for begin in range(0, len(rows), _INSERTED_ROWS):
        part = rows[begin : begin + _INSERTED_ROWS]
        statement = f"{head} VALUES {', '.join([row] * len(part))} {tail}"
        cursor.execute(_with_placeholders(connection, statement), list(chain.from_iterable(part)))


def fetch_rows(connection: sa.Connection, query: str, values: Sequence[Any]) -> list[Any]:
    """Return the rows of a query, without SQLAlchemy. Its parameters are written as ``?``."""
    cursor = connection.connection.cursor()
    cursor.execute(_with_placeholders(connection, query), tuple(values))
    return list(cursor.fetchall())


def _with_placeholders(connection: sa.Connection, statement: str) -> str:
    return statement.replace("?", dialect_tokens(connection).placeholder)


class BytePosition(GenericFunction[int]):
    """Find bytes in others, in SQL: their position counted from 1, or 0 if they are absent."""

    type = sa.Integer()
    name = "position_of"
    inherit_cache = True


@compiles(BytePosition)
def _compile_for_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    whole, part = element.clauses
    return f"instr({compiler.process(whole, **options)}, {compiler.process(part, **options)})"


@compiles(BytePosition, "postgresql")
def _compile_for_postgres(element: Any, compiler: Any, **options: Any) -> str:
    whole, part = element.clauses
    compiled = compiler.process(whole, **options)
    return f"position({compiler.process(part, **options)} in {compiled})"


class ChangeDetector:
    """Detects writes to a database at very low cost."""

    def __init__(self, engine: sa.Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        self._watch_connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def current_version(self) -> str:
        """Return a text that changes with every write.

        On PostgreSQL it also changes with writes to other databases of the server.
        """
        if not is_sqlite(self._engine):
            # The snapshot names the finished transactions, so it changes with each of them.
            with self._engine.connect() as connection:
                snapshot = connection.execute(sa.text("SELECT pg_current_snapshot()::text"))
                return str(snapshot.scalar_one())
        with self._lock:
            if self._watch_connection is None:
                self._watch_connection = sqlite3.connect(self._path, check_same_thread=False)
            return str(self._watch_connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close the connection that detects changes."""
        with self._lock:
            if self._watch_connection is not None:
                self._watch_connection.close()
                self._watch_connection = None
