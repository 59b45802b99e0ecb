"""The text that a translation was made from, or else that in the language spoken, beside it."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.db.overview import CoverageRow
from subtitled.plugin import Cue, InputRejectedError, Language, SubtitleKind
from subtitled.subtitles.formats import read_subtitle
from subtitled.subtitles.ownership import Ownership

from ..sidecar_reading import read_inside
from .embedded_text import EmbeddedTextReader
from .errors import ReviewNotFoundError
from .open_review import OpenReview, find_sidecar

MAX_RECENT = 4
"""Subtitles that are kept in memory, so that each page does not read its file again."""

_Key = tuple[Path, int, int]
_EMBEDDED = "embedded"
"""The origin of a text inside a media file, as the coverage has it."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """The cues of the text that a translation is of."""

    language: Language
    cues: tuple[Cue, ...]

    def spoken_during(self, start: float, end: float) -> list[Cue]:
        """Return the cues that are on screen in a span."""
        return [cue for cue in self.cues if cue.start < end and cue.end > start]


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """The text that a translation was made from: a sidecar, or a stream of the media file."""

    location: str
    """The name of the sidecar, or the index of the stream."""
    is_embedded: bool
    language: Language


_MADE_FROM = re.compile(
    r"(?:translated by \S+|converted to the other script) from "
    r"(?:stream (?P<stream>\d{1,6})|(?P<name>.+)) \((?P<language>[A-Za-z0-9-]+)\)",
    re.DOTALL,
)


def find_made_from(variant: str) -> MadeFrom | None:
    """Return the text that a sidecar was made from, by what its signature says of how.

    None if it was made from speech.
    """
    found = _MADE_FROM.fullmatch(variant)
    if found is None:
        return None
    try:
        language = Language.parse(found["language"])
    except ValueError:
        return None
    stream = found["stream"]
    return MadeFrom(found["name"] if stream is None else stream, stream is not None, language)


def find_source_of(db: Database, review: OpenReview) -> MadeFrom | None:
    """Return the text that the subtitle of a review was made from; None if from speech."""
    record = review.record
    try:
        ours = find_sidecar(db, review.file, record.language, record.kind, review.base.format)
    except ReviewNotFoundError:
        return None
    return find_made_from(ours.variant)


class SourceReader:
    """Reads the text that a translation is of. Threads may share it."""

    def __init__(self, configuration: Configuration, db: Database) -> None:
        self.db = db
        self._embedded = EmbeddedTextReader(configuration, db)
        self._lock = threading.Lock()
        self._recent: dict[_Key, tuple[Cue, ...]] = {}

    def read(self, review: OpenReview) -> SourceText | None:
        """Return the source of a translation.

        It is the text that it was made from, if that was a text. Else it is our sidecar in the
        language spoken, one of somebody else beside the media file, or one inside it.

        Returns:
            The text; None if there is none that can be read, or if it is inside the media file and
            still being read.
        """
        made_from = find_source_of(self.db, review)
        if made_from is not None:
            read = self._read_text(review, made_from)
            if read is not None or made_from.is_embedded:
                return read
        spoken = review.file.spoken_language
        if not review.is_translation or spoken is None:
            return None
        language = Language(spoken)
        try:
            ours = find_sidecar(self.db, review.file, language, SubtitleKind.FULL)
        except ReviewNotFoundError:
            rows = self.db.overview.coverage_of(review.file.id)
            usable = [row for row in rows if _is_source(row, language)]
            if not usable:
                return None
            row = min(
                usable,
                key=lambda row: (
                    row.origin == _EMBEDDED,
                    row.kind != SubtitleKind.FULL,
                    row.location,
                ),
            )
            found = MadeFrom(row.location, row.origin == _EMBEDDED, language)
            return self._read_text(review, found, row.format)
        return self._read_sidecar(review, ours.path, ours.format, language)

    def _read_text(
        self, review: OpenReview, wanted: MadeFrom, fmt: str | None = None
    ) -> SourceText | None:
        if wanted.is_embedded:
            cues = self._embedded.read(review, int(wanted.location), wanted.language)
            return SourceText(wanted.language, cues) if cues else None
        path = review.file.path.parent / wanted.location
        fmt = path.suffix[1:].lower() if fmt is None else fmt
        return self._read_sidecar(review, path, fmt, wanted.language)

    def _read_sidecar(
        self, review: OpenReview, path: Path, fmt: str, language: Language
    ) -> SourceText | None:
        try:
            status = path.stat()
            key = (path, status.st_mtime_ns, status.st_size)
            with self._lock:
                known = self._recent.get(key)
            if known is None:
                content = read_inside(path, review.library)
                known = tuple(read_subtitle(content, fmt, None, language).cues)
        except (InputRejectedError, OSError):
            return None
        with self._lock:
            self._recent.pop(key, None)
            self._recent[key] = known
            while len(self._recent) > MAX_RECENT:
                del self._recent[next(iter(self._recent))]
        return SourceText(language, known)


def _is_source(row: CoverageRow, language: Language) -> bool:
    """Check whether a subtitle of somebody else has the whole text that is spoken."""
    return (
        row.origin in ("sidecar", _EMBEDDED)
        and row.ownership in (Ownership.HUMAN, Ownership.EDITED)
        and row.kind in (SubtitleKind.FULL, SubtitleKind.SDH)
        and row.is_text
        and not row.problem
        and row.secondary is None
        and row.language is not None
        and Language(row.language).primary == language.primary
    )
