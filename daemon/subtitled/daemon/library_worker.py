"""Taking files of one library: what was told of them, what has settled, what is to be planned."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from subtitled.db.commands import Command, CommandKind
from subtitled.db.database import Database
from subtitled.db.records import FileRecord
from subtitled.library.ingest import Ingest
from subtitled.media.ffmpeg import ShutdownRequested

_log = logging.getLogger(__name__)

GATHER_SECONDS = 0.1
"""Seconds for which what is told is gathered: ten thousand events of a file are then one."""
GATHER_FACTOR = 5.0
"""It is gathered for so many times as long as it took to take in what came before."""
MAX_REST_SECONDS = 30.0
"""Seconds between two looks at the ledger, whatever it says: others write into it as well."""
MIN_REST_SECONDS = 1.0
"""Seconds between two looks that found nothing, though something is due."""
ERROR_WAIT_SECONDS = 10.0
"""Seconds after something went wrong, such as a full disk."""
MAX_PLANNING_SECONDS = 1.0
"""Seconds of planning between two looks at what is most urgent."""


class LibraryWorker(threading.Thread):
    """A thread for each library, so that a share that hangs holds up none but its own files."""

    def __init__(
        self,
        library: str,
        db: Database,
        ingest: Ingest,
        plan_file: Callable[[FileRecord], None],
        on_completed: Callable[[Sequence[Command]], None] = lambda asked: None,
    ) -> None:
        """``plan`` is given each file that has settled, ``looked`` what was asked for, once the
        path was looked at."""
        super().__init__(name=f"taking {library}", daemon=True)
        self._library = library
        self._db = db
        self._ingest = ingest
        self._plan_file = plan_file
        self._on_completed = on_completed
        self._submitted: list[Command] = []
        self._changed_paths: dict[Path, None] = {}
        self._lock = threading.Lock()
        self._wake_event = threading.Event()
        self._stopping = threading.Event()

    def path_changed(self, path: Path) -> None:
        """Something happened to a path; it is looked at once, however often this is said."""
        with self._lock:
            self._changed_paths[path] = None
        self._wake_event.set()

    def submit(self, command: Command) -> None:
        """Somebody asks for something about a path, which may not be known, nor lie where it seems.

        It is answered in this thread, which plans as well: what comes first is not planned by what
        was known of it before.
        """
        with self._lock:
            self._submitted.append(command)
        self._wake_event.set()

    def wake(self) -> None:
        """The ledger has something new."""
        self._wake_event.set()

    def request_stop(self) -> None:
        """Ask for the end, without waiting: a file system may hang."""
        self._stopping.set()
        self._wake_event.set()

    def run(self) -> None:
        rest_seconds = gather = 0.0
        while not self._stopping.is_set():
            try:
                self._wake_event.wait(rest_seconds)
                self._wake_event.clear()
                if self._changed_paths or self._submitted:
                    self._stopping.wait(max(GATHER_SECONDS, gather))
                    gather = GATHER_FACTOR * self._ingest_changes()
                rest_seconds = self._plan_ready_files()
            except ShutdownRequested:
                return
            except Exception:  # noqa: BLE001 - logged
                if self._stopping.is_set():
                    return
                _log.exception("library %s: it is tried again in a while", self._library)
                rest_seconds = ERROR_WAIT_SECONDS

    def _ingest_changes(self) -> float:
        """Take in what was told; how many seconds that took."""
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
        """The paths that are to be looked at before anything can be answered."""
        for command in commands:
            if command.path is not None and (
                command.kind == CommandKind.PATH_CHANGED or self._db.get(command.path) is None
            ):
                yield from self._ingest.inside_library([command.path])

    def _plan_ready_files(self) -> float:
        """Plan the most urgent of what has settled; in how many seconds to look again."""
        begin = time.monotonic()
        due = self._ingest.ready_files(time.time(), [self._library])
        for record in due:
            if self._stopping.is_set():
                return 0.0
            self._plan_file(record)
            if (
                self._changed_paths
                or self._submitted
                or time.monotonic() - begin > MAX_PLANNING_SECONDS
            ):
                return 0.0
        if due:
            return 0.0
        at = self._db.next_check_at(self._library)
        if at is None:
            return MAX_REST_SECONDS
        remaining_seconds = at - time.time()
        return (
            min(MAX_REST_SECONDS, remaining_seconds) if remaining_seconds > 0 else MIN_REST_SECONDS
        )
