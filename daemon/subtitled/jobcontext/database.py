"""Opening the database of a configuration, without the engines that jobs use."""

from __future__ import annotations

from subtitled.config.load import Configuration
from subtitled.config.paths import (
    ensure_private_folder,
    resolve_database_url,
    resolve_state_dir,
)
from subtitled.db.database import Database
from subtitled.db.state_folder import DATABASE_FILE, rename_old_files


def open_database(configuration: Configuration) -> Database:
    """Open the database of a configuration. The state folder is created if it is missing."""
    settings = configuration.settings
    state = ensure_private_folder(resolve_state_dir(settings))
    rename_old_files(state)
    return Database(state / DATABASE_FILE, resolve_database_url(settings))
