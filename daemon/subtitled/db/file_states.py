"""The states of the files: which are due, what their jobs made of them, what is checked again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from .engine import write_transaction
from .files import REPLACED_CONTENT_VALUES
from .history import HistoryEntry, write_change
from .overview import FileOverview, write_overview
from .records import (
    ACTIVE_STATES,
    FAILURE_STATES,
    FINAL_STATES,
    FileRecord,
    FileState,
    StabilityVerdict,
    record_from_row,
)
from .reexamination import requeue_file
from .schema import files
from .unchanged import UntilChange

_NO_PROGRESS: dict[str, Any] = {"progress": "", "progress_share": None, "progress_since": None}


class FileStateRepository:
    """The ``files`` table, by the state of the files."""

    def __init__(self, engine: sa.Engine, version: Callable[[], str]) -> None:
        """Create the repository.

        Args:
            engine: The database.
            version: Returns a text that changes with every write to it.
        """
        self._engine = engine
        self._counts = UntilChange(version, self._count_by_state)

    def by_state(self, *states: FileState) -> Iterator[FileRecord]:
        """Yield the files in any of the states, the most urgent first.

        They are read a page at a time.
        """
        query = (
            sa.select(files)
            .where(files.c.state.in_(states))
            .order_by(files.c.priority, files.c.added_at.desc(), files.c.id)
        )
        with self._engine.connect().execution_options(yield_per=500) as c:
            for page in c.execute(query).mappings().partitions():
                yield from map(record_from_row, page)

    def decided(
        self, library: str, states: Collection[FileState], since: float = 0.0
    ) -> list[FileRecord]:
        """Return the files of a library in any of the states that were decided by its settings.

        One that a person took off the queue was not.

        Args:
            library: The name of the library.
            states: The states.
            since: Only what was updated then or later, in seconds since 1970.
        """
        query = sa.select(files).where(
            files.c.library == library,
            files.c.state.in_(states),
            files.c.settings_digest.is_not(None),
            files.c.updated_at >= since,
        )
        with self._engine.connect() as c:
            return [record_from_row(row) for row in c.execute(query).mappings()]

    def due_files(
        self,
        now: float,
        limit: int,
        libraries: Collection[str],
        oldest_first: Collection[str] = (),
    ) -> list[FileRecord]:
        """Return the files whose next check is due, the most urgent and newest first.

        Args:
            now: Seconds since 1970.
            limit: The largest number of files.
            libraries: The names of the libraries to consider.
            oldest_first: Those of them whose oldest files come first.

        A file that was updated after ``now`` was updated before the system clock was set back, so
        it is due as well.
        """
        records = list[FileRecord]()
        with self._engine.connect() as c:
            for name in libraries:
                due = sa.select(files).where(
                    files.c.library == name,
                    files.c.next_check_at.is_not(None),
                    sa.or_(files.c.next_check_at <= now, files.c.updated_at > now),
                )
                queries = [due.order_by(files.c.priority, files.c.added_at.desc(), files.c.id)]
                if name in oldest_first:  # one priority after the other, so that nothing is sorted
                    queries = [
                        due.where(files.c.priority == priority).order_by(
                            files.c.added_at, files.c.id
                        )
                        for priority in _checked_priorities(c, name)
                    ]
                found = list[FileRecord]()
                for query in queries:
                    rows = c.execute(query.limit(limit - len(found))).mappings()
                    found += map(record_from_row, rows)
                    if len(found) >= limit:
                        break
                records += found
        records.sort(key=lambda record: record.priority)
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
        overview: FileOverview | None = None,
        entry: HistoryEntry | None = None,
        also: Callable[[sa.Connection], object] | None = None,
        **values: Any,
    ) -> bool:
        """Set the state of a file.

        Reasons, hints, progress and the next check are cleared unless given.

        Args:
            file_id: The number of the file.
            state: The new state.
            expected_job: The record as the caller's job knows it. Nothing is changed if the file
                has another job by now, or another worker.
            overview: What the file has and needs, if it was examined.
            entry: What the history keeps of this, unless its newest entry says the same.
            also: What else is written in the same transaction, after the state.
            values: Further columns of the ``files`` table.

        Returns:
            Whether the file was changed.
        """
        new_values = {"reason": "", "hint": "", "next_check_at": None, **_NO_PROGRESS, **values}
        if state in FINAL_STATES - FAILURE_STATES:
            new_values = {"attempts": 0, "crashes": 0, **new_values}
        the_file = files.c.id == file_id
        if expected_job is not None:
            the_file = sa.and_(
                the_file,
                files.c.job_id == expected_job.job_id,
                files.c.worker.is_not_distinct_from(expected_job.worker),
            )
        with write_transaction(self._engine) as c:
            library = c.execute(
                files.update()
                .where(the_file)
                .values(state=state, updated_at=time.time(), **new_values)
                .returning(files.c.library)
            ).scalar()
            if library is None:
                return False
            if overview is not None:
                write_overview(c, file_id, library, overview)
            if entry is not None:
                write_change(c, entry)
            if also is not None:
                also(c)
            return True

    def set_progress(self, path: Path, progress: str, share: float) -> None:
        """Store how far the job of a file is.

        Args:
            path: The media file.
            progress: The step in progress.
            share: The share of it that is done, 0 to 1. With 0 the step begins.
        """
        now = time.time()
        since = sa.func.coalesce(files.c.progress_since, now) if share else now
        with self._engine.begin() as c:
            c.execute(
                files.update()
                .where(files.c.path == os.fsencode(path))
                .values(progress=progress, progress_share=share, progress_since=since)
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
        return dict(self._counts.get())

    def _count_by_state(self) -> dict[FileState, int]:
        query = sa.select(files.c.state, sa.func.count()).group_by(files.c.state)
        with self._engine.connect() as c:
            return {FileState(state): number for state, number in c.execute(query)}

    def has_jobs(self, except_id: int) -> bool:
        """Return whether any file but one has a job."""
        with self._engine.connect() as c:
            is_active = files.c.state.in_(ACTIVE_STATES)
            active = sa.select(files.c.id).where(is_active, files.c.id != except_id).limit(1)
            return c.execute(active).first() is not None

    def queued_later(
        self, record: FileRecord, priority: int, newest_first: bool, limit: int
    ) -> list[str]:
        """Return the jobs of a library's queued files that have their turn after one, in order.

        Args:
            record: The file.
            priority: The priority of it and of the others.
            newest_first: Whether the newest files come first, or the oldest.
            limit: The largest number of jobs. The last of all are returned.
        """
        added, number = files.c.added_at, files.c.id
        is_later = added < record.added_at if newest_first else added > record.added_at
        # An index is gone through from the last one up to this bound.
        in_range = added <= record.added_at if newest_first else added >= record.added_at
        is_next = sa.and_(added == record.added_at, number > record.id)
        query = (
            sa.select(files.c.job_id)
            .where(
                files.c.state == FileState.QUEUED,
                files.c.library == record.library,
                files.c.priority == priority,
                files.c.job_id.is_not(None),
                in_range,
                sa.or_(is_later, is_next),
            )
            .order_by(added if newest_first else added.desc(), number.desc())
            .limit(limit)
        )
        with self._engine.connect() as c:
            return list(c.execute(query).scalars())[::-1]

    def has_files(self, library: str) -> bool:
        """Return whether the database has any file of a library."""
        query = sa.select(files.c.id).where(files.c.library == library).limit(1)
        with self._engine.connect() as c:
            return c.execute(query).first() is not None

    def requeue(self, file_id: int, priority: int | None = None) -> None:
        """Evaluate a file again now, and forget its failures."""
        with self._engine.begin() as c:
            requeue_file(c, file_id, priority)

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


def _checked_priorities(c: sa.Connection, library: str) -> Iterator[int]:
    """Yield the priorities of a library's files that have a next check, in ascending order."""
    query = sa.select(sa.func.min(files.c.priority)).where(
        files.c.library == library, files.c.next_check_at.is_not(None)
    )
    priority = c.execute(query).scalar()
    while priority is not None:
        yield priority
        priority = c.execute(query.where(files.c.priority > priority)).scalar()
