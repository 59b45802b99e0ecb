"""Evaluating media files again when a file beside them changed that no scan compares."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from subtitled.db.database import Database
from subtitled.db.records import ACTIVE_STATES, AFFECTED_BY_SIDECARS

from .media_filter import MediaFilter
from .ready_file import is_ready_file_of
from .subtitle_names import possible_stems


class Rechecks:
    """Has media files evaluated again whose data file, ready file or subtitle changed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def after_data_file(self, path: Path, media: Mapping[bytes, list[bytes]]) -> None:
        """Handle a changed data file. It matters only if it is one of ours and was edited.

        Args:
            path: The data file.
            media: The names of the media files of its folder, by their stems.
        """
        is_recorded = self._db.sidecars.get(path) is not None
        if not is_recorded or self.is_ours(path, os.path.lexists(path)):
            return
        for stem in possible_stems(os.fsencode(path.name)):
            for media_name in media.get(stem, ()):
                self.requeue_decided(path.with_name(os.fsdecode(media_name)))

    def after_ready_file(
        self, ready: Path, media_filter: MediaFilter, names: Iterable[bytes]
    ) -> None:
        """Evaluate the media file of a ready file again, whatever was decided about it.

        Args:
            ready: The ready file.
            media_filter: Says what is a media file.
            names: What is in its folder.
        """
        for media_name in map(os.fsdecode, names):
            if is_ready_file_of(ready.name, media_name) and media_filter.accepts(media_name):
                record = self._db.files.get(ready.with_name(media_name))
                if record is not None and record.state not in ACTIVE_STATES:
                    self._db.states.requeue(record.id)

    def requeue_decided(self, media: Path) -> None:
        """Evaluate a media file again if a decision about it depends on its sidecars."""
        record = self._db.files.get(media)
        if record is not None and record.state in AFFECTED_BY_SIDECARS:
            self._db.states.requeue(record.id)

    def is_ours(self, path: Path, exists: bool) -> bool:
        """Return whether a subtitle is ours, so that its media file need not be evaluated again.

        A sidecar of ours that is gone counts as ours, because a person deleted it on purpose.
        """
        sidecars = self._db.sidecars
        return sidecars.is_ours(path) if exists else sidecars.get(path) is not None
