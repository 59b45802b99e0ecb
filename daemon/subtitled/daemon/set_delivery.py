"""Watch folders: what happens with the files of a library when all is made of them."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.config.settings import LibrarySettings
from subtitled.db.audit import describe_delivery
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.records import FINAL_STATES, FileRecord, FileState
from subtitled.db.sidecars import SidecarStatus
from subtitled.library.file_set import list_set, result_file_of
from subtitled.library.file_settings import FileSettings, settings_of_file
from subtitled.library.media_filter import MediaFilter
from subtitled.library.moves import recheck_same_stem
from subtitled.library.set_moves import Move, SetMover, choose_targets
from subtitled.plugin import InputRejectedError, SubtitledError
from subtitled.plugin.files import write_atomic
from subtitled.plugin.paths import display_path

from .set_results import describe_result, render_result

_log = logging.getLogger(__name__)

JOURNALS_FOLDER = "set-moves"
"""The folder of the journals in the state folder."""
RETRY_SECONDS = 600.0
"""Seconds until all finished files are looked at again, and a file is tried again that could not be
delivered."""
CLOCK_SECONDS = 300.0
"""How far the clocks of workers may be apart, which write when a file was finished."""
STAMP_SECONDS = 0.01
"""How exactly file systems keep the time of a file. Where it is less exactly, results are written
again after a start."""
DONE_STATES = frozenset({FileState.DONE, FileState.UP_TO_DATE, FileState.NO_SPEECH})
"""Final states of files that got what was wanted. The others go into the failed folder."""


@dataclass(frozen=True, slots=True)
class _Look:
    """When the finished files of a library were looked at."""

    whole_at: float
    """When all of them were, by the monotonic clock."""
    at: float
    """The last time, in seconds since 1970."""


class SetDelivery:
    """Writes result files, and moves finished sets, of the libraries that want it."""

    def __init__(self, configuration: Configuration, db: Database) -> None:
        """Create it. :meth:`finish_interrupted` is called before files are looked at."""
        self._settings = configuration.settings
        self._db = db
        self._libraries: Mapping[str, LibrarySettings] = {
            name: library
            for name, library in configuration.settings.libraries.items()
            if library.ingest.delivers
        }
        journals = resolve_state_dir(configuration.settings) / JOURNALS_FOLDER
        self._mover = SetMover(journals, self._record_moved)
        self._delivered: dict[int, float] = {}
        """When the state of each file was written that was delivered and stayed."""
        self._failed_at: dict[int, float] = {}
        """When each file could not be delivered, by the monotonic clock."""
        self._looks: dict[str, _Look] = {}
        """When the finished files of each library were looked at."""
        self._is_finished = False

    def finish_interrupted(self) -> None:
        """Finish the moves that a power cut interrupted, as far as their folders are there."""
        self._is_finished = not self._mover.finish()

    def deliver(self, library: str) -> int:
        """Deliver the finished files of a library.

        What cannot be delivered stays where it is, and is tried again after ten minutes.

        Returns:
            How many sets were moved.
        """
        if library not in self._libraries:
            return 0
        if not self._is_finished:
            self.finish_interrupted()
        now = time.monotonic()
        finished = [
            record
            for record in self._db.states.decided(library, FINAL_STATES, self._begin_look(library))
            if self._delivered.get(record.id) != record.updated_at
            and now - self._failed_at.get(record.id, -RETRY_SECONDS) >= RETRY_SECONDS
        ]
        moved = 0
        for record in finished:
            if not _is_as_recorded(record):
                continue  # It is gone or another one, which the next scan finds, or its share is.
            try:
                moved += self._deliver(record, self._libraries[library])
                self._delivered[record.id] = record.updated_at
            except (OSError, SubtitledError) as error:
                self._failed_at[record.id] = now
                self._is_finished = False  # A set may have been moved in part.
                _log.error("%s is not delivered: %s", display_path(record.path), error)
        return moved

    def _begin_look(self, library: str) -> float:
        """Return since when finished files are looked at; 0 for all of them.

        All are looked at from time to time, and when the clock was set back.
        """
        now = _Look(whole_at=time.monotonic(), at=time.time())
        last = self._looks.get(library)
        is_whole = last is None or now.whole_at - last.whole_at >= RETRY_SECONDS or now.at < last.at
        self._looks[library] = now if last is None or is_whole else replace(last, at=now.at)
        return 0.0 if last is None or is_whole else last.at - CLOCK_SECONDS

    def _deliver(self, record: FileRecord, library: LibrarySettings) -> bool:
        """Deliver one file. Return whether its set was moved."""
        media, ingest = record.path, library.ingest
        is_done = record.state in DONE_STATES
        sidecars = [
            sidecar
            for sidecar in self._db.sidecars.of_media(media)
            if sidecar.status is SidecarStatus.PRESENT and sidecar.path.is_file()
        ]
        settings = self._settings_of(record, library)
        if ingest.result_files and not _is_current(result_file_of(media), record):
            result = describe_result(record, settings, sidecars, is_done=is_done)
            write_atomic(result_file_of(media), render_result(result))
            _stamp(result_file_of(media), record)
        folder = ingest.done_folder if is_done else ingest.failed_folder
        if folder is None:
            return False
        target = folder / media.parent.relative_to(library.path)
        files = list_set(media, MediaFilter(library))
        moves = choose_targets(files, target, media.stem)
        note = {"project": settings.project, "state": str(record.state)}
        self._mover.move(moves, note)
        return True

    def _settings_of(self, record: FileRecord, library: LibrarySettings) -> FileSettings:
        try:
            return settings_of_file(self._settings, library, record.path)
        except InputRejectedError:  # It is why the file failed, which its reason says.
            return FileSettings(library=library)

    def _record_moved(self, moves: Sequence[Move], note: Mapping[str, str]) -> None:
        """Record that a set is delivered. One of the same content may come again."""
        media, target = moves[0]
        for source, _ in moves:
            self._db.sidecars.delete(source)
        record = self._db.files.get(media)
        if record is not None and not os.path.lexists(media):
            # No scan has to find that first: the same file may be put there again before.
            recheck_same_stem(self._db, media)
            self._db.files.mark_missing(
                record.id, time.time(), f"delivered: {describe_delivery(target)}"
            )
        place = display_path(target)
        _log.info("%s is delivered to %s", display_path(media), place)
        self._db.history.add(
            HistoryEntry(
                event=HistoryEvent.DELIVERED,
                path=media,
                file_id=record.id if record is not None else None,
                library=record.library if record is not None else None,
                reason=describe_delivery(target),
                details={
                    **note,
                    "target": place,
                    "files": [display_path(source.name) for source, _ in moves],
                },
            )
        )


def _is_as_recorded(record: FileRecord) -> bool:
    """Return whether a media file is the one about which was decided, not one put there since."""
    try:
        stat = record.path.stat()
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (record.size, record.mtime_ns)


def _stamp(result: Path, record: FileRecord) -> None:
    """Give a result file the time of the state that it tells. A share's clock may be another."""
    with contextlib.suppress(OSError):
        os.utime(result, (record.updated_at, record.updated_at))


def _is_current(result: Path, record: FileRecord) -> bool:
    """Return whether a result file is about the state that its media file has."""
    try:
        return abs(result.stat().st_mtime - record.updated_at) < STAMP_SECONDS
    except OSError:
        return False
