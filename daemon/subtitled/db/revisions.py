"""Which revision of the schema a database has, found without Alembic."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = sa.table("alembic_version", sa.column("version_num"))
"""Where Alembic keeps the revision."""


def is_up_to_date(engine: sa.Engine) -> bool:
    """Return whether a database has the newest revision. False for an empty one.

    An upgrade is one transaction, so a database that another process upgrades has the old revision
    or the new one.
    """
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(_VERSION_TABLE.name):
            return False
        revisions = connection.execute(sa.select(_VERSION_TABLE.c.version_num)).scalars().all()
    return revisions == [find_newest_revision()]


def find_newest_revision() -> str:
    """Return the newest revision. The file of a revision begins with its name, a number."""
    versions = (MIGRATIONS / "versions").glob("[0-9]*_*.py")
    return max(path.name.partition("_")[0] for path in versions)
