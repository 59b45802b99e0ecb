"""The gate for the jobs of one process: they wait until they may run, or give their place away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from subtitled.db.database import Database
from subtitled.db.records import ACTIVE_STATES, FileRecord, FileState
from subtitled.media.errors import ShutdownRequested
from subtitled.plugin.paths import display_path

from .gate import Blocked, WorkGate
from .throttle_state import VIEWERS_RULE

_log = logging.getLogger(__name__)

SAME_CONTENT_WAIT_SECONDS = 120.0
"""Seconds before a job checks again whether another process is done with its fingerprint."""
WATCHED_WAIT_SECONDS = 60.0
"""Seconds for which a job makes room for a file that is being watched."""


class DeferJob(BaseException):
    """A job gives its place to others. It is no error, so no handler of errors catches it."""

    def __init__(self, blocked: Blocked) -> None:
        super().__init__(blocked.reason)
        self.blocked = blocked


class JobGate:
    """The gate for the jobs of one process."""

    def __init__(self, gate: WorkGate, db: Database, worker: str) -> None:
        """Create the gate.

        Args:
            gate: The rules.
            db: The database.
            worker: The name of this process.
        """
        self._gate = gate
        self._db = db
        self._worker = worker
        self._stopping = threading.Event()

    def close(self) -> None:
        """Make every waiting job raise :class:`ShutdownRequested`."""
        self._stopping.set()

    def claim_when_open(self, record: FileRecord, engines: Sequence[str]) -> FileRecord:
        """Wait until a job may start, and mark its file as being worked on by this process.

        Args:
            record: The file of the job.
            engines: The engines that it may use.

        Returns:
            The file as it is then.

        Raises:
            DeferJob: The job has to wait for something that does not hold back other jobs, such as
                another process that transcribes the same fingerprint.
            ShutdownRequested: The process stops.
        """
        self.wait_until_open(record, *engines)
        if (blocked := self._gate.disk_space(record.library)) is not None:
            raise DeferJob(blocked)
        twin = self._db.files.claim(record, self._worker)
        if twin is not None:
            reason = (
                f"{twin.worker} works on a file with the same content, {display_path(twin.path)}"
            )
            raise DeferJob(
                Blocked(reason, time.time() + SAME_CONTENT_WAIT_SECONDS, is_for_all_jobs=False)
            )
        return replace(record, state=FileState.WORKING, worker=self._worker)

    def wait_until_open(self, record: FileRecord, *engines: str) -> None:
        """Wait for as long as no job may run.

        Raises:
            DeferJob: Only this library may not be worked on, none of the engines may be called, or
                a file that is being watched needs the place.
            ShutdownRequested: The process stops.
        """
        engine_names = [engine for engine in engines if engine]
        while not self._stopping.is_set():
            blocked = self._gate.blocked_for_job(record.library, engine_names, record.path)
            if blocked is None:
                return
            if not blocked.is_for_all_jobs:
                raise DeferJob(blocked)
            if self._is_watched_file_queued():
                until = time.time() + WATCHED_WAIT_SECONDS
                raise DeferJob(Blocked(blocked.reason, until, is_for_all_jobs=False))
            # The database is asked, not the queue: a query of the queue would become a step of the
            # workflow.
            current = self._db.files.get_by_id(record.id)
            if current is None or current.job_id != record.job_id:
                return  # Cancelled, or given to another job: the next step raises it.
            self._stopping.wait(1.0)
        raise ShutdownRequested

    def must_make_room(self, record: FileRecord) -> bool:
        """Return whether a film that somebody watches needs the place of another file's job."""
        viewed = self._gate.watched_files(VIEWERS_RULE)
        if not viewed or record.path in viewed:
            return False
        return self._is_watched_file_queued(VIEWERS_RULE)

    def make_room(self, record: FileRecord) -> None:
        """End a job whose place a film needs that somebody watches. It does not wait.

        It is called in the middle of steps that are cheap to do again.

        Raises:
            DeferJob: The job makes room.
        """
        if self.must_make_room(record):
            until = time.time() + WATCHED_WAIT_SECONDS
            reason = "a film that somebody watches gets its subtitle first"
            raise DeferJob(Blocked(reason, until, is_for_all_jobs=False))

    def _is_watched_file_queued(self, rule: str | None = None) -> bool:
        """Return whether a file that may run now waits for a process, such as this one."""
        watched = map(self._db.files.get, self._gate.watched_files(rule))
        return any(record is not None and record.state is FileState.QUEUED for record in watched)

    def defer(self, record: FileRecord, blocked: Blocked) -> None:
        """Put a file aside until a time.

        What was transcribed is kept, and no attempt is counted.
        """
        if record.reason != blocked.reason:
            _log.info("%s deferred: %s", display_path(record.path), blocked.reason)
        self._db.states.set_state(
            record.id,
            FileState.WAITING,
            expected_job=record if record.state in ACTIVE_STATES else None,
            reason=blocked.reason,
            next_check_at=blocked.until,
            job_id=None,
        )
