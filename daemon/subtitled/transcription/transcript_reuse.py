"""A better copy of a programme gets the words of the old one, moved to where they are said now.

What was heard of the old file is in the store of transcripts; where somebody speaks in the new one
was just found. If the two say the same (:mod:`.media_offset`), no word is recognised again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from subtitled.media.chunking import chunks_for_engine
from subtitled.plugin import Chunk, EngineCapabilities, Language, SegmentScores, Transcript, Word
from subtitled.transcripts.models import TrackAnalysis, TranscriptReuse
from subtitled.transcripts.store import TranscriptStore

from .media_sync import MAX_OFFSET_SECONDS, MediaOffset, find_offset

MAX_LENGTH_DIFFERENCE = 0.1
"""How much longer or shorter, as a share, another version of the same programme may be."""

TimedItem = TypeVar("TimedItem", Word, SegmentScores)


@dataclass(frozen=True, slots=True)
class _Candidate:
    fingerprint: str
    track: int
    media_offset: MediaOffset


def reuse_transcript(
    store: TranscriptStore,
    fingerprint: str,
    track: int,
    analysis: TrackAnalysis,
    language: Language,
    previous_versions: Sequence[str],
    length: float,
    capabilities: Mapping[str, EngineCapabilities] = MappingProxyType({}),
) -> TranscriptReuse | None:
    """Take over the words of the first of ``earlier`` contents that says the same.

    ``language`` is what is spoken in the new file: a dub has its speech where the original has
    it, too. ``length`` is that of the stretches, in seconds of speech. What was compared is kept,
    so that it can be explained; what was taken over, or None, is the answer.
    """
    doubts: list[TranscriptReuse] = []
    for other in previous_versions:
        for found in _similar_tracks(store, other, analysis, language):
            alignment = found.media_offset
            reuse = TranscriptReuse(
                source_fingerprint=found.fingerprint,
                source_track=found.track,
                offset=alignment.offset,
                peak=alignment.peak,
                rival_peak=alignment.rival_peak,
                part_count=alignment.part_count,
                agreeing_parts=alignment.agreeing_parts,
                rejection_reason=alignment.rejection_reason,
            )
            if not alignment.is_convincing:
                doubts.append(reuse)
            elif _copy_transcripts(
                store, fingerprint, track, analysis, found, length, capabilities
            ):
                store.save_reuse(fingerprint, track, reuse)
                return reuse
    if doubts:
        store.save_reuse(fingerprint, track, max(doubts, key=lambda said: said.peak))
    return None


def shift(items: Sequence[TimedItem], offset: float, end: float) -> tuple[TimedItem, ...]:
    """Words ``offset`` seconds later, without those that fall before 0 or after ``end``."""
    return tuple(
        replace(item, start=max(0.0, item.start + offset), end=min(end, item.end + offset))
        for item in items
        if item.end + offset > 0.0 and item.start + offset < end
    )


def distribute(items: Sequence[TimedItem], chunks: Sequence[Chunk]) -> list[tuple[TimedItem, ...]]:
    """The words of each stretch, every word in exactly one: where most of it is said.

    Stretches follow each other without a gap; they are cut in pauses.
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
    """Tracks of another content that are in this language, about as long, and have words."""
    candidates = []
    for track in store.tracks(fingerprint):
        old = store.analysis(fingerprint, track)
        if old is None or old.language is None or old.language.primary != language.primary:
            continue
        if abs(old.duration - analysis.duration) > max(
            MAX_OFFSET_SECONDS, MAX_LENGTH_DIFFERENCE * old.duration
        ):
            continue
        alignment = find_offset(
            old.speech, analysis.speech, old.quiet_speech, analysis.quiet_speech
        )
        if alignment is not None:
            candidates.append(_Candidate(fingerprint, track, alignment))
    return sorted(
        candidates, key=lambda one: (not one.media_offset.is_convincing, -one.media_offset.peak)
    )


def _copy_transcripts(
    store: TranscriptStore,
    fingerprint: str,
    track: int,
    analysis: TrackAnalysis,
    candidate: _Candidate,
    length: float,
    capabilities: Mapping[str, EngineCapabilities],
) -> bool:
    """Write all complete transcripts of the old file down for the new one; whether any is."""
    has_copied = False
    for variant in store.variants(candidate.fingerprint, candidate.track):
        whole = store.assemble_any(candidate.fingerprint, candidate.track, variant)
        if whole is None:
            continue
        engine = capabilities.get(variant.rpartition("-")[0], EngineCapabilities())
        chunks = chunks_for_engine(
            engine, analysis.speech, length, analysis.duration, analysis.quiet_speech
        )
        offset = candidate.media_offset.offset
        words = distribute(shift(whole.words, offset, analysis.duration), chunks)
        evidence = distribute(shift(whole.segment_scores, offset, analysis.duration), chunks)
        for chunk, its, sure in zip(chunks, words, evidence, strict=True):
            part = Transcript(whole.language, its, whole.engine, whole.variant, sure)
            store.save_chunk(fingerprint, track, variant, chunk, part)
        has_copied = True
    return has_copied
