"""The dispatcher of commands that other processes send to the daemon."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.db.commands import Command, CommandKind
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.records import FINAL_STATES, URGENT, WATCHED
from subtitled.jobs.planner import JobPlanner
from subtitled.library.paths import library_containing

from .item_lookup import ServerLookup
from .library_worker import LibraryWorker

_PRIORITIES = {
    CommandKind.PRIORITISE: URGENT,
    CommandKind.PLAYBACK_STARTED: URGENT,
    CommandKind.PRIORITISE_WATCHING: WATCHED,
}
"""Priorities that a command gives a file."""
_DELEGATED_KINDS = frozenset(
    {
        CommandKind.PATH_CHANGED,
        CommandKind.RETRY,
        CommandKind.TRANSLATE_AGAIN,
        *_PRIORITIES,
    }
)
"""Commands about paths that may be unknown yet, or that a library worker may be planning."""


class CommandDispatcher:
    """Executes the commands in the database, or delegates those that may take long."""

    def __init__(
        self,
        db: Database,
        libraries: Mapping[str, LibrarySettings],
        planner: JobPlanner,
        library_workers: Mapping[str, LibraryWorker],
        server_lookup: ServerLookup,
        request_scan: Callable[[str], None],
    ) -> None:
        """``library_workers`` must hold a worker for each library before the first :meth:`poll`."""
        self._db = db
        self._libraries = libraries
        self._planner = planner
        self._library_workers = library_workers
        self._server_lookup = server_lookup
        self._request_scan = request_scan
        self._last_command_id = 0
        """Number of the last command that was executed or delegated."""

    def poll(self) -> None:
        """Execute or delegate the commands that were added since the last call."""
        queue = self._db.commands
        for command in queue.pending(after=self._last_command_id):
            if not self._delegate(command):
                self._execute(command)
                queue.mark_done([command.id])
            self._last_command_id = command.id

    def _delegate(self, command: Command) -> bool:
        """Hand a command to another thread if it may take long; return whether that was done."""
        path = command.path
        if self._server_lookup.take(command):
            return True
        name = library_containing(path, self._libraries) if path is not None else None
        if name is None or command.kind not in _DELEGATED_KINDS:
            return False
        self._library_workers[name].submit(command)
        return True

    def completed(self, commands: Sequence[Command]) -> None:
        """Execute commands whose paths have been checked, so that their files are known now."""
        for command in commands:
            self._execute(command)
        self._db.commands.mark_done(command.id for command in commands)

    def _execute(self, command: Command) -> None:
        record = self._db.files.get(command.path) if command.path else None
        if command.actor:
            self._db.history.add(
                HistoryEntry(
                    event=HistoryEvent.REQUESTED,
                    path=command.path,
                    file_id=record.id if record is not None else None,
                    library=record.library if record is not None else None,
                    actor=command.actor,
                    reason=command.kind,
                )
            )
        if command.kind is CommandKind.SCAN:
            self._scan_now(command.path)
            return
        if command.kind is CommandKind.JOB_LOST:
            self._planner.request_reconcile()
            return
        if command.kind is CommandKind.WAKE_WAITING:
            self._db.states.wake_waiting()
            for library_worker in self._library_workers.values():
                library_worker.wake()
            return
        if record is None:
            return
        if command.kind is CommandKind.CANCEL:
            self._planner.cancel(record)
        elif command.kind is CommandKind.RETRY:
            self._planner.retry(record)
        elif command.kind is CommandKind.TRANSLATE_AGAIN:
            self._planner.translate_again(record)
        elif command.kind in _PRIORITIES and not (
            # Playback does not retry a file whose state is final.
            command.kind is CommandKind.PLAYBACK_STARTED and record.state in FINAL_STATES
        ):
            self._planner.prioritise(record, _PRIORITIES[command.kind])
        if command.kind is CommandKind.PLAYBACK_STARTED:
            for path in self._planner.find_next_episodes(record.path):
                self._db.commands.enqueue(CommandKind.PRIORITISE_WATCHING, path)
        if record.library in self._library_workers:
            self._library_workers[record.library].wake()

    def _scan_now(self, path: Path | None) -> None:
        """Scan the libraries that contain a path or lie in it; all of them without a path."""
        for name, library in self._libraries.items():
            root = library.path
            if path is None or path.is_relative_to(root) or root.is_relative_to(path):
                self._request_scan(name)
