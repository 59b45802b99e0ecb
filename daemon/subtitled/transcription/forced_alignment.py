"""Times for words whose engine gave a text alone: found in the sound by an engine that aligns.

Text goes to the aligner in passages: all of a stretch, or, where the engine knows the times of
phrases, some phrases at a time. What comes back must be that text, in order, inside its passage,
and convincing; else the times are estimated (:mod:`subtitled.subtitles.segmentation.word_timing`),
and the words say so. Not to be mistaken for :mod:`.alignment`, which compares two versions of a
medium.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from subtitled.plugin import Audio, Chunk, Language, SubtitledError, TimeSpan, Transcript, Word
from subtitled.subtitles.hallucination.passages import normalise_text
from subtitled.subtitles.segmentation.word_timing import estimate_times, interpolate, speech_weight

Aligner = Callable[[Audio, Chunk, str, Language], Sequence[Word]]
"""As :meth:`subtitled.plugin.Engine.align`."""

MAX_PASSAGE_SECONDS = 28.0
"""Seconds of phrases with times that are aligned together: one look of Whisper's."""
SLACK_SECONDS = 0.3
"""Seconds by which the times of a phrase may be wrong."""
MIN_CONFIDENCE = 0.15
"""Median confidence below which an alignment is none. Whisper base, given what was said, is at 0.8
and more; given something else, at 0.01 to 0.12 (benchmarks/alignment.py measures both)."""
MAX_CROWDED_SHARE = 0.4
"""Share of words that may lie where no word has room."""
MAX_CHARS_PER_SECOND = 35.0
"""Letters a second that nobody says; words that are faster are crowded."""


@dataclass(frozen=True, slots=True)
class AlignmentResult:
    """Words with times, and how many of them were found or estimated, by whom and why."""

    words: tuple[Word, ...]
    aligner: str
    rejections: tuple[str, ...] = ()

    def __str__(self) -> str:
        estimated = sum(word.is_estimated for word in self.words)
        if not self.words:
            return "without words"
        if not estimated:
            return f"times found by {self.aligner}"
        reason = "; ".join(dict.fromkeys(self.rejections))
        some = "" if estimated == len(self.words) else f" of {estimated} of {len(self.words)} words"
        return f"times{some} estimated: {reason}"


@dataclass(frozen=True, slots=True)
class _Passage:
    """Phrases that are aligned together, and where they are said."""

    phrases: tuple[Word, ...]
    stretch: Chunk

    def text(self) -> str:
        return "".join(phrase.text for phrase in self.phrases)


def align_transcript(
    untimed: Transcript, chunk: Chunk, audio: Audio, align: Aligner | None, aligner: str = ""
) -> AlignmentResult:
    """The words of a transcript whose words are phrases, or one text, each with its own times.

    ``align`` is that of the engine called ``aligner``, or None where no engine aligns.
    """
    words: list[Word] = []
    doubts: list[str] = []
    for passage in _split_into_passages(untimed.words, chunk):
        result: Sequence[Word] | str = "no engine that aligns is configured"
        if align is not None:
            result = _align_passage(passage, audio, untimed.language, align, aligner)
        if isinstance(result, str):
            doubts.append(result)
            result = estimate_times(passage.phrases, passage.stretch.speech, untimed.language)
        words += result
    return AlignmentResult(tuple(words), aligner, tuple(doubts))


def _split_into_passages(phrases: Sequence[Word], chunk: Chunk) -> list[_Passage]:
    """The phrases in passages of which each is said in a time of its own."""
    spoken = [phrase for phrase in phrases if normalise_text(phrase.text)]
    has_times = all(math.isfinite(one.start) and math.isfinite(one.end) for one in spoken)
    if len(spoken) < 2 or not has_times:
        return [_Passage(tuple(spoken), chunk)] if spoken else []
    groups: list[list[Word]] = []
    for phrase in spoken:
        if groups and phrase.end - groups[-1][0].start <= MAX_PASSAGE_SECONDS:
            groups[-1].append(phrase)
        else:
            groups.append([phrase])
    return [
        _Passage(
            tuple(group),
            _passage_chunk(
                chunk,
                _passage_border(groups[n - 1][-1].end, group[0].start) if n else -math.inf,
                _passage_border(group[-1].end, groups[n + 1][0].start)
                if n + 1 < len(groups)
                else math.inf,
                TimeSpan(group[0].start - SLACK_SECONDS, group[-1].end + SLACK_SECONDS),
            ),
        )
        for n, group in enumerate(groups)
    ]


def _passage_border(before: float, after: float) -> float:
    """The border of two passages: in the middle of what lies between, or of what both claim."""
    return (before + after) / 2


