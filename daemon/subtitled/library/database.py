"""SQLite as we use it: durable in a power cut, shared by several processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.plugin import Misconfigured


def open_engine(path: Path) -> sa.Engine:
    """An engine for one database file, which is made if it is missing.

    Write-ahead log with ``synchronous=FULL``: anything less loses committed rows in a power cut.
    A transaction takes the write lock with its first change; one that reads before it changes
    anything goes through :func:`writing`. Raises :class:`Misconfigured` for a file that is no
    database or cannot be opened.
    """
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=30000")
        cursor.execute("PRAGMA journal_mode=WAL")
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
            "If it is damaged, move it away: what we wrote beside the media is recognised again",
        ) from error
    return engine


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that holds the write lock from its first moment.

    What it reads cannot be changed by others before it writes, and two writers wait for each
    other. Readers are never held up.
    """
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
