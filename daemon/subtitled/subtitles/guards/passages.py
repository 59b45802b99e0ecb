"""Passages: words that belong together, and how well the sound bears them out."""

from __future__ import annotations

import bisect
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Interval, Word

from ..layout.syntax import ends_sentence

PAUSE = 0.8
"""Seconds of silence that part two passages."""
LITTLE_SPEECH = 0.5
"""The share of a passage in clear speech below which its sound is weak."""
UNSURE = 0.5
"""Mean confidence below which a recogniser guesses."""


@dataclass(frozen=True, slots=True)
class Removal:
    """Words that were left out, from ``start`` to ``end`` seconds, and why."""

    start: float
    end: float
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Words that are not to be believed, by their places ``first`` to ``last`` (not included)."""

    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class Sound:
    """Where somebody speaks; ``quiet`` are the parts of it that are faint. In order and apart."""

    speech: Sequence[Interval]
    quiet: Sequence[Interval] = ()

    def spoken(self, start: float, end: float) -> float:
        """The share of a span that is speech, faint or not."""
        return _share(start, end, self.speech)

    def clear(self, start: float, end: float) -> float:
        """The share of a span that is clear speech."""
        return max(0.0, _share(start, end, self.speech) - _share(start, end, self.quiet))


def _share(start: float, end: float, parts: Sequence[Interval]) -> float:
    end = max(end, start + 0.02)  # a word of no length is where it is
    inside = 0.0
    for part in parts[first_after(parts, start) :]:
        if part.start >= end:
            break
        inside += min(end, part.end) - max(start, part.start)
    return inside / (end - start)


def first_after(parts: Sequence[Interval], time: float) -> int:
    """The first of the intervals that ends after a time."""
    return bisect.bisect_right(parts, time, key=lambda part: part.end)


@dataclass(frozen=True, slots=True)
class Passage:
    """Some words in a row, by their places ``first`` to ``last`` (not included) in all words."""

    first: int
    last: int
    words: Sequence[Word]

    def found(self, reason: str) -> Finding:
        """The whole passage as a finding."""
        return Finding(self.first, self.last, reason)

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return max(word.end for word in self.words)

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()

    @property
    def confidence(self) -> float | None:
        """Mean confidence of the words, None where the engine has none."""
        return mean_confidence(self.words)

    @property
    def has_times(self) -> bool:
        """Whether its times come from the engine and may speak for or against it."""
        return not any(word.estimated for word in self.words)

    def weak(self, sound: Sound) -> bool:
        """Whether neither the sound nor the recogniser stands up for it."""
        unsure = self.confidence is not None and self.confidence < UNSURE
        return unsure or (self.has_times and sound.clear(self.start, self.end) < LITTLE_SPEECH)


def mean_confidence(words: Sequence[Word]) -> float | None:
    """The mean of the confidences that are known."""
    known = [word.confidence for word in words if word.confidence is not None]
    return sum(known) / len(known) if known else None


def passages(words: Sequence[Word]) -> list[Passage]:
    """All words in passages: sentences, cut at pauses too."""
    found: list[Passage] = []
    first = 0
    for number, word in enumerate(words):
        following = words[number + 1] if number + 1 < len(words) else None
        if (
            following is None
            or ends_sentence(word.text)
            or following.start - word.end > PAUSE
            or following.speaker != word.speaker
        ):
            found.append(Passage(first, number + 1, words[first : number + 1]))
            first = number + 1
    return found


def bare(text: str) -> str:
    """Letters and digits alone, in lower case: what is compared."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LNM")
