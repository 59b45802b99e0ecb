"""What quality estimation has to go by: everything that is stored about the text of a sidecar."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from subtitled.glossary.consistency import missing_terms
from subtitled.glossary.selection import Glossary
from subtitled.plugin import Cue, Language, SegmentScores, TimeSpan, Transcript, Word
from subtitled.subtitles.hallucination import RemovedText
from subtitled.subtitles.language_id import language_mismatch_of_line
from subtitled.subtitles.markup import strip_tags
from subtitled.subtitles.quality_estimation import Evidence, MissedTerm, OtherReading
from subtitled.subtitles.rules import CueRules
from subtitled.subtitles.segmentation.removed_silence import confine_to_speech
from subtitled.subtitles.segmentation.word_repair import repair_words
from subtitled.transcripts.assembly import list_stored_parts
from subtitled.transcripts.models import TrackAnalysis
from subtitled.transcripts.store import TranscriptStore
from subtitled.translation.cache import untranslated

TOLERANCE_SECONDS = 0.001
"""Times that are this near are the same."""

Timed = TypeVar("Timed", Word, SegmentScores, RemovedText, TimeSpan)


@dataclass(frozen=True, slots=True)
class TextOrigin:
    """The stored transcript that a text, or a part of it, was made of."""

    track: int
    variant: str
    """Empty if the text of a person was translated."""
    translation: str = ""
    """The variant of its translation; empty if the text is the transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSource:
    """How a text was made, as far as quality estimation has to know."""

    fingerprint: str
    language: Language
    origins: tuple[TextOrigin, ...]
    """Empty for the text of a person that was taken as it is."""
    rules: CueRules | None = None
    """The limits that its cues should keep."""
    glossary: Glossary | None = None
    """The terms that a translation must use."""


def gather_evidence(store: TranscriptStore, source: TextSource, cues: Sequence[Cue]) -> Evidence:
    """Gather what is stored about a text.

    Args:
        store: The transcripts.
        source: How the text was made.
        cues: Its cues.

    Returns:
        The evidence. What is not stored, or no longer, is missing in it.
    """
    parts = [
        _read_origin(store, source.fingerprint, origin) for origin in dict.fromkeys(source.origins)
    ]
    tracks = {origin.track: None for origin in source.origins}
    analyses = [store.analysis(source.fingerprint, track) for track in tracks]
    known = [analysis for analysis in analyses if analysis is not None]
    is_heard = bool(known) and len(known) == len(analyses)
    return Evidence(
        language=source.language,
        is_translation=any(origin.translation for origin in source.origins),
        words=_in_order(part.words for part in parts),
        segment_scores=_in_order(part.segment_scores for part in parts),
        speech=_in_order(analysis.speech for analysis in known) if is_heard else None,
        faint_speech=_in_order(analysis.quiet_speech for analysis in known),
        left_out=_in_order(part.left_out for part in parts),
        other_readings=tuple(chain.from_iterable(part.other_readings for part in parts)),
        untranslated=_in_order(part.untranslated for part in parts),
        missed_terms=tuple(_find_missed_terms(parts, source, cues)),
        other_languages=_find_other_languages(cues, source.language),
        rules=source.rules,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _OriginEvidence:
    """What is stored about one origin of a text."""

    language: Language | None
    """That of its words; None if nothing is stored."""
    words: tuple[Word, ...]
    segment_scores: tuple[SegmentScores, ...]
    left_out: tuple[RemovedText, ...]
    other_readings: tuple[OtherReading, ...]
    untranslated: tuple[RemovedText, ...]


def _read_origin(store: TranscriptStore, fingerprint: str, origin: TextOrigin) -> _OriginEvidence:
    place = (fingerprint, origin.track)
    parts = list_stored_parts(store, *place, origin.variant)
    left_out = store.removals(*place).get(origin.variant, ())
    notes = untranslated(store.track_folder(*place)) if origin.translation else {}
    return _OriginEvidence(
        language=parts[0].language if parts else None,
        words=place_words(parts, store.analysis(*place), left_out),
        segment_scores=tuple(chain.from_iterable(part.segment_scores for part in parts)),
        left_out=left_out,
        other_readings=tuple(_other_readings(store, fingerprint, origin, parts)),
        untranslated=notes.get(origin.translation, ()),
    )


def place_words(
    parts: Iterable[Transcript],
    analysis: TrackAnalysis | None,
    left_out: Sequence[RemovedText] = (),
) -> tuple[Word, ...]:
    """Return the words of a track as its text was made of them.

    Args:
        parts: The transcripts of its chunks.
        analysis: The speech of the track; None if that is not stored.
        left_out: What the hallucination filter removed.
    """
    words = [
        word
        for part in parts
        for word in (
            confine_to_speech(part.words, analysis.speech, part.language)
            if analysis is not None
            else part.words
        )
    ]
    return tuple(repair_words(_without(words, left_out)))


def _without(words: Sequence[Word], left_out: Sequence[RemovedText]) -> list[Word]:
    """Return the words that the hallucination filter kept, in order of time."""
    removals = deque(removal for removal in left_out if removal.text)
    kept = []
    for word in sorted(words, key=lambda word: word.start):
        while removals and removals[0].end < word.start - TOLERANCE_SECONDS:
            removals.popleft()
        if not any(_is_part(word, removal) for removal in removals):
            kept.append(word)
    return kept


def _is_part(word: Word, removal: RemovedText) -> bool:
    return (
        removal.start - TOLERANCE_SECONDS <= word.start
        and word.end <= removal.end + TOLERANCE_SECONDS
        and word.text.strip() in removal.text
    )


def _other_readings(
    store: TranscriptStore, fingerprint: str, origin: TextOrigin, parts: Sequence[Transcript]
) -> Iterator[OtherReading]:
    """Yield what other engines understood, and what the engine did where a fallback counts."""
    languages = {part.language for part in parts}
    believed = [word.text for part in parts for word in part.words]
    for variant in store.variants(fingerprint, origin.track):
        others = [
            part
            for part in list_stored_parts(
                store, fingerprint, origin.track, variant, is_effective=False
            )
            if part.language in languages
        ]
        words = tuple(word for part in others for word in part.words)
        if words and [word.text for word in words] != believed:
            yield OtherReading(others[0].engine or variant, words)


def _find_missed_terms(
    parts: Sequence[_OriginEvidence], source: TextSource, cues: Sequence[Cue]
) -> Iterator[MissedTerm]:
    """Yield the terms that were spoken and are missing in a translation."""
    if source.glossary is None:
        return
    for part in parts:
        if part.language is None:
            continue
        terms = source.glossary.required_terms(part.language, source.language)
        if terms:
            for term in missing_terms(part.words, cues, terms, part.language, source.language):
                yield MissedTerm(term.start_seconds, term.source_text, term.target_text)


def _find_other_languages(cues: Sequence[Cue], language: Language) -> dict[int, Language]:
    """Return the cues, by index, that are clearly in another language."""
    found = {}
    for index, cue in enumerate(cues):
        other = language_mismatch_of_line(" ".join(strip_tags(cue.text).split()), language)
        if other is not None:
            found[index] = other
    return found


def _in_order(lists: Iterable[Sequence[Timed]]) -> tuple[Timed, ...]:
    """Return what is in several lists in order of time."""
    return tuple(sorted(chain.from_iterable(lists), key=lambda item: (item.start, item.end)))
