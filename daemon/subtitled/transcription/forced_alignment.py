"""Times for words whose engine gave a text alone: found in the sound by an engine that aligns.

Text goes to the aligner in passages: all of a stretch, or, where the engine knows the times of
phrases, some phrases at a time. What comes back must be that text, in order, inside its passage,
and convincing; else the times are estimated (:mod:`subtitled.subtitles.layout.estimate`), and the
words say so. Not to be mistaken for :mod:`.alignment`, which compares two versions of a medium.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from subtitled.plugin import Audio, Interval, Language, Problem, Stretch, Transcript, Word
from subtitled.subtitles.guards.passages import bare
from subtitled.subtitles.layout.estimate import interpolated, laid_over, weight

Align = Callable[[Audio, Stretch, str, Language], Sequence[Word]]
"""As :meth:`subtitled.plugin.Engine.align`."""

PASSAGE = 28.0
"""Seconds of phrases with times that are aligned together: one look of Whisper's."""
SLACK = 0.3
"""Seconds by which the times of a phrase may be wrong."""
LEAST_CONFIDENCE = 0.15
"""Median confidence below which an alignment is none. Whisper base, given what was said, is at 0.8
and more; given something else, at 0.01 to 0.12 (benchmarks/alignment.py measures both)."""
CROWDED = 0.4
"""Share of words that may lie where no word has room."""
FASTEST = 35.0
"""Letters a second that nobody says; words that are faster are crowded."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Words with times, and how many of them were found or estimated, by whom and why."""

    words: tuple[Word, ...]
    aligner: str
    doubts: tuple[str, ...] = ()

    def __str__(self) -> str:
        estimated = sum(word.estimated for word in self.words)
        if not self.words:
            return "without words"
        if not estimated:
            return f"times found by {self.aligner}"
        why = "; ".join(dict.fromkeys(self.doubts))
        some = "" if estimated == len(self.words) else f" of {estimated} of {len(self.words)} words"
        return f"times{some} estimated: {why}"


@dataclass(frozen=True, slots=True)
class _Passage:
    """Phrases that are aligned together, and where they are said."""

    phrases: tuple[Word, ...]
    stretch: Stretch

    def text(self) -> str:
        return "".join(phrase.text for phrase in self.phrases)


def timed(
    said: Transcript, stretch: Stretch, audio: Audio, align: Align | None, aligner: str = ""
) -> Timing:
    """The words of a transcript whose words are phrases, or one text, each with its own times.

    ``align`` is that of the engine called ``aligner``, or None where no engine aligns.
    """
    words: list[Word] = []
    doubts: list[str] = []
    for passage in _passages(said.words, stretch):
        found: Sequence[Word] | str = "no engine that aligns is configured"
        if align is not None:
            found = _aligned(passage, audio, said.language, align, aligner)
        if isinstance(found, str):
            doubts.append(found)
            found = laid_over(passage.phrases, passage.stretch.speech, said.language)
        words += found
    return Timing(tuple(words), aligner, tuple(doubts))


def _passages(phrases: Sequence[Word], stretch: Stretch) -> list[_Passage]:
    """The phrases in passages of which each is said in a time of its own."""
    spoken = [phrase for phrase in phrases if bare(phrase.text)]
    known = all(math.isfinite(one.start) and math.isfinite(one.end) for one in spoken)
    if len(spoken) < 2 or not known:
        return [_Passage(tuple(spoken), stretch)] if spoken else []
    groups: list[list[Word]] = []
    for phrase in spoken:
        if groups and phrase.end - groups[-1][0].start <= PASSAGE:
            groups[-1].append(phrase)
        else:
            groups.append([phrase])
    return [
        _Passage(
            tuple(group),
            _within(
                stretch,
                _edge(groups[n - 1][-1].end, group[0].start) if n else -math.inf,
                _edge(group[-1].end, groups[n + 1][0].start) if n + 1 < len(groups) else math.inf,
                Interval(group[0].start - SLACK, group[-1].end + SLACK),
            ),
        )
        for n, group in enumerate(groups)
    ]


def _edge(before: float, after: float) -> float:
    """The border of two passages: in the middle of what lies between, or of what both claim."""
    return (before + after) / 2


