"""Times for words whose recogniser gave none, or only those of whole phrases.

Two ways of knowing little, and one idea: that words take time by their length and their
punctuation. A phrase with times is shared out among its words (:func:`interpolated`); a text is
laid over the intervals in which somebody speaks (:func:`laid_over`), so that pauses fall where
sentences and clauses end. Against the word times of Whisper the middle error of the first is a
quarter of a second.
"""

from __future__ import annotations

import bisect
import itertools
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import Interval, Language, Word

from ..scripts import is_spaceless
from .phrases import phrases
from .repair import clean
from .syntax import break_cost

WIDE = 1.9
"""A full-width character is a syllable or more; a letter is a part of one."""
AFTER_CLAUSE = 2.0
AFTER_SENTENCE = 4.0
"""Pauses of speech, in letters."""
DRIFT = 60.0
"""Seconds by which a text may run before or behind an even pace."""
UNNATURAL = 0.15
"""What a pause in a bad place costs, for each point of :func:`.syntax.break_cost`."""


def weight(text: str) -> float:
    """How long a text takes to say, in letters."""
    total = 0.0
    for character in text:
        if character in ",;:،、，；：":
            total += AFTER_CLAUSE
        elif character in ".!?…。！？؟।":
            total += AFTER_SENTENCE
        elif unicodedata.category(character)[0] in "LN":
            total += WIDE if unicodedata.east_asian_width(character) in "WF" else 1.0
    return total


def interpolated(word: Word, texts: Sequence[str]) -> list[Word]:
    """A word, which was a phrase, as several that share its time by their length."""
    if len(texts) < 2:
        return [replace(word, text=texts[0])] if texts else []
    shares = [max(weight(text), 0.1) for text in texts]
    moments = [0.0, *itertools.accumulate(shares)]
    rate = (word.end - word.start) / moments[-1]
    return [
        replace(
            word,
            text=text,
            start=word.start + first * rate,
            end=min(word.end, word.start + last * rate),
            estimated=True,
        )
        for text, (first, last) in zip(texts, itertools.pairwise(moments), strict=True)
    ]


def laid_over(
    phrases_said: Sequence[Word], speech: Sequence[Interval], language: Language
) -> tuple[Word, ...]:
    """The words of phrases that have times of their own, or of one text for the whole of it.

    Each phrase's words are put where somebody speaks between its start and its end; where nobody
    does, they share its time. ``speech`` is in order and apart. All words are marked as estimated.
    """
    found: list[Word] = []
    for phrase in phrases_said:
        text = clean(phrase.text)
        if not text.strip():
            continue
        if not is_spaceless(language):
            text = f" {text.strip()}"
        whole = _timed(phrase, speech)
        found += _spread(whole, phrases(text, language), _clipped(speech, whole), language)
    return tuple(replace(word, estimated=True) for word in found)


def _timed(phrase: Word, speech: Sequence[Interval]) -> Word:
    """The phrase; with times that are none, it may be anywhere in the speech."""
    start = phrase.start if math.isfinite(phrase.start) else speech[0].start if speech else 0.0
    end = phrase.end if math.isfinite(phrase.end) else speech[-1].end if speech else start
    return replace(phrase, start=start, end=max(start, end))


def _clipped(speech: Sequence[Interval], phrase: Word) -> list[Interval]:
    clipped = [
        Interval(max(part.start, phrase.start), min(part.end, phrase.end)) for part in speech
    ]
    return [part for part in clipped if part.duration > 0.05]


def _spread(
    phrase: Word, texts: Sequence[str], inside: Sequence[Interval], language: Language
) -> list[Word]:
    if not inside:
        return interpolated(phrase, texts)
    borders = [0, *_pauses(texts, inside, language), len(texts)]
    words: list[Word] = []
    for part, (first, last) in zip(inside, itertools.pairwise(borders), strict=True):
        words += interpolated(replace(phrase, start=part.start, end=part.end), texts[first:last])
    return words


def _pauses(texts: Sequence[str], inside: Sequence[Interval], language: Language) -> list[int]:
    """How many words are said before each pause: the least strange way, by dynamic programming.

    Strange is an interval that is too short or too long for its words, and a pause in the middle
    of a clause. ``best`` holds, for each number of words before a pause, the least cost.
    """
    said = [0.0, *itertools.accumulate(max(weight(text), 0.1) for text in texts)]
    pace = sum(part.duration for part in inside) / said[-1]
    costs = [0.0] * (len(texts) + 1)
    for at in range(1, len(texts)):
        costs[at] = UNNATURAL * break_cost(texts[at - 1], texts[at], language)
    best = {0: 0.0}
    steps: list[dict[int, int]] = []
    spoken = 0.0
    for part in inside[:-1]:
        spoken += part.duration
        reach = _near(said, spoken / pace, DRIFT / pace)
        following: dict[int, float] = {}
        came_from: dict[int, int] = {}
        for before, cost in best.items():
            room = 2.5 * part.duration / pace + 8
            last = min(reach.stop, bisect.bisect_right(said, said[before] + room))
            for at in range(max(before, reach.start), max(last, before + 1)):
                strange = (said[at] - said[before]) * pace - part.duration
                total = cost + strange * strange / (part.duration + 0.5) + costs[at]
                if total < following.get(at, math.inf):
                    following[at], came_from[at] = total, before
        if not following:
            # The text has run away from the speech: it is taken up where it should be.
            before = max(best)
            at = max(before, reach.start)
            following[at], came_from[at] = best[before], before
        best = following
        steps.append(came_from)
    rest = inside[-1].duration

    def finished(at: int) -> float:
        strange = (said[-1] - said[at]) * pace - rest
        return best[at] + strange * strange / (rest + 0.5)

    at = min(best, key=finished)
    borders: list[int] = []
    for came_from in reversed(steps):
        borders.append(at)
        at = came_from[at]
    return borders[::-1]


def _near(said: Sequence[float], middle: float, around: float) -> range:
    """The numbers of words after which about so much has been said."""
    first = bisect.bisect_left(said, middle - around)
    last = bisect.bisect_right(said, middle + around)
    return range(min(first, len(said) - 1), max(last, first + 1))
