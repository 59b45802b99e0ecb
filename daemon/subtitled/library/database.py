"""SQLite as we use it: durable in a power cut, shared by several processes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.plugin import Misconfigured

from .mounts import unfit_for_databases

_OPENED_AT_ONCE = 20
"""Tries of a tenth of a second to set the log of a file that others are just making."""


def open_engine(path: Path) -> sa.Engine:
    """An engine for one database file, which is made if it is missing.

    Write-ahead log with ``synchronous=FULL``: anything less loses committed rows in a power cut.
    A transaction takes the write lock with its first change; one that reads before it changes
    anything goes through :func:`writing`. Raises :class:`Misconfigured` for a file that is no
    database, cannot be opened, or lies where the log would sooner or later destroy it.
    """
    if why := unfit_for_databases(path.parent):
        raise Misconfigured(
            f"the database {path} cannot be kept there: {why}, on which SQLite's write-ahead log "
            "has no shared memory to rely on, and databases are damaged",
            "Set daemon.state_dir to a folder on a disk of this machine; media may lie on shares",
        )
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=30000")
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT count(*) FROM sqlite_master"))
    except sa.exc.OperationalError as error:
        engine.dispose()
        raise Misconfigured(
            f"the database {path} cannot be opened: {error.orig}",
            "Let the daemon's user read and write it and its folder, and make room on the disk",
        ) from error
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise Misconfigured(
            f"the database {path} cannot be used: {error.orig}",
            "If it is damaged, move it away; if it is the ledger: subtitled state rebuild --anew. "
            "What we wrote beside the media is recognised again",
        ) from error
    return engine


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Set the log. While another process does so for a new file, nobody is told to wait."""
    for attempt in range(_OPENED_AT_ONCE):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if attempt == _OPENED_AT_ONCE - 1:
                raise
            time.sleep(0.1)


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that holds the write lock from its first moment.

    What it reads cannot be changed by others before it writes, and two writers wait for each
    other. Readers are never held up.
    """
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
