"""The text in the language spoken, which is shown beside a translation."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from subtitled.db.database import Database
from subtitled.db.overview import CoverageRow
from subtitled.plugin import Cue, InputRejectedError, Language, SubtitleKind
from subtitled.subtitles.formats import read_subtitle
from subtitled.subtitles.ownership import Ownership

from ..sidecar_reading import read_inside
from .errors import ReviewNotFoundError
from .open_review import OpenReview, find_sidecar

MAX_RECENT = 4
"""Subtitles that are kept in memory, so that each page does not read its file again."""

_Key = tuple[Path, int, int]


@dataclass(frozen=True, slots=True)
class SourceText:
    """The cues of the subtitle in the language spoken."""

    language: Language
    cues: tuple[Cue, ...]

    def spoken_during(self, start: float, end: float) -> list[Cue]:
        """Return the cues that are on screen in a span."""
        return [cue for cue in self.cues if cue.start < end and cue.end > start]


@dataclass(slots=True)
class SourceReader:
    """Reads the subtitle in the language spoken. Threads may share it."""

    db: Database
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _recent: dict[_Key, tuple[Cue, ...]] = field(default_factory=dict)

    def read(self, review: OpenReview) -> SourceText | None:
        """Return the source of a translation; None if there is none that can be read.

        It is our sidecar in the language spoken, or else one of somebody else beside the media
        file. A text inside the media file is not read: that takes as long as reading the file.
        """
        spoken = review.file.spoken_language
        if not review.is_translation or spoken is None:
            return None
        try:
            language = Language(spoken)
            path, fmt = self._find_file(review, language)
            status = path.stat()
            key = (path, status.st_mtime_ns, status.st_size)
            with self._lock:
                known = self._recent.get(key)
            if known is None:
                content = read_inside(path, review.library)
                known = tuple(read_subtitle(content, fmt, None, language).cues)
        except (ReviewNotFoundError, InputRejectedError, OSError):
            return None
        with self._lock:
            self._recent.pop(key, None)
            self._recent[key] = known
            while len(self._recent) > MAX_RECENT:
                del self._recent[next(iter(self._recent))]
        return SourceText(language, known)

    def _find_file(self, review: OpenReview, language: Language) -> tuple[Path, str]:
        """Return a sidecar in the language spoken, and its format.

        Raises:
            ReviewNotFoundError: There is none.
        """
        try:
            ours = find_sidecar(self.db, review.file, language, SubtitleKind.FULL)
        except ReviewNotFoundError:
            rows = self.db.overview.coverage_of(review.file.id)
            usable = [row for row in rows if _is_source(row, language)]
            if not usable:
                raise
            row = min(usable, key=lambda row: (row.kind != SubtitleKind.FULL, row.location))
            return review.file.path.parent / row.location, row.format
        return ours.path, ours.format


def _is_source(row: CoverageRow, language: Language) -> bool:
    """Check whether a subtitle is a sidecar of somebody else with the whole text that is spoken."""
    return (
        row.origin == "sidecar"
        and row.ownership in (Ownership.HUMAN, Ownership.EDITED)
        and row.kind in (SubtitleKind.FULL, SubtitleKind.SDH)
        and row.is_text
        and not row.problem
        and row.secondary is None
        and row.language is not None
        and Language(row.language).primary == language.primary
    )
