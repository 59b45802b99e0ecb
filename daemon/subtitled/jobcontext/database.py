"""Opening the database of a configuration, without the engines that jobs use."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from subtitled.config.load import Configuration
from subtitled.config.paths import (
    ensure_private_folder,
    resolve_database_url,
    resolve_state_dir,
)
from subtitled.db.database import Database
from subtitled.db.state_folder import DATABASE_FILE, rename_old_files
from subtitled.plugin import SubtitledError


def open_database(configuration: Configuration) -> Database:
    """Open the database of a configuration. The state folder is created if it is missing."""
    settings = configuration.settings
    state = ensure_private_folder(resolve_state_dir(settings))
    rename_old_files(state)
    return Database(state / DATABASE_FILE, resolve_database_url(settings))


def open_existing_database(configuration: Configuration) -> Database | None:
    """Open the database of a configuration if there is one that can be opened. None is made."""
    settings = configuration.settings
    if not settings.daemon.database and not (resolve_state_dir(settings) / DATABASE_FILE).is_file():
        return None
    try:
        return open_database(configuration)
    except (SubtitledError, SQLAlchemyError):
        return None