def _passage_chunk(chunk: Chunk, first: float, last: float, claimed: TimeSpan) -> Chunk:
    start = max(first, claimed.start, chunk.span.start)
    end = max(start, min(last, claimed.end, chunk.span.end))

    def clipped(parts: Sequence[TimeSpan]) -> tuple[TimeSpan, ...]:
        inside = (TimeSpan(max(part.start, start), min(part.end, end)) for part in parts)
        return tuple(part for part in inside if part.duration > 0)

    return Chunk(TimeSpan(start, end), clipped(chunk.speech), clipped(chunk.low_energy))


def _align_passage(
    passage: _Passage, audio: Audio, language: Language, align: Aligner, aligner: str
) -> Sequence[Word] | str:
    """The words of a passage where they are said, or why that is not known."""
    chunk = passage.stretch
    if not chunk.speech:
        return "nobody was heard to speak there"
    try:
        words = tuple(align(audio, chunk, passage.text(), language))
    except SubtitledError as error:
        return f"{aligner} could not align: {error.message}"
    doubt = rejection_reason(words, passage.text(), chunk.span)
    if doubt:
        return doubt
    return _restore_phrase_data(spread_crowded_words(words, chunk.span.end), passage.phrases)


def rejection_reason(words: Sequence[Word], text: str, within: TimeSpan) -> str:
    """Why an alignment is not to be believed; empty if it is."""
    if normalise_text("".join(word.text for word in words)) != normalise_text(text):
        return "the alignment lost some of the text"
    last = within.start
    for word in words:
        if not (last - 1e-3 <= word.start <= word.end <= within.end + 1e-3):
            return "the alignment is out of order"
        last = word.start
    sure = [word.confidence for word in words if word.confidence is not None]
    if sure and statistics.median(sure) < MIN_CONFIDENCE:
        return f"the alignment does not convince (confidence {statistics.median(sure):.0%})"
    crowded = sum(_is_crowded(word) for word in words)
    if crowded > MAX_CROWDED_SHARE * len(words) and len(words) > 3:
        return f"the alignment does not convince ({crowded} of {len(words)} words have no room)"
    return ""


def _is_crowded(word: Word) -> bool:
    return word.end - word.start < speech_weight(word.text) / MAX_CHARS_PER_SECOND


def spread_crowded_words(words: Sequence[Word], end: float) -> list[Word]:
    """Words of no length, or of too little, share the time of those beside them by their length.

    Around each run of them room is taken from the pause and, if that is not enough, from the words
    on both sides, one after the other. The order stays, and so do the words that need no room.
    """
    ordered = [replace(word, end=max(word.end, word.start)) for word in words]
    at = 0
    while at < len(ordered):
        if not _is_crowded(ordered[at]):
            at += 1
            continue
        first = last = at
        while last + 1 < len(ordered) and _is_crowded(ordered[last + 1]):
            last += 1
        first, last = _widen_run(ordered, first, last, end)
        start = ordered[first].start
        until = ordered[last + 1].start if last + 1 < len(ordered) else end
        needed = (
            sum(speech_weight(word.text) for word in ordered[first : last + 1])
            / MAX_CHARS_PER_SECOND
        )
        until = min(until, max(ordered[last].end, start + 2 * needed))
        run = Word("", start, until)
        shared = interpolate(run, [word.text for word in ordered[first : last + 1]])
        for number, place in enumerate(shared):
            was = ordered[first + number]
            ordered[first + number] = replace(was, start=place.start, end=place.end)
        at = last + 1
    return ordered


def _widen_run(words: Sequence[Word], first: int, last: int, end: float) -> tuple[int, int]:
    """The run, with so many words of both sides that all have the time to be said."""
    for _ in range(8):
        until = words[last + 1].start if last + 1 < len(words) else end
        needed = (
            sum(speech_weight(word.text) for word in words[first : last + 1]) / MAX_CHARS_PER_SECOND
        )
        if until - words[first].start >= needed:
            break
        if first > 0:
            first -= 1
        elif last + 1 < len(words):
            last += 1
    return first, last


def _restore_phrase_data(words: Sequence[Word], phrases: Sequence[Word]) -> list[Word]:
    """The words with the speaker of the phrase that each is from, and its confidence if known."""
    restored: list[Word] = []
    number, through, at = 0, len(normalise_text(phrases[0].text)), 0
    for word in words:
        while at >= through and number + 1 < len(phrases):
            number += 1
            through += len(normalise_text(phrases[number].text))
        at += len(normalise_text(word.text))
        phrase = phrases[number]
        sure = word.confidence if phrase.confidence is None else phrase.confidence
        restored.append(replace(word, speaker=phrase.speaker, confidence=sure))
    return restored
