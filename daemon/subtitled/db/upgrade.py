"""Upgrading a database to the newest revision of the schema, with Alembic."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from subtitled.plugin import SetupError

from .backup import PRE_UPGRADE_BACKUP, copy_database
from .engine import is_sqlite, write_transaction
from .revisions import MIGRATIONS
from .schema import metadata

_UPGRADE_LOCK = threading.Lock()


def upgrade_database(engine: sa.Engine, path: Path) -> None:
    """Upgrade a database, or create its tables.

    Args:
        engine: The database.
        path: Its SQLite file, beside which a copy from before the upgrade is kept.

    Raises:
        SetupError: A newer version made it, or it cannot be copied.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    try:
        # Alembic keeps state in a module, so threads take turns. Processes do by the write lock.
        with _UPGRADE_LOCK, write_transaction(engine) as connection:
            config.attributes["connection"] = connection
            current_revision = MigrationContext.configure(connection).get_current_revision()
            if current_revision is None and not is_sqlite(engine):
                metadata.create_all(connection)
                command.stamp(config, "head")  # revisions before 0008 are for SQLite alone
                return
            if is_sqlite(engine):
                _back_up_before_upgrade(current_revision, config, path)
            command.upgrade(config, "head")
    except CommandError as error:
        backup_path = path.with_name(PRE_UPGRADE_BACKUP)
        hint = "Install that version again"
        if backup_path.is_file():
            hint += (
                f"; or stop the daemon and move {backup_path} to its place, which is the database "
                "from before the upgrade"
            )
        raise SetupError(
            f"the database {path} was made by a newer version of subtitled ({error})",
            hint + "; or start with a new one: subtitled state rebuild --from-scratch",
        ) from error


def _back_up_before_upgrade(current_revision: str | None, config: Config, path: Path) -> None:
    """Copy a database that is about to be upgraded. Without a copy there is no upgrade."""
    script = ScriptDirectory.from_config(config)
    if current_revision is None or current_revision == script.get_current_head():
        return
    script.get_revision(current_revision)  # raises for one that only a newer version knows
    try:
        # The copy contains the last commit, although this process holds the write lock.
        copy_database(path, path.with_name(PRE_UPGRADE_BACKUP))
    except (OSError, sqlite3.Error) as error:
        raise SetupError(
            f"the database {path} cannot be copied before it is upgraded: {error}",
            f"Free disk space for a copy in {path.parent}",
        ) from error