def _within(stretch: Stretch, first: float, last: float, claimed: Interval) -> Stretch:
    start = max(first, claimed.start, stretch.interval.start)
    end = max(start, min(last, claimed.end, stretch.interval.end))

    def clipped(parts: Sequence[Interval]) -> tuple[Interval, ...]:
        inside = (Interval(max(part.start, start), min(part.end, end)) for part in parts)
        return tuple(part for part in inside if part.duration > 0)

    return Stretch(Interval(start, end), clipped(stretch.speech), clipped(stretch.quiet))


def _aligned(
    passage: _Passage, audio: Audio, language: Language, align: Align, aligner: str
) -> Sequence[Word] | str:
    """The words of a passage where they are said, or why that is not known."""
    stretch = passage.stretch
    if not stretch.speech:
        return "nobody was heard to speak there"
    try:
        words = tuple(align(audio, stretch, passage.text(), language))
    except Problem as problem:
        return f"{aligner} could not align: {problem.what}"
    doubt = doubted(words, passage.text(), stretch.interval)
    if doubt:
        return doubt
    return _as_said(uncrowded(words, stretch.interval.end), passage.phrases)


def doubted(words: Sequence[Word], text: str, within: Interval) -> str:
    """Why an alignment is not to be believed; empty if it is."""
    if bare("".join(word.text for word in words)) != bare(text):
        return "the alignment lost some of the text"
    last = within.start
    for word in words:
        if not (last - 1e-3 <= word.start <= word.end <= within.end + 1e-3):
            return "the alignment is out of order"
        last = word.start
    sure = [word.confidence for word in words if word.confidence is not None]
    if sure and statistics.median(sure) < LEAST_CONFIDENCE:
        return f"the alignment does not convince (confidence {statistics.median(sure):.0%})"
    crowded = sum(_is_crowded(word) for word in words)
    if crowded > CROWDED * len(words) and len(words) > 3:
        return f"the alignment does not convince ({crowded} of {len(words)} words have no room)"
    return ""


def _is_crowded(word: Word) -> bool:
    return word.end - word.start < weight(word.text) / FASTEST


def uncrowded(words: Sequence[Word], end: float) -> list[Word]:
    """Words of no length, or of too little, share the time of those beside them by their length.

    Around each run of them room is taken from the pause and, if that is not enough, from the words
    on both sides, one after the other. The order stays, and so do the words that need no room.
    """
    given = [replace(word, end=max(word.end, word.start)) for word in words]
    at = 0
    while at < len(given):
        if not _is_crowded(given[at]):
            at += 1
            continue
        first = last = at
        while last + 1 < len(given) and _is_crowded(given[last + 1]):
            last += 1
        first, last = _with_room(given, first, last, end)
        start = given[first].start
        until = given[last + 1].start if last + 1 < len(given) else end
        needed = sum(weight(word.text) for word in given[first : last + 1]) / FASTEST
        until = min(until, max(given[last].end, start + 2 * needed))
        run = Word("", start, until)
        shared = interpolated(run, [word.text for word in given[first : last + 1]])
        for number, place in enumerate(shared):
            was = given[first + number]
            given[first + number] = replace(was, start=place.start, end=place.end)
        at = last + 1
    return given


def _with_room(words: Sequence[Word], first: int, last: int, end: float) -> tuple[int, int]:
    """The run, with so many words of both sides that all have the time to be said."""
    for _ in range(8):
        until = words[last + 1].start if last + 1 < len(words) else end
        needed = sum(weight(word.text) for word in words[first : last + 1]) / FASTEST
        if until - words[first].start >= needed:
            break
        if first > 0:
            first -= 1
        elif last + 1 < len(words):
            last += 1
    return first, last


def _as_said(words: Sequence[Word], phrases: Sequence[Word]) -> list[Word]:
    """The words with the speaker of the phrase that each is from, and its confidence if known."""
    found: list[Word] = []
    number, through, at = 0, len(bare(phrases[0].text)), 0
    for word in words:
        while at >= through and number + 1 < len(phrases):
            number += 1
            through += len(bare(phrases[number].text))
        at += len(bare(word.text))
        phrase = phrases[number]
        sure = word.confidence if phrase.confidence is None else phrase.confidence
        found.append(replace(word, speaker=phrase.speaker, confidence=sure))
    return found
