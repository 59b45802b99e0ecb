"""The worker thread of one library: ingests changed paths and plans stable files."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from subtitled.db.commands import Command, CommandKind
from subtitled.db.database import Database
from subtitled.db.records import ACTIVE_STATES, FileRecord
from subtitled.library.ingest import Ingest
from subtitled.media.errors import ShutdownRequested
from subtitled.plugin.paths import display_path
from subtitled.polling import PollingWorker

_log = logging.getLogger(__name__)

COLLECT_SECONDS = 0.1
"""Seconds for which changes are collected, so that ten thousand events of a file become one."""
COLLECT_FACTOR = 5.0
"""Changes are collected for this many times as long as the last ingestion took."""
MAX_COLLECT_SECONDS = 10.0
"""Longest collection: after a caller named ten thousand paths, a new film does not wait longer."""
MAX_REST_SECONDS = 30.0
"""Longest wait between two checks of the database, because other processes write to it as well."""
MIN_REST_SECONDS = 1.0
"""Shortest wait between two checks that find nothing although a file is due."""
ERROR_WAIT_SECONDS = 10.0
"""Wait after an error, such as a full disk."""
EXAMINED_AT_ONCE = 5
"""Files of an older version that are examined before changes are looked for again."""
EXPECTED_FILES = 5
"""Files that are announced before they are planned, with the one that is planned now."""
MAX_POSTPONEMENT_SECONDS = 6 * 3600.0
"""Longest wait of a file whose plan cannot be stored, which doubles with each failure."""
MAX_PLANNING_SECONDS = 1.0
"""Longest time of planning before the most urgent file is determined again."""


class FilePlanner(Protocol):
    """What plans the files of a library, one after the other."""

    def expect(self, records: Sequence[FileRecord]) -> None:
        """Prepare for planning some files, the next one first."""

    def plan(self, record: FileRecord) -> None:
        """Decide what a stable file needs."""


class LibraryWorker(PollingWorker):
    """A thread for each library, so that a hung share blocks only its own files."""

    def __init__(
        self,
        library: str,
        db: Database,
        ingest: Ingest,
        planner: FilePlanner,
        on_completed: Callable[[Sequence[Command]], None] = lambda commands: None,
        examine_pending: Callable[[str, int], int] = lambda library, limit: 0,
    ) -> None:
        """Create the worker.

        Args:
            library: The name of the library.
            db: The database.
            ingest: Stores what was found, and names the files that are stable.
            planner: Plans each file that is stable.
            on_completed: Is called with commands after their paths were checked.
            examine_pending: Examines some files whose coverage is not known yet, while there is
                nothing else to do. It is called with the library and the largest number, and
                returns how many it examined.
        """
        super().__init__(f"library {library}")
        self._library = library
        self._db = db
        self._ingest = ingest
        self._planner = planner
        self._on_completed = on_completed
        self._examine_pending = examine_pending
        self._submitted: list[Command] = []
        self._changed_paths: dict[Path, None] = {}
        self._lock = threading.Lock()
        self._collect_seconds = COLLECT_SECONDS
        self._failures: dict[int, int] = {}
        """How often in a row the plan of a file could not be stored."""

    def path_changed(self, path: Path) -> None:
        """Report that a path changed. Several reports of a path lead to one check."""
        with self._lock:
            self._changed_paths[path] = None
        self.wake()

    def submit(self, command: Command) -> None:
        """Accept a command about a path, which may be unknown yet.

        The command is executed in this thread, which also plans. So a file that gets a priority is
        checked again before it is planned.
        """
        with self._lock:
            self._submitted.append(command)
        self.wake()

    def error_wait(self) -> float:
        """Return the seconds until the next call after an unexpected error."""
        return ERROR_WAIT_SECONDS

    def tick(self) -> float:
        """Check changed paths and plan stable files; return the seconds until the next call."""
        try:
            if self._changed_paths or self._submitted:
                self.rest(self._collect_seconds)
                self._collect_seconds = collect_seconds(self._ingest_changes())
            return self._plan_ready_files()
        except ShutdownRequested:
            self.request_stop()
            return 0.0

    def _ingest_changes(self) -> float:
        """Ingest the collected changes and return the seconds that took."""
        with self._lock:
            paths, self._changed_paths = list(self._changed_paths), {}
            commands, self._submitted = self._submitted, []
        begin = time.monotonic()
        try:
            self._ingest.on_paths_changed(*paths, *self._unknown_paths(commands))
            if commands:
                self._on_completed(commands)
        except Exception:
            with self._lock:
                self._changed_paths = dict.fromkeys(paths) | self._changed_paths
                self._submitted = commands + self._submitted
            raise
        return time.monotonic() - begin

    def _unknown_paths(self, commands: Iterable[Command]) -> Iterator[Path]:
        """Yield the paths that must be checked before the commands can be executed."""
        for command in commands:
            if command.path is not None and (
                command.kind is CommandKind.PATH_CHANGED or self._db.files.get(command.path) is None
            ):
                yield from self._ingest.inside_library([command.path])

    def _plan_ready_files(self) -> float:
        """Plan the most urgent stable files and return the seconds until the next check."""
        begin = time.monotonic()
        ready = self._ingest.ready_files(time.time(), [self._library])
        for place, record in enumerate(ready):
            if self.is_stopping:
                return 0.0
            self._planner.expect(ready[place : place + EXPECTED_FILES])
            self._plan(record)
            if (
                self._changed_paths
                or self._submitted
                or time.monotonic() - begin > MAX_PLANNING_SECONDS
            ):
                return 0.0
        if ready or self._examine_pending(self._library, EXAMINED_AT_ONCE):
            return 0.0
        next_check_at = self._db.states.next_check_at(self._library)
        if next_check_at is None:
            return MAX_REST_SECONDS
        remaining_seconds = next_check_at - time.time()
        return (
            min(MAX_REST_SECONDS, remaining_seconds) if remaining_seconds > 0 else MIN_REST_SECONDS
        )

    def _plan(self, record: FileRecord) -> None:
        """Plan a file. One whose plan cannot be stored waits, and does not stop the others.

        Raises:
            Exception: The database or the queue is at fault, and not the file.
        """
        try:
            self._planner.plan(record)
        except Exception:
            stored = self._db.files.get_by_id(record.id)
            if stored is not None and stored.state in ACTIVE_STATES:
                raise  # The planner finds out whether the queue knows its job.
            failures = self._failures.get(record.id, 0)
            seconds = min(MAX_POSTPONEMENT_SECONDS, ERROR_WAIT_SECONDS * 2**failures)
            self._db.states.schedule_check([record.id], time.time() + seconds)
            self._failures[record.id] = min(failures + 1, 16)
            _log.exception(
                "%s: its plan cannot be stored; it is tried again in %.0f s",
                display_path(record.path),
                seconds,
            )
        else:
            self._failures.pop(record.id, None)


def collect_seconds(ingestion_seconds: float) -> float:
    """Return for how many seconds changes are collected after an ingestion that took so long."""
    return min(MAX_COLLECT_SECONDS, max(COLLECT_SECONDS, COLLECT_FACTOR * ingestion_seconds))
