"""The databases as we use them: SQLite in the state folder, or PostgreSQL for several machines.

What the two say differently is here, and nowhere else. Both are durable in a power cut, and shared
by several processes.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from subtitled.plugin import SetupError

from .filesystems import unsafe_for_sqlite

_MAX_CONNECTIONS = 20
"""Tries of a tenth of a second to set the log of a file that others are just making."""
_WRITER_LOCK_ID = 0x73756274
"""The advisory lock of PostgreSQL that stands for SQLite's one writer."""


def open_engine(path: Path, server: str | None = None) -> sa.Engine:
    """An engine for the database in a file, or, with the address of a PostgreSQL ``server``, there.

    Raises :class:`SetupError` if it cannot be used.
    """
    return _create_server_engine(server) if server else _create_file_engine(path)


def server_url(url_text: str) -> sa.URL:
    """The address of a PostgreSQL database, with the driver that we use.

    Raises :class:`SetupError` for what is none; what was said holds a password, so it is not
    repeated.
    """
    try:
        url = sa.make_url(url_text)
    except (sa.exc.ArgumentError, ValueError):
        url = None
    if url is None or url.drivername.partition("+")[0] not in ("postgresql", "postgres"):
        raise SetupError(
            "daemon.database is no address of a PostgreSQL database",
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
        where = url.render_as_string(hide_password=True)
        raise SetupError(
            f"the database {where} cannot be reached: {str(error.orig).strip()}",
            "Start PostgreSQL, or correct daemon.database",
        ) from error
    return engine


def _create_file_engine(path: Path) -> sa.Engine:
    """An engine for one database file, which is made if it is missing.

    Write-ahead log with ``synchronous=FULL``: anything less loses committed rows in a power cut. A
    transaction takes the write lock with its first change; one that reads before it changes
    anything goes through :func:`write_transaction`. Raises :class:`SetupError` for a file that is
    no database, cannot be opened, or lies where the log would sooner or later destroy it.
    """
    if reason := unsafe_for_sqlite(path.parent):
        raise SetupError(
            f"the database {path} cannot be kept there: {reason}, on which SQLite's write-ahead log "
            "has no shared memory to rely on, and databases are damaged",
            "Set daemon.state_dir to a folder on a disk of this machine; media may lie on shares",
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
            "Let the daemon's user read and write it and its folder, and make room on the disk",
        ) from error
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise SetupError(
            f"the database {path} cannot be used: {error.orig}",
            "If it is damaged, move it away; if it is the ledger: subtitled state rebuild --from-scratch. "
            "What we wrote beside the media is recognised again",
        ) from error
    return engine


def _enable_wal(cursor: sqlite3.Cursor) -> None:
    """Set the log. While another process does so for a new file, nobody is told to wait."""
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
    """A transaction that holds the write lock from its first moment.

    What it reads cannot be changed by another of these before it writes, and two wait for each
    other; numbers of rows grow in the order of the commits. Readers are never held up.
    """
    with engine.begin() as connection:
        if is_sqlite(engine):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK_ID)))
        yield connection


def describe_error(error: sa.exc.OperationalError) -> tuple[str, str]:
    """What keeps a database from being written to, and the cure."""
    if isinstance(error.orig, sqlite3.Error):
        return f"the state folder cannot be written to: {error.orig}", "Make room there"
    message_lines = str(error.orig).strip().splitlines()
    return (
        f"the database cannot be used: {message_lines[0] if message_lines else error}",
        "Look after PostgreSQL",
    )


def is_sqlite(bind: sa.Engine | sa.Connection) -> bool:
    """Whether it is SQLite."""
    return bind.dialect.name == "sqlite"


def upsert_insert(bind: sa.Engine | sa.Connection, table: sa.Table) -> Any:
    """An INSERT that may say ON CONFLICT."""
    return sqlite.insert(table) if is_sqlite(bind) else postgresql.insert(table)


@dataclass(frozen=True, slots=True)
class SqlDialectTokens:
    """What SQL written by hand says in one of the databases: where a million rows pass by."""

    placeholder: str
    """Of a value to come."""
    least_function: str
    """The function for the lesser of two values."""
    is_distinct_from: str
    """Whether two values differ, NULL being one."""
    no_index_prefix: str
    """Before a column that is not to be looked up in an index."""


_SQLITE = SqlDialectTokens("?", "min", "IS NOT", "+")
_POSTGRES = SqlDialectTokens("%s", "least", "IS DISTINCT FROM", "")


def dialect_tokens(bind: sa.Engine | sa.Connection) -> SqlDialectTokens:
    """Those of an engine's database."""
    return _SQLITE if is_sqlite(bind) else _POSTGRES


def execute_many(connection: sa.Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Do a statement, with ``?`` for each value, for each row, past SQLAlchemy."""
    values = list(rows)
    if values:
        connection.connection.cursor().executemany(
            _with_placeholders(connection, statement), values
        )


def fetch_rows(connection: sa.Connection, query: str, values: Sequence[Any]) -> list[Any]:
    """The rows of a query, with ``?`` for each value, past SQLAlchemy."""
    cursor = connection.connection.cursor()
    cursor.execute(_with_placeholders(connection, query), tuple(values))
    return list(cursor.fetchall())


def _with_placeholders(connection: sa.Connection, statement: str) -> str:
    return statement.replace("?", dialect_tokens(connection).placeholder)


class BytePosition(GenericFunction[int]):
    """Where some bytes begin in others, from 1 on; 0: nowhere."""

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
    """Something that changes when somebody wrote to a database; costs next to nothing to ask."""

    def __init__(self, engine: sa.Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        self._watch_connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def current_version(self) -> str:
        """It. On a server it also changes when somebody wrote to another database there."""
        if not is_sqlite(self._engine):
            # What is seen and what is not: as long as that is the same, so is everything.
            with self._engine.connect() as connection:
                snapshot = connection.execute(sa.text("SELECT pg_current_snapshot()::text"))
                return str(snapshot.scalar_one())
        with self._lock:
            if self._watch_connection is None:
                self._watch_connection = sqlite3.connect(self._path, check_same_thread=False)
            return str(self._watch_connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        if self._watch_connection is not None:
            self._watch_connection.close()
