"""The database: the media files of the libraries, and what became of them."""

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

from .approvals import ApprovalRepository
from .backup import PRE_UPGRADE_BACKUP, copy_database
from .commands import CommandQueue
from .cue_notes import CueNoteRepository
from .egress_log import EgressLog
from .engine import is_sqlite, open_engine, write_transaction
from .file_list import FileListRepository
from .file_states import FileStateRepository
from .files import FileRepository
from .files_bulk import BulkFileRepository
from .history import HistoryLog
from .job_runs import JobRunRepository
from .judgements import JudgementRepository
from .kv import KeyValueStore
from .notifications import NotificationOutbox
from .operations import OperationRepository
from .outbox import ServerOutbox
from .overview import OverviewRepository
from .passages import PassageRepository
from .presence import PresenceRepository
from .reviews import ReviewRepository
from .schema import metadata
from .sidecars import SidecarRepository
from .signatures import SignatureStore
from .state_folder import SIGNATURES_FOLDER
from .upgrades import UpgradeRepository
from .wanted import WantedRepository

_UPGRADE_LOCK = threading.Lock()


class Database:
    """One database, in an SQLite file or in PostgreSQL.

    Threads and processes may share it. With PostgreSQL, several machines may share it too.
    """

    def __init__(self, path: Path, server: str | None = None) -> None:
        """Open the database. A missing one is created, an older one is upgraded.

        Args:
            path: The SQLite file. With a ``server`` only its folder is used, for signatures.
            server: The address of a PostgreSQL database, or None.

        Raises:
            SetupError: The database cannot be opened, or a newer version made it.
        """
        self.path = path
        self._engine = open_engine(path, server)
        try:
            _migrate(self._engine, path)
        except BaseException:
            self._engine.dispose()
            raise
        self.files = FileRepository(self._engine)
        self.kv = KeyValueStore(self._engine, path)
        self.states = FileStateRepository(self._engine, self.kv.data_version)
        self.file_list = FileListRepository(self._engine)
        self.bulk_files = BulkFileRepository(self._engine)
        signatures = SignatureStore(path.parent / SIGNATURES_FOLDER)
        self.sidecars = SidecarRepository(self._engine, signatures)
        self.upgrades = UpgradeRepository(self._engine)
        self.deliveries = ServerOutbox(self._engine)
        self.commands = CommandQueue(self._engine)
        self.notifications = NotificationOutbox(self._engine)
        self.egress_log = EgressLog(self._engine)
        self.judgements = JudgementRepository(self._engine)
        self.overview = OverviewRepository(self._engine, self.kv.data_version)
        self.presence = PresenceRepository(self._engine)
        self.history = HistoryLog(self._engine)
        self.job_runs = JobRunRepository(self._engine)
        self.wanted = WantedRepository(self._engine)
        self.reviews = ReviewRepository(self._engine)
        self.approvals = ApprovalRepository(self._engine)
        self.operations = OperationRepository(self._engine)
        self.passages = PassageRepository(self._engine)
        self.cue_notes = CueNoteRepository(self._engine)

    def close(self) -> None:
        """Close all connections."""
        self.judgements.flush()
        self.kv.close()
        self._engine.dispose()


def _migrate(engine: sa.Engine, path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
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
