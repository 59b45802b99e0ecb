"""The database: the media files of the libraries, and what became of them."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from subtitled.plugin import SetupError

from .backup import PRE_UPGRADE_BACKUP, copy_database
from .commands import CommandQueue
from .egress_log import EgressLog
from .engine import is_sqlite, open_engine, write_transaction
from .files import REPLACED_CONTENT_VALUES, FileRepository
from .files_bulk import BulkFileRepository, DiffOptions
from .judgements import JudgementRepository
from .kv import KeyValueStore
from .notifications import NotificationOutbox
from .outbox import ServerOutbox
from .records import (
    BACKFILL,
    FAILURE_STATES,
    FINAL_STATES,
    FileRecord,
    FileState,
    ScanDiff,
    StabilityVerdict,
    record_from_row,
)
from .schema import files, metadata
from .sidecars import SidecarRepository
from .signatures import SignatureStore
from .state_folder import SIGNATURES_FOLDER

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
        _migrate(self._engine, path)
        self.files = FileRepository(self._engine)
        self.bulk_files = BulkFileRepository(self._engine)
        signatures = SignatureStore(path.parent / SIGNATURES_FOLDER)
        self.sidecars = SidecarRepository(self._engine, signatures)
        self.deliveries = ServerOutbox(self._engine)
        self.kv = KeyValueStore(self._engine, path)
        self.commands = CommandQueue(self._engine)
        self.notifications = NotificationOutbox(self._engine)
        self.egress_log = EgressLog(self._engine)
        self.judgements = JudgementRepository(self._engine)

    def close(self) -> None:
        """Close all connections."""
        self.judgements.flush()
        self.kv.close()
        self._engine.dispose()

    def record_seen(
        self, library: str, path: Path, stat: os.stat_result, priority: int = BACKFILL
    ) -> None:
        """Record that a media file exists.

        A changed one becomes unstable, an unchanged one keeps its state.
        """
        key, now = os.fsencode(path), time.time()
        stored, diff = self.bulk_files.lookup(library, [key]), ScanDiff()
        # The caller knows nothing about the sidecars, so their hash stays as it is.
        sidecar_hash = (stored[key][3] if key in stored else None) or 0
        diff.add([(key, stat, sidecar_hash)], stored)
        options = DiffOptions(
            priority=priority, now=now, check_at=now, reevaluate=False, requested=[key]
        )
        self.bulk_files.apply_diff(library, diff, options)

    def requeue(self, file_id: int, priority: int | None = None) -> None:
        """Evaluate a file again now, and forget its failures."""
        now = time.time()
        values: dict[str, Any] = {
            "state": FileState.STABILISING,
            "updated_at": now,
            "attempts": 0,
            "crashes": 0,
            "unstable_checks": 0,
            "next_check_at": now,
            "job_id": None,
            "reason": "",
            "hint": "",
            "missing_since": None,
            "previous_state": None,
        }
        if priority is not None:
            values["priority"] = priority
        with self._engine.begin() as c:
            c.execute(files.update().where(files.c.id == file_id).values(**values))

    def get(self, path: Path) -> FileRecord | None:
        """Return the record of a path, or None."""
        return self._fetch_one(files.c.path == os.fsencode(path))

    def get_by_id(self, file_id: int) -> FileRecord | None:
        """Return the record of a number, or None."""
        return self._fetch_one(files.c.id == file_id)

    def by_state(self, *states: FileState) -> Iterator[FileRecord]:
        """Yield the files in any of the states, the most urgent first.

        They are read a page at a time.
        """
        query = (
            sa.select(files)
            .where(files.c.state.in_(states))
            .order_by(files.c.priority, files.c.stable_since.desc(), files.c.id)
        )
        with self._engine.connect().execution_options(yield_per=500) as c:
            for page in c.execute(query).mappings().partitions():
                yield from map(record_from_row, page)

    def due_files(self, now: float, limit: int, libraries: Collection[str]) -> list[FileRecord]:
        """Return the files whose next check is due, the most urgent and newest first.

        Args:
            now: Seconds since 1970.
            limit: The largest number of files.
            libraries: The names of the libraries to consider.

        A file that was updated after ``now`` was updated before the system clock was set back, so
        it is due as well.
        """
        records = list[FileRecord]()
        with self._engine.connect() as c:
            for name in libraries:
                query = (
                    sa.select(files)
                    .where(
                        files.c.library == name,
                        files.c.next_check_at.is_not(None),
                        sa.or_(files.c.next_check_at <= now, files.c.updated_at > now),
                    )
                    .order_by(files.c.priority, files.c.stable_since.desc())
                    .limit(limit)
                )
                records += [record_from_row(row) for row in c.execute(query).mappings()]
        records.sort(key=lambda record: (record.priority, -record.stable_since, record.id))
        return records[:limit]

    def next_check_at(self, library: str) -> float | None:
        """Return the time of a library's next check, or None if no file has one."""
        query = sa.select(sa.func.min(files.c.next_check_at)).where(
            files.c.library == library, files.c.next_check_at.is_not(None)
        )
        with self._engine.connect() as c:
            at: float | None = c.execute(query).scalar()
            return at

    def wake_waiting(self) -> int:
        """Make every waiting file due now, and return how many there are."""
        with self._engine.begin() as c:
            waiting = files.c.state == FileState.WAITING
            return c.execute(
                files.update().where(waiting).values(next_check_at=time.time())
            ).rowcount

    def invalidate_decisions(self, library: str, settings_digest: str) -> int:
        """Evaluate again the files of a library that were decided under other settings.

        Returns:
            How many files there are.
        """
        decided = files.c.state.in_([*FINAL_STATES, FileState.RETRYING])
        return self._requeue_where(library, decided, files.c.settings_digest != settings_digest)

    def invalidate_failures(self, library: str, engines_digest: str) -> int:
        """Evaluate the failed and impossible files of a library again after its engines changed.

        Returns:
            How many files there are.
        """
        failed = files.c.state.in_([*FAILURE_STATES, FileState.IMPOSSIBLE])
        return self._requeue_where(library, failed, files.c.engines_digest != engines_digest)

    def set_state(
        self,
        file_id: int,
        state: FileState,
        *,
        expected_job: FileRecord | None = None,
        **values: Any,
    ) -> bool:
        """Set the state of a file.

        Reasons, hints, progress and the next check are cleared unless given.

        Args:
            file_id: The number of the file.
            state: The new state.
            expected_job: The record as the caller's job knows it. Nothing is changed if the file
                has another job by now, or another worker.
            values: Further columns of the ``files`` table.

        Returns:
            Whether the file was changed.
        """
        new_values = {"reason": "", "hint": "", "progress": "", "next_check_at": None, **values}
        if state in FINAL_STATES - FAILURE_STATES:
            new_values = {"attempts": 0, "crashes": 0, **new_values}
        the_file = files.c.id == file_id
        if expected_job is not None:
            the_file = sa.and_(
                the_file,
                files.c.job_id == expected_job.job_id,
                files.c.worker.is_not_distinct_from(expected_job.worker),
            )
        with self._engine.begin() as c:
            result = c.execute(
                files.update()
                .where(the_file)
                .values(state=state, updated_at=time.time(), **new_values)
            )
            return result.rowcount > 0

    def set_progress(self, path: Path, progress: str) -> None:
        """Store how far the job of a file is, as text."""
        with self._engine.begin() as c:
            c.execute(
                files.update().where(files.c.path == os.fsencode(path)).values(progress=progress)
            )

    def mark_unstable(
        self, file_id: int, stat: os.stat_result, verdict: StabilityVerdict, now: float
    ) -> None:
        """Store that a file is not complete yet, why, and when it is checked again."""
        values: dict[str, Any] = {
            "size": stat.st_size,
            "mtime_ns": stat.st_mtime_ns,
            "state": FileState.GROWING if verdict.is_growing else FileState.STABILISING,
            "reason": verdict.reason,
            "unstable_checks": verdict.unstable_checks,
            "next_check_at": verdict.check_at,
            "updated_at": now,
        }
        if verdict.has_changed:
            values |= {"stable_since": now, "attempts": 0, "crashes": 0, "job_id": None}
            values |= REPLACED_CONTENT_VALUES | {"hint": ""}
        with self._engine.begin() as c:
            c.execute(files.update().where(files.c.id == file_id).values(**values))

    def schedule_check(self, file_ids: Sequence[int], check_at: float | None) -> None:
        """Set the time of the next check of some files.

        With None they have no further check. Files that became unstable in the meantime keep
        theirs.
        """
        the_files: sa.ColumnElement[bool] = files.c.id.in_(file_ids)
        if check_at is None:
            the_files = sa.and_(the_files, files.c.state.in_(FINAL_STATES))
        with self._engine.begin() as c:
            c.execute(files.update().where(the_files).values(next_check_at=check_at))

    def count_by_state(self) -> dict[FileState, int]:
        """Count the files in each state."""
        query = sa.select(files.c.state, sa.func.count()).group_by(files.c.state)
        with self._engine.connect() as c:
            return {FileState(state): number for state, number in c.execute(query)}

    def has_files(self, library: str) -> bool:
        """Return whether the database has any file of a library."""
        query = sa.select(files.c.id).where(files.c.library == library).limit(1)
        with self._engine.connect() as c:
            return c.execute(query).first() is not None

    def _requeue_where(self, library: str, *conditions: sa.ColumnElement[bool]) -> int:
        with self._engine.begin() as c:
            result = c.execute(
                files.update()
                .where(files.c.library == library, *conditions)
                .values(
                    state=FileState.STABILISING,
                    attempts=0,
                    crashes=0,
                    unstable_checks=0,
                    next_check_at=time.time(),
                )
            )
            return result.rowcount

    def _fetch_one(self, condition: sa.ColumnElement[bool]) -> FileRecord | None:
        with self._engine.connect() as c:
            row = c.execute(sa.select(files).where(condition)).mappings().first()
        return record_from_row(row) if row is not None else None


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
