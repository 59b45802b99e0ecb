"""Texts inside media files, for reviews. Reading one takes as long as reading the whole file.

So that happens in the background, one file at a time. What was read is kept with the sounds and
pictures of reviews, in the scratch folder.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from functools import cached_property, partial
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_scratch_dir
from subtitled.db.database import Database
from subtitled.media.errors import ShutdownRequested
from subtitled.media.extract import extract_text
from subtitled.media.probe import probe_media
from subtitled.pipeline.existing_subtitles import normalise_cues
from subtitled.plugin import Cue, Language, SubtitledError
from subtitled.subtitles.judgement import judge_text

from .media import FOLDER_NAME
from .media_source import SourceFinder
from .open_review import OpenReview
from .part_cache import PartCache

_log = logging.getLogger(__name__)

MAX_WAITING = 4
"""Most files that wait to be read. Those of further reviews are read when they are shown again."""
RETRY_SECONDS = 600.0
"""Seconds until a file that cannot be read is tried again."""
MAX_RECENT = 4
"""Texts that are kept in memory, so that each cue that is shown does not parse its text again."""

_lock = threading.Lock()
_turn = threading.Lock()
_at_work = set[str]()
_failed = dict[str, float]()


class EmbeddedTextReader:
    """Reads the text streams of media files. Threads may share it."""

    def __init__(self, configuration: Configuration, db: Database) -> None:
        self._configuration = configuration
        self._finder = SourceFinder(configuration, db)
        self._lock = threading.Lock()
        self._recent: dict[tuple[str, Language], tuple[Cue, ...]] = {}

    @cached_property
    def _cache(self) -> PartCache:
        return PartCache(resolve_scratch_dir(self._configuration.settings) / FOLDER_NAME)

    def read(self, review: OpenReview, stream: int, language: Language) -> tuple[Cue, ...] | None:
        """Return the cues of a stream of the media file of a review.

        Args:
            review: The review.
            stream: The absolute index of the stream.
            language: Its language.

        Returns:
            The cues; or None if they are being read, or cannot be read.
        """
        try:
            source = self._finder.find(review.record.id)
        except SubtitledError:
            return None
        key = hashlib.sha256(f"text {source.identity} {stream}".encode()).hexdigest()[:32]
        with self._lock:
            cues = self._recent.pop((key, language), None)
        if cues is None:
            kept = self._cache.find(key)
            if kept is None:
                self._begin(key, source.cut.path, stream)
                return None
            try:
                cues = normalise_cues(judge_text(kept.read_bytes(), "srt", language)[1])
            except OSError:
                return None  # It was deleted to make room.
        with self._lock:
            self._recent[key, language] = cues
            while len(self._recent) > MAX_RECENT:
                del self._recent[next(iter(self._recent))]
        return cues

    def _begin(self, key: str, path: Path, stream: int) -> None:
        """Begin to read a stream, unless that is being done, or failed a short while ago."""
        with _lock:
            has_failed = time.monotonic() < _failed.get(key, 0.0)
            if has_failed or key in _at_work or len(_at_work) >= MAX_WAITING:
                return
            _at_work.add(key)
        threading.Thread(
            target=self._read, args=(key, path, stream), name="embedded text", daemon=True
        ).start()

    def _read(self, key: str, path: Path, stream: int) -> None:
        try:
            with _turn:
                self._cache.add(key, partial(_write_text, path, stream))
        except (SubtitledError, OSError) as error:
            _log.info("the text of a review is not shown beside its translation: %s", error)
            with _lock:
                _failed[key] = time.monotonic() + RETRY_SECONDS
        except ShutdownRequested:
            pass  # It is read when it is shown again.
        finally:
            with _lock:
                _at_work.discard(key)


def _write_text(path: Path, stream: int, target: Path) -> None:
    """Write the text of a stream."""
    facts = probe_media(path)
    codec = next((one.codec for one in facts.subtitle_tracks if one.index == stream), "")
    extract_text(path, stream, facts.duration, target, codec)
