"""The database: the media files of the libraries, and what became of them."""

from __future__ import annotations

from pathlib import Path

from .approvals import ApprovalRepository
from .commands import CommandQueue
from .cue_notes import CueNoteRepository
from .egress_log import EgressLog
from .engine import open_engine
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
from .revisions import is_up_to_date
from .sidecars import SidecarRepository
from .signatures import SignatureStore
from .sound import SoundRepository
from .state_folder import SIGNATURES_FOLDER
from .upgrades import UpgradeRepository
from .waiting import WaitingRepository
from .wanted import WantedRepository


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
            if not is_up_to_date(self._engine):
                from .upgrade import upgrade_database  # Alembic takes half a second to import

                upgrade_database(self._engine, path)
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
        self.sound = SoundRepository(self._engine)
        self.waiting = WaitingRepository(self._engine)
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
