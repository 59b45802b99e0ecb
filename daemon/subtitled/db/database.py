"""The database: the media files of the libraries, and what became of them."""

from __future__ import annotations

import importlib
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from .engine import open_engine
from .file_states import FileStateRepository
from .files import FileRepository
from .kv import KeyValueStore
from .overview import OverviewRepository
from .revisions import is_up_to_date
from .state_folder import SIGNATURES_FOLDER

if TYPE_CHECKING:
    from .approvals import ApprovalRepository
    from .audit import AuditRepository
    from .commands import CommandQueue
    from .cue_notes import CueNoteRepository
    from .egress_log import EgressLog
    from .file_list import FileListRepository
    from .files_bulk import BulkFileRepository
    from .history import HistoryLog
    from .job_runs import JobRunRepository
    from .judgements import JudgementRepository
    from .notifications import NotificationOutbox
    from .operations import OperationRepository
    from .outbox import ServerOutbox
    from .passages import PassageRepository
    from .presence import PresenceRepository
    from .reviews import ReviewRepository
    from .sidecars import SidecarRepository
    from .sound import SoundRepository
    from .upgrades import UpgradeRepository
    from .waiting import WaitingRepository
    from .wanted import WantedRepository

T = TypeVar("T")

_CREATION_LOCK = threading.Lock()


class _Repository(Generic[T]):
    """A repository that is imported and created when it is first used.

    A command uses few of them, and importing all takes long.
    """

    def __init__(self, module: str, class_name: str) -> None:
        self._module = module
        self._class_name = class_name
        self._name = ""

    def __set_name__(self, owner: type[Database], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, database: None, owner: type[Database]) -> _Repository[T]: ...
    @overload
    def __get__(self, database: Database, owner: type[Database]) -> T: ...
    def __get__(self, database: Database | None, owner: type[Database]) -> _Repository[T] | T:
        if database is None:
            return self
        module = importlib.import_module(f".{self._module}", __package__)
        with _CREATION_LOCK:
            # The attribute of the object hides this one from now on.
            created: Any = vars(database).get(self._name)
            if created is None:
                created = getattr(module, self._class_name)(database._engine)
                vars(database)[self._name] = created
        repository: T = created
        return repository


class Database:
    """One database, in an SQLite file or in PostgreSQL.

    Threads and processes may share it. With PostgreSQL, several machines may share it too.
    """

    approvals: _Repository[ApprovalRepository] = _Repository("approvals", "ApprovalRepository")
    audit: _Repository[AuditRepository] = _Repository("audit", "AuditRepository")
    bulk_files: _Repository[BulkFileRepository] = _Repository("files_bulk", "BulkFileRepository")
    commands: _Repository[CommandQueue] = _Repository("commands", "CommandQueue")
    cue_notes: _Repository[CueNoteRepository] = _Repository("cue_notes", "CueNoteRepository")
    deliveries: _Repository[ServerOutbox] = _Repository("outbox", "ServerOutbox")
    egress_log: _Repository[EgressLog] = _Repository("egress_log", "EgressLog")
    file_list: _Repository[FileListRepository] = _Repository("file_list", "FileListRepository")
    history: _Repository[HistoryLog] = _Repository("history", "HistoryLog")
    job_runs: _Repository[JobRunRepository] = _Repository("job_runs", "JobRunRepository")
    judgements: _Repository[JudgementRepository] = _Repository("judgements", "JudgementRepository")
    notifications: _Repository[NotificationOutbox] = _Repository(
        "notifications", "NotificationOutbox"
    )
    operations: _Repository[OperationRepository] = _Repository("operations", "OperationRepository")
    passages: _Repository[PassageRepository] = _Repository("passages", "PassageRepository")
    presence: _Repository[PresenceRepository] = _Repository("presence", "PresenceRepository")
    reviews: _Repository[ReviewRepository] = _Repository("reviews", "ReviewRepository")
    sound: _Repository[SoundRepository] = _Repository("sound", "SoundRepository")
    upgrades: _Repository[UpgradeRepository] = _Repository("upgrades", "UpgradeRepository")
    waiting: _Repository[WaitingRepository] = _Repository("waiting", "WaitingRepository")
    wanted: _Repository[WantedRepository] = _Repository("wanted", "WantedRepository")

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
        self.overview = OverviewRepository(self._engine, self.kv.data_version)

    @cached_property
    def sidecars(self) -> SidecarRepository:
        """What we wrote beside media files."""
        from .sidecars import SidecarRepository
        from .signatures import SignatureStore

        signatures = SignatureStore(self.path.parent / SIGNATURES_FOLDER)
        return SidecarRepository(self._engine, signatures)

    def close_idle_connections(self) -> None:
        """Close the connections that nobody uses, each of which keeps megabytes of pages."""
        self._engine.dispose()

    def close(self) -> None:
        """Close all connections."""
        if "judgements" in vars(self):
            self.judgements.flush()
        self.kv.close()
        self._engine.dispose()
