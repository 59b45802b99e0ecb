"""The sound and the pictures of a review: of the track that was transcribed, by its own clock."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_scratch_dir
from subtitled.db.database import Database
from subtitled.media.clips import SoundFormat, write_clip, write_sound, write_still
from subtitled.media.peaks import Peaks, measure_peaks
from subtitled.media.shots import find_shot_changes
from subtitled.plugin import TimeSpan, TransientError
from subtitled.plugin.paths import display_path

from .media_source import (
    InvalidSpanError,
    ReviewSource,
    SourceFinder,
    UnplayableMediaError,
    check_span,
    explained,
)
from .part_cache import PartCache

FOLDER_NAME = "review-media"
"""The folder in the scratch folder."""
MAX_SOUND_SECONDS = 120.0
MAX_CLIP_SECONDS = 60.0
"""Longest sound and waveform, and longest clip, that are cut at once."""
MAX_PEAKS_PER_SECOND = 200
PEAKS_PER_SECOND = 50
MAX_AT_ONCE = 2
"""How many parts are cut at the same time in this process."""
MAX_WAITING = 8
"""How many requests wait for their turn. Further ones are told to come back."""
WAIT_SECONDS = 20.0
RETRY_SECONDS = 2.0
_CUTTING_VERSION = 1
"""Part of each key. It grows when the same request gives other bytes."""
_MEDIA_TYPES = {SoundFormat.MP4: "audio/mp4", SoundFormat.WAV: "audio/wav"}

_turns = threading.BoundedSemaphore(MAX_AT_ONCE)
_places = threading.BoundedSemaphore(MAX_AT_ONCE + MAX_WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPart:
    """A part of a media file, encoded for a browser."""

    path: Path
    """The file with it. It stays for a minute at least."""
    media_type: str
    etag: str
    """Changes with the media file, the track and the span."""
    span: TimeSpan
    """What was cut, in seconds of the media file. It may end before the wanted span does."""


@dataclass(frozen=True, slots=True)
class Shots:
    """The shot changes of a span."""

    span: TimeSpan
    frame_rate: float
    """Frames a second; 0 if it is unknown."""
    times: tuple[float, ...]
    """When each shot begins, in seconds of the media file."""


class ReviewMedia:
    """Cuts parts out of the media files of reviews. Threads may share it."""

    def __init__(self, configuration: Configuration, db: Database) -> None:
        self._configuration = configuration
        self._finder = SourceFinder(configuration, db)

    def read_sound(
        self,
        review_id: int,
        start: float,
        end: float,
        sound_format: SoundFormat = SoundFormat.MP4,
    ) -> MediaPart:
        """Return the sound of a span, of :data:`MAX_SOUND_SECONDS` at most.

        The sound begins exactly at ``start``, by the clock that the cues have.

        Raises:
            ReviewMediaError: It cannot be had; the error says why.
            TransientError: Too many wait for sound or pictures, or the disk does not answer.
        """
        source = self._find_sound(review_id)
        span = check_span(source, start, end, MAX_SOUND_SECONDS)
        return self._cut(
            source,
            span,
            f"sound.{sound_format}",
            _MEDIA_TYPES[sound_format],
            partial(write_sound, source.cut, span, fmt=sound_format),
        )

    def read_still(self, review_id: int, at: float) -> MediaPart:
        """Return the picture that is on screen at a time, as JPEG.

        Raises:
            ReviewMediaError: It cannot be had; the error says why.
            TransientError: As :meth:`read_sound`.
        """
        source = self._find_picture(review_id)
        span = check_span(source, at, at, 0.0)
        write = partial(write_still, source.cut, span.start)
        return self._cut(source, span, "still.jpg", "image/jpeg", write)

    def read_clip(self, review_id: int, start: float, end: float) -> MediaPart:
        """Return picture and sound of a span, of :data:`MAX_CLIP_SECONDS` at most, as MP4.

        Raises:
            ReviewMediaError: It cannot be had; the error says why.
            SetupError: This ffmpeg has no encoder of H.264.
            TransientError: As :meth:`read_sound`.
        """
        source = self._find_picture(review_id)
        span = check_span(source, start, end, MAX_CLIP_SECONDS)
        write = partial(write_clip, source.cut, span)
        return self._cut(source, span, "clip.mp4", "video/mp4", write)

    def read_peaks(
        self, review_id: int, start: float, end: float, per_second: int = PEAKS_PER_SECOND
    ) -> Peaks:
        """Return the highest and lowest samples of a span, of :data:`MAX_SOUND_SECONDS` at most.

        Args:
            review_id: The review.
            start: The start of the span, in seconds of the media file.
            end: Its end.
            per_second: Steps a second, :data:`MAX_PEAKS_PER_SECOND` at most.

        Raises:
            ReviewMediaError: They cannot be had; the error says why.
            TransientError: As :meth:`read_sound`.
        """
        if not 1 <= per_second <= MAX_PEAKS_PER_SECOND:
            raise InvalidSpanError(
                f"there are no {per_second} peaks a second",
                f"Ask for 1 to {MAX_PEAKS_PER_SECOND}",
            )
        source = self._find_sound(review_id)
        span = check_span(source, start, end, MAX_SOUND_SECONDS)
        measured: list[Peaks] = []

        def measure(scratch: Path) -> None:
            measured.append(measure_peaks(source.cut, span, per_second, scratch))

        with _taking_turns(), explained(source.cut.path):
            self._cache().borrow(measure)
        return measured[0]

    def read_shots(self, review_id: int, start: float, end: float) -> Shots:
        """Return the shot changes of a span, of :data:`MAX_SOUND_SECONDS` at most.

        Those that were found when the subtitle was made are taken. Else the picture of the span is
        decoded, and what was found is kept as other parts are.

        Raises:
            ReviewMediaError: They cannot be had; the error says why.
            TransientError: As :meth:`read_sound`.
        """
        source = self._find_picture(review_id)
        span = check_span(source, start, end, MAX_SOUND_SECONDS)
        if source.shots is not None:
            known = tuple(cut for cut in source.shots.cuts if span.start <= cut < span.end)
            return Shots(span, source.shots.frame_rate, known)

        def write(target: Path) -> None:
            found = find_shot_changes(source.cut, span, target)
            target.write_text(json.dumps(found))

        part = self._cut(source, span, "shots.json", "application/json", write)
        return Shots(span, source.frame_rate, tuple(json.loads(part.path.read_text())))

    def _cache(self) -> PartCache:
        return PartCache(resolve_scratch_dir(self._configuration.settings) / FOLDER_NAME)

    def _cut(
        self,
        source: ReviewSource,
        span: TimeSpan,
        kind: str,
        media_type: str,
        write: Callable[[Path], None],
    ) -> MediaPart:
        """Return a part from the folder of those that were cut before, or cut it."""
        tracks = [track.index for track in source.cut.tracks]
        wanted = f"{_CUTTING_VERSION} {source.identity} {tracks} {span.start!r} {span.end!r} {kind}"
        key = hashlib.sha256(wanted.encode()).hexdigest()[:32]
        cache = self._cache()
        path = cache.find(key)
        if path is None:
            with _taking_turns(), explained(source.cut.path):
                # Somebody else may have asked for the same meanwhile.
                path = cache.find(key) or cache.add(key, write)
        return MediaPart(path=path, media_type=media_type, etag=f'"{key}"', span=span)

    def _find_sound(self, review_id: int) -> ReviewSource:
        source = self._finder.find(review_id)
        if not source.cut.tracks:
            raise UnplayableMediaError(
                f"{display_path(source.cut.path)} has no sound", "Review the text without it"
            )
        return source

    def _find_picture(self, review_id: int) -> ReviewSource:
        source = self._finder.find(review_id)
        if not source.has_video:
            raise UnplayableMediaError(
                f"{display_path(source.cut.path)} has no picture", "Ask for its sound"
            )
        return source


@contextmanager
def _taking_turns() -> Iterator[None]:
    """Wait until one of the few places for ffmpeg is free."""
    busy = TransientError(
        "others wait for sound and pictures already", "Ask again in a moment", RETRY_SECONDS
    )
    if not _places.acquire(blocking=False):
        raise busy
    try:
        if not _turns.acquire(timeout=WAIT_SECONDS):
            raise busy
        try:
            yield
        finally:
            _turns.release()
    finally:
        _places.release()
