"""Watch folders: what happens with the files of a library when all is made of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.records import FINAL_STATES, FileRecord, FileState
from subtitled.db.sidecars import SidecarRecord, SidecarStatus
from subtitled.library.file_set import list_set, result_file_of
from subtitled.library.file_settings import FileSettings, settings_of_file
from subtitled.library.media_filter import MediaFilter
from subtitled.library.set_moves import SetMover, choose_targets
from subtitled.plugin import InputRejectedError, SubtitledError
from subtitled.plugin.files import write_atomic
from subtitled.plugin.paths import display_path

from .set_results import describe_result, render_result

_log = logging.getLogger(__name__)

JOURNALS_FOLDER = "set-moves"
"""The folder of the journals in the state folder."""
DONE_STATES = frozenset({FileState.DONE, FileState.UP_TO_DATE, FileState.NO_SPEECH})
"""Final states of files that got what was wanted. The others go into the failed folder."""


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
        self._mover = SetMover(resolve_state_dir(configuration.settings) / JOURNALS_FOLDER)
        self._delivered: dict[int, float] = {}
        """When the state of each file was written that was delivered and stayed."""
        self._is_finished = False

    def finish_interrupted(self) -> None:
        """Finish the moves that a power cut interrupted, as far as their folders are there."""
        self._is_finished = not self._mover.finish()

    def deliver(self, library: str) -> int:
        """Deliver the finished files of a library.

        What cannot be delivered stays where it is, and is tried again when its state changes or at
        the next start.

        Returns:
            How many sets were moved.
        """
        if library not in self._libraries:
            return 0
        if not self._is_finished:
            self.finish_interrupted()
        finished = [
            record
            for record in self._db.states.decided(library, FINAL_STATES)
            if self._delivered.get(record.id) != record.updated_at
        ]
        moved = 0
        for record in finished:
            self._delivered[record.id] = record.updated_at
            try:
                moved += self._deliver(record, self._libraries[library])
            except FileNotFoundError:
                continue  # it is gone, which the next scan finds
            except (OSError, SubtitledError) as error:
                _log.error("%s is not delivered: %s", display_path(record.path), error)
            except SQLAlchemyError:
                self._delivered.pop(record.id, None)
                raise
        return moved

    def _deliver(self, record: FileRecord, library: LibrarySettings) -> bool:
        """Deliver one file. Return whether its set was moved."""
        media, ingest = record.path, library.ingest
        media.stat()
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
        folder = ingest.done_folder if is_done else ingest.failed_folder
        if folder is None:
            return False
        target = folder / media.parent.relative_to(library.path)
        files = list_set(media, MediaFilter(library))
        moves = choose_targets(files, target, media.stem)
        self._mover.move(moves)
        self._forget(record, sidecars, moves[0][1], settings.project)
        return True

    def _settings_of(self, record: FileRecord, library: LibrarySettings) -> FileSettings:
        try:
            return settings_of_file(self._settings, library, record.path)
        except InputRejectedError:  # It is why the file failed, which its reason says.
            return FileSettings(library=library)

    def _forget(
        self, record: FileRecord, sidecars: list[SidecarRecord], target: Path, project: str
    ) -> None:
        """Record that a file is delivered. One of the same content may come again."""
        for sidecar in sidecars:
            self._db.sidecars.delete(sidecar.path)
        place = display_path(target)
        _log.info("%s is delivered to %s", display_path(record.path), place)
        self._db.history.add(
            HistoryEntry(
                event=HistoryEvent.DELIVERED,
                path=record.path,
                file_id=record.id,
                library=record.library,
                reason=f"moved to {place}",
                details={
                    "target": place,
                    "state": str(record.state),
                    "project": project,
                    "files": [display_path(sidecar.path.name) for sidecar in sidecars],
                },
            )
        )


def _is_current(result: Path, record: FileRecord) -> bool:
    """Return whether a result file was written after the state of its media file."""
    try:
        return result.stat().st_mtime >= record.updated_at
    except OSError:
        return False
