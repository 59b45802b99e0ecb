"""SQLite as we use it: durable in a power cut, shared by several processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.plugin import Misconfigured


def open_engine(path: Path) -> sa.Engine:
    """An engine for one database file, which is made if it is missing.

    Write-ahead log with ``synchronous=FULL``: anything less loses committed rows in a power cut.
    Transactions take the write lock at once, so that two writers wait instead of failing. Raises
    :class:`Misconfigured` for a file that is no database.
    """
    engine = sa.create_engine(f"sqlite:///{path}")

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
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise Misconfigured(
            f"the database {path} cannot be used: {error.orig}",
            "If it is damaged, move it away: what we wrote beside the media is recognised again",
        ) from error
    return engine
