"""DBOS, imported without the parts of other packages that a queue in SQLite never uses.

Import DBOS from here: what was imported elsewhere first is not deferred.
"""

from __future__ import annotations

from .deferred_imports import deferred

_SELDOM_USED = {
    "psycopg": ("OperationalError",),
    "psycopg.errors": ("LockNotAvailable", "SerializationFailure"),
    "sqlalchemy.orm": ("Session", "sessionmaker"),
    "sqlalchemy.ext.asyncio": (
        *("AsyncConnection", "AsyncEngine", "AsyncSession"),
        "async_sessionmaker",
    ),
    "croniter": ("croniter",),
    "yaml": (),
}
"""The driver of PostgreSQL, which a queue there loads, and what DBOS has for its data sources,
schedules and own configuration file."""

with deferred(_SELDOM_USED):
    import dbos
    from dbos import DBOS, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID
    from dbos import error as dbos_error

__all__ = [
    "DBOS",
    "DBOSPortableJSONSerializer",
    "SetEnqueueOptions",
    "SetWorkflowID",
    "dbos",
    "dbos_error",
]
