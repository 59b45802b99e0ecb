"""The stored checks of other people's subtitles: each text is checked once.

They lie beside the transcripts of a media file, by the hash of the text::

    transcripts/ab/ab12.../subtitle_checks.json
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from subtitled.plugin import Language
from subtitled.plugin.files import write_atomic
from subtitled.plugin.paths import display_path
from subtitled.subtitles.synchronisation import SyncReport

from .store import TranscriptStore

CHECK_VERSION = 2
"""Grows when checks become better. Those of other versions are made again."""
MAX_CHECKS = 50
"""Most checks that are kept of a media file. The oldest are forgotten."""


def name_location(location: str) -> str:
    """Return the name of a sidecar, or ``track 2`` for the index of a track."""
    return f"track {location}" if location.isdecimal() else display_path(location)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleCheck:
    """The check of the times of one text."""

    location: str
    """The name of the sidecar, or the index of the track."""
    digest: str
    """SHA-256 of the text."""
    language: Language | None
    """The language of the text; None if it cannot be told."""
    report: SyncReport
    has_words: bool
    """Whether a transcript in the language was known."""
    checked_at: float = field(default_factory=time.time)
    """Seconds since 1970."""
    version: int = CHECK_VERSION


_CHECKS: TypeAdapter[tuple[SubtitleCheck, ...]] = TypeAdapter(tuple[SubtitleCheck, ...])


class SubtitleChecks:
    """The checks of the subtitles of media files, in the folder of transcripts."""

    def __init__(self, store: TranscriptStore) -> None:
        self._store = store

    def of_media(self, fingerprint: str) -> tuple[SubtitleCheck, ...]:
        """Return the checks of a media file, the oldest first."""
        try:
            checks = _CHECKS.validate_json(self._path(fingerprint).read_bytes())
        except (OSError, ValidationError):
            return ()
        return tuple(check for check in checks if check.version == CHECK_VERSION)

    def find(self, fingerprint: str, digest: str) -> SubtitleCheck | None:
        """Return the check of a text, or None."""
        checks = self.of_media(fingerprint)
        return next((check for check in checks if check.digest == digest), None)

    def save(self, fingerprint: str, check: SubtitleCheck) -> None:
        """Store the check of a text instead of an earlier one of the same text or place."""
        others = [
            other
            for other in self.of_media(fingerprint)
            if other.digest != check.digest and other.location != check.location
        ]
        kept = (*others[-(MAX_CHECKS - 1) :], check)
        write_atomic(self._path(fingerprint), _CHECKS.dump_json(kept, indent=1))

    def _path(self, fingerprint: str) -> Path:
        return self._store.content_folder(fingerprint) / "subtitle_checks.json"
