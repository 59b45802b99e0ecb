"""What other processes ask of the daemon: done, or handed to who may take long over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.db.commands import Command, CommandKind
from subtitled.db.database import Database
from subtitled.db.records import FINAL_STATES, URGENT, WATCHED
from subtitled.jobs.planner import JobPlanner
from subtitled.library.ingest import library_containing

from .library_worker import LibraryWorker
from .playback import PlaybackLookup

_PRIORITIES = {
    CommandKind.PRIORITISE: URGENT,
    CommandKind.PLAYBACK_STARTED: URGENT,
    CommandKind.PRIORITISE_WATCHING: WATCHED,
}
"""Of files that somebody waits for, by the kind of request."""
_HANDED_ON = frozenset({CommandKind.PATH_CHANGED, CommandKind.RETRY, *_PRIORITIES})
"""Kinds of request about paths that may not be known yet, or are just being planned."""


class CommandDispatcher:
    """The requests of one life."""

    def __init__(
        self,
        db: Database,
        libraries: Mapping[str, LibrarySettings],
        planner: JobPlanner,
        library_workers: Mapping[str, LibraryWorker],
        playback_lookup: PlaybackLookup,
        request_scan: Callable[[str], None],
    ) -> None:
        """``taking`` has a thread for each library when the first request is taken."""
        self._db = db
        self._libraries = libraries
        self._planner = planner
        self._library_workers = library_workers
        self._playback_lookup = playback_lookup
        self._request_scan = request_scan
        self._last_command_id = 0
        """The number of the last request that was done or handed on."""

    def poll(self) -> None:
        """Do what was asked since the last time, or hand it to who does it."""
        queue = self._db.commands
        for request in queue.pending(after=self._last_command_id):
            if not self._delegate(request):
                self._execute(request)
                queue.mark_done([request.id])
            self._last_command_id = request.id

    def _delegate(self, command: Command) -> bool:
        """Whether somebody else does it, who may take long over it, and says when it is done."""
        path = command.path
        if command.kind is CommandKind.PLAYBACK_STARTED and path is None:
            self._playback_lookup.look_up(command)
            return True
        name = library_containing(path, self._libraries) if path is not None else None
        if name is None or command.kind not in _HANDED_ON:
            return False
        self._library_workers[name].submit(command)
        return True

    def completed(self, commands: Sequence[Command]) -> None:
        """Paths were looked at: what lies there, if anything does, is known now."""
        for request in commands:
            self._execute(request)
        self._db.commands.mark_done(request.id for request in commands)

    def _execute(self, command: Command) -> None:
        if command.kind is CommandKind.SCAN:
            self._scan_now(command.path)
            return
        if command.kind is CommandKind.JOB_LOST:
            self._planner.request_reconcile()
            return
        if command.kind is CommandKind.WAKE_WAITING:
            self._db.wake_waiting()
            for taking in self._library_workers.values():
                taking.wake()
            return
        record = self._db.get(command.path) if command.path else None
        if record is None:
            return
        if command.kind is CommandKind.CANCEL:
            self._planner.cancel(record)
        elif command.kind is CommandKind.RETRY:
            self._planner.retry(record)
        elif command.kind in _PRIORITIES and not (
            # To watch a film is no wish to have made what could not be made.
            command.kind is CommandKind.PLAYBACK_STARTED and record.state in FINAL_STATES
        ):
            self._planner.prioritise(record, _PRIORITIES[command.kind])
        if record.library in self._library_workers:
            self._library_workers[record.library].wake()

    def _scan_now(self, path: Path | None) -> None:
        """Walk the libraries that a path lies in or above; all without a path."""
        for name, library in self._libraries.items():
            root = library.path
            if path is None or path.is_relative_to(root) or root.is_relative_to(path):
                self._request_scan(name)
