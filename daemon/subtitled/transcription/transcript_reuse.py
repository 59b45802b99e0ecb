"""Transcript reuse: a better copy of a programme gets the transcript of the old one, shifted.

The transcript of the old file and the speech of both files are in the store. If the speech matches
(:mod:`.media_sync`), nothing is transcribed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from subtitled.media.chunking import chunks_for_engine
from subtitled.plugin import Chunk, EngineCapabilities, Language, SegmentScores, Transcript, Word
from subtitled.transcripts.assembly import assemble_track
from subtitled.transcripts.models import TrackAnalysis, TranscriptReuse
from subtitled.transcripts.store import TranscriptStore

from .media_sync import MAX_OFFSET_SECONDS, MediaOffset, find_offset

MAX_LENGTH_DIFFERENCE = 0.1
"""Share by which the durations of two versions of a programme may differ."""

TimedItem = TypeVar("TimedItem", Word, SegmentScores)


@dataclass(frozen=True, slots=True)
class _Candidate:
    fingerprint: str
    track: int
    media_offset: MediaOffset


@dataclass(frozen=True, slots=True, kw_only=True)
class ReuseTarget:
    """The new track, which may get the transcript of an old one."""

    fingerprint: str
    track: int
    """The index of the audio track."""
    analysis: TrackAnalysis
    """The speech of the track."""
    language: Language
    """The spoken language. A dub has its speech at the same times, so it must match."""
    chunk_seconds: float
    """The chunk duration, in seconds of speech."""


def reuse_transcript(
    store: TranscriptStore,
    target: ReuseTarget,
    previous_versions: Sequence[str],
    capabilities: Mapping[str, EngineCapabilities] = MappingProxyType({}),
) -> TranscriptReuse | None:
    """Reuse the transcript of the first previous version whose speech matches.

    What was compared is stored in any case, so that it can be explained.

    Args:
        store: The store of transcripts.
        target: The new track.
        previous_versions: Fingerprints of possible old versions, the likeliest first.
        capabilities: The capabilities of engines by name.

    Returns:
        What was reused, or None.
    """
    rejected: list[TranscriptReuse] = []
    for other in previous_versions:
        for candidate in _similar_tracks(store, other, target.analysis, target.language):
            media_offset = candidate.media_offset
            reuse = TranscriptReuse(
                source_fingerprint=candidate.fingerprint,
                source_track=candidate.track,
                offset=media_offset.offset,
                peak=media_offset.peak,
                rival_peak=media_offset.rival_peak,
                part_count=media_offset.part_count,
                agreeing_parts=media_offset.agreeing_parts,
                rejection_reason=media_offset.rejection_reason,
            )
            if not media_offset.is_convincing:
                rejected.append(reuse)
            elif _copy_transcripts(store, target, candidate, capabilities):
                store.save_reuse(target.fingerprint, target.track, reuse)
                return reuse
    if rejected:
        best = max(rejected, key=lambda reuse: reuse.peak)
        store.save_reuse(target.fingerprint, target.track, best)
    return None


def shift(items: Sequence[TimedItem], offset: float, end: float) -> tuple[TimedItem, ...]:
    """Shift items by ``offset`` seconds and drop those before 0 or after ``end``."""
    return tuple(
        replace(item, start=max(0.0, item.start + offset), end=min(end, item.end + offset))
        for item in items
        if item.end + offset > 0.0 and item.start + offset < end
    )


def distribute(items: Sequence[TimedItem], chunks: Sequence[Chunk]) -> list[tuple[TimedItem, ...]]:
    """Assign each item to the chunk in which its middle lies.

    Chunks follow each other without gaps and are cut in pauses.
    """
    shares: list[list[TimedItem]] = [[] for _ in chunks]
    number = 0
    for item in items:
        middle = (item.start + item.end) / 2
        while number + 1 < len(chunks) and middle >= chunks[number].span.end:
            number += 1
        shares[number].append(item)
    return [tuple(share) for share in shares]


def _similar_tracks(
    store: TranscriptStore, fingerprint: str, analysis: TrackAnalysis, language: Language
) -> list[_Candidate]:
    """Return the tracks of another fingerprint in this language with similar speech.

    Their duration is similar too.
    """
    candidates = []
    for track in store.tracks(fingerprint):
        old = store.analysis(fingerprint, track)
        if old is None or old.language is None or old.language.primary != language.primary:
            continue
        if abs(old.duration - analysis.duration) > max(
            MAX_OFFSET_SECONDS, MAX_LENGTH_DIFFERENCE * old.duration
        ):
            continue
        media_offset = find_offset(
            old.speech, analysis.speech, old.quiet_speech, analysis.quiet_speech
        )
        if media_offset is not None:
            candidates.append(_Candidate(fingerprint, track, media_offset))
    return sorted(
        candidates, key=lambda item: (not item.media_offset.is_convincing, -item.media_offset.peak)
    )


def _copy_transcripts(
    store: TranscriptStore,
    target: ReuseTarget,
    candidate: _Candidate,
    capabilities: Mapping[str, EngineCapabilities],
) -> bool:
    """Copy every complete transcript to the new file; return whether there was one."""
    has_copied, analysis = False, target.analysis
    for variant in store.variants(candidate.fingerprint, candidate.track):
        whole = assemble_track(store, candidate.fingerprint, candidate.track, variant)
        if whole is None:
            continue
        engine = capabilities.get(variant.rpartition("-")[0], EngineCapabilities())
        chunks = chunks_for_engine(
            engine,
            analysis.speech,
            target.chunk_seconds,
            analysis.duration,
            analysis.quiet_speech,
        )
        offset = candidate.media_offset.offset
        words = distribute(shift(whole.words, offset, analysis.duration), chunks)
        scores = distribute(shift(whole.segment_scores, offset, analysis.duration), chunks)
        for chunk, chunk_words, chunk_scores in zip(chunks, words, scores, strict=True):
            part = Transcript(
                language=whole.language,
                words=chunk_words,
                engine=whole.engine,
                variant=whole.variant,
                segment_scores=chunk_scores,
            )
            store.save_chunk(target.fingerprint, target.track, variant, chunk, part)
        has_copied = True
    return has_copied
