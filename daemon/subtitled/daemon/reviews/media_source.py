"""Which media file and track the sound and the pictures of a review are of, and what bars them."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.db.database import Database
from subtitled.db.review_records import ReviewRecord
from subtitled.jobcontext.services import open_transcript_store
from subtitled.media.clips import CutSource
from subtitled.media.errors import FileGoneError, ShutdownRequested
from subtitled.media.probe import AudioTrack, MediaInfo, probe_media
from subtitled.media.track_sets import find_track_set
from subtitled.media.tracks import choose_audio_track
from subtitled.plugin import InputRejectedError, TimeSpan, TransientError
from subtitled.plugin.limits import MAX_SECONDS
from subtitled.plugin.paths import display_path
from subtitled.transcripts.models import ShotCuts, TrackAnalysis

from ..inspection import library_for
from .errors import ReviewNotFoundError

_MAX_PROBED = 32
"""Media files whose tracks are remembered."""


class ReviewMediaError(InputRejectedError):
    """The sound or picture of a review cannot be had."""


class MediaAwayError(ReviewMediaError):
    """The media file of a review cannot be reached at present."""


class UnplayableMediaError(ReviewMediaError):
    """The media file of a review has no such sound or picture, or it cannot be decoded."""


class InvalidSpanError(ReviewMediaError):
    """The wanted span is none, is too long, or is not in the media file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSource:
    """The media file of a review, and which of its tracks to play."""

    cut: CutSource
    """It has the track that was transcribed, or those that were together; none without sound."""
    duration: float
    """Seconds; 0 if it is unknown."""
    has_video: bool
    frame_rate: float
    """Frames a second; 0 if it is unknown."""
    shots: ShotCuts | None
    """The shot changes of the whole file; None if they were not looked for."""
    identity: str
    """What tells this content from any other."""


class SourceFinder:
    """Finds the media files of reviews. Threads may share it."""

    def __init__(self, configuration: Configuration, db: Database) -> None:
        self._configuration = configuration
        self._db = db
        self._lock = threading.Lock()
        self._probed: dict[tuple[str, ...], MediaInfo] = {}

    def find(self, review_id: int) -> ReviewSource:
        """Find the media file of a review, and the track that its text is of."""
        record = self._db.reviews.get(review_id)
        if record is None:
            raise ReviewNotFoundError("there is no such review", "Take its number from the list")
        if record.path is None:
            raise MediaAwayError(
                "the media file of this review is not in the database any more",
                "Bring the file back and scan its library: what was edited is kept",
            )
        path = self._check_inside(record.path)
        with explained(path):
            try:
                status = path.stat()
            except OSError:
                raise FileGoneError(f"{display_path(path)} is not there") from None
            identity = (
                os.fsencode(path).hex(),
                str(status.st_size),
                str(status.st_mtime_ns),
                record.fingerprint,
            )
            facts = self._probe(path, identity)
        return self._describe(record, facts, path, "/".join(identity))

    def _check_inside(self, path: Path) -> Path:
        """Check that no link leads to a path, unless its library follows them."""
        library = library_for(self._configuration, path)
        if not library.follow_symlinks:
            real_root = os.path.realpath(library.path)
            expected = os.path.join(real_root, os.path.relpath(path, library.path))  # noqa: PTH118
            if os.path.realpath(path) != expected:
                raise MediaAwayError(
                    f"{display_path(path)} is a link, and its library follows none",
                    "Set follow_symlinks for the library, or put the file itself there",
                )
        return path

    def _probe(self, path: Path, identity: tuple[str, ...]) -> MediaInfo:
        with self._lock:
            known = self._probed.get(identity)
        if known is not None:
            return known
        facts = probe_media(path)
        with self._lock:
            self._probed[identity] = facts
            while len(self._probed) > _MAX_PROBED:
                del self._probed[next(iter(self._probed))]
        return facts

    def _describe(
        self, record: ReviewRecord, facts: MediaInfo, path: Path, identity: str
    ) -> ReviewSource:
        """Find the track that was transcribed, or all that were mixed for it.

        That is the main track, unless another one that was transcribed has the language of the
        review and the main track has not.
        """
        store = open_transcript_store(resolve_state_dir(self._configuration.settings))
        fingerprint = record.fingerprint
        preferred = library_for(self._configuration, path).preferred_audio_languages
        analyses = {
            track: analysis
            for track in store.tracks(fingerprint)
            if (analysis := store.analysis(fingerprint, track)) is not None
        }
        tracks: tuple[AudioTrack, ...] = ()
        if facts.audio_tracks:
            chosen = choose_audio_track(facts, preferred, store.silent_tracks(fingerprint)).track
            same = [
                track
                for track in facts.audio_tracks
                if (analysis := analyses.get(track.index)) is not None
                and analysis.language is not None
                and analysis.language.satisfies(record.language)
            ]
            if same and chosen not in same:
                chosen = same[0]
            tracks = _list_mixed(facts, chosen, analyses.get(chosen.index))
        # Decoding tells how long a track is, where the container only estimates it.
        decoded = [analysis.duration for analysis in analyses.values()]
        return ReviewSource(
            cut=CutSource(path=path, tracks=tracks, start_time=facts.start_time),
            duration=max(facts.duration, *decoded, 0.0) if facts.duration else 0.0,
            has_video=facts.has_video,
            frame_rate=facts.frame_rate,
            shots=store.shot_cuts(fingerprint) if fingerprint else None,
            identity=identity,
        )


def _list_mixed(
    facts: MediaInfo, chosen: AudioTrack, analysis: TrackAnalysis | None
) -> tuple[AudioTrack, ...]:
    """Return the tracks that were mixed for a transcribed one, or would be."""
    taken = {share.track for share in analysis.channel_shares if share.gain} if analysis else set()
    mixed = tuple(track for track in facts.audio_tracks if track.index in taken)
    return mixed or find_track_set(facts, chosen) or (chosen,)


def check_span(source: ReviewSource, start: float, end: float, longest: float) -> TimeSpan:
    """Return the part of a span that the media file has.

    Args:
        source: The media file.
        start: The start of the span.
        end: Its end.
        longest: The most seconds; 0 for a moment.

    Raises:
        InvalidSpanError: There is none.
    """
    if not (math.isfinite(start) and math.isfinite(end) and 0 <= start <= MAX_SECONDS):
        raise InvalidSpanError(
            "the times are no times of a media file", "Send seconds from 0, such as 12.5"
        )
    if longest and end <= start:
        raise InvalidSpanError(
            f"the span ends at {end:g} s, and begins at {start:g} s",
            "Send an end that is after the start",
        )
    if end - start > longest + 1e-6:
        raise InvalidSpanError(
            f"the span is {end - start:g} s long, and {longest:g} s are cut at once",
            "Ask for several shorter spans",
        )
    duration = source.duration
    if duration and start >= duration:
        raise InvalidSpanError(
            f"the media file ends at {duration:.3f} s, before {start:g} s",
            "Ask for an earlier time",
        )
    return TimeSpan(start, min(end, duration) if duration else end)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Tell what is wrong with the media file as an error of the review."""
    try:
        yield
    except FileGoneError:
        raise MediaAwayError(
            f"{display_path(path)} is not there at present",
            "Mount its disk, or bring the file back: the text can be reviewed without it",
        ) from None
    except ReviewMediaError:
        raise
    except InputRejectedError as error:
        raise UnplayableMediaError(error.message, error.hint) from None
    except ShutdownRequested:
        raise TransientError("the daemon stops", "Ask again in a minute", 60.0) from None
