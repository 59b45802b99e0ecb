"""Passages: words that belong together, and how well the sound bears them out."""

from __future__ import annotations

import bisect
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import TimeSpan, Word

from ..segmentation.syntax import is_sentence_end

PAUSE_SECONDS = 0.8
"""Seconds of silence that part two passages."""
MIN_CLEAR_SPEECH_SHARE = 0.5
"""The share of a passage in clear speech below which its sound is weak."""
MIN_CONFIDENCE = 0.5
"""Mean confidence below which a recogniser guesses."""


@dataclass(frozen=True, slots=True)
class RemovedText:
    """Words that were left out, from ``start`` to ``end`` seconds, and why."""

    start: float
    end: float
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class SuspectWords:
    """Words that are not to be believed, by their places ``first`` to ``last`` (not included)."""

    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class SpeechMask:
    """Where somebody speaks; ``low_energy`` are the parts of it that are faint. In order and
    apart."""

    speech: Sequence[TimeSpan]
    low_energy: Sequence[TimeSpan] = ()

    def measure_speech_share(self, start: float, end: float) -> float:
        """The share of a span that is speech, faint or not."""
        return _overlap_share(start, end, self.speech)

    def measure_clear_share(self, start: float, end: float) -> float:
        """The share of a span that is clear speech."""
        return max(
            0.0,
            _overlap_share(start, end, self.speech) - _overlap_share(start, end, self.low_energy),
        )


def _overlap_share(start: float, end: float, parts: Sequence[TimeSpan]) -> float:
    end = max(end, start + 0.02)  # a word of no length is where it is
    inside = 0.0
    for part in parts[find_first_after(parts, start) :]:
        if part.start >= end:
            break
        inside += min(end, part.end) - max(start, part.start)
    return inside / (end - start)


def find_first_after(parts: Sequence[TimeSpan], time: float) -> int:
    """The first of the intervals that ends after a time."""
    return bisect.bisect_right(parts, time, key=lambda part: part.end)


@dataclass(frozen=True, slots=True)
class Passage:
    """Some words in a row, by their places ``first`` to ``last`` (not included) in all words."""

    first: int
    last: int
    words: Sequence[Word]

    def to_suspect(self, reason: str) -> SuspectWords:
        """The whole passage as a finding."""
        return SuspectWords(self.first, self.last, reason)

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
        return compute_mean_confidence(self.words)

    @property
    def has_times(self) -> bool:
        """Whether its times come from the engine and may speak for or against it."""
        return not any(word.is_estimated for word in self.words)

    def is_weak(self, speech_mask: SpeechMask) -> bool:
        """Whether neither the sound nor the recogniser stands up for it."""
        is_unsure = self.confidence is not None and self.confidence < MIN_CONFIDENCE
        return is_unsure or (
            self.has_times
            and speech_mask.measure_clear_share(self.start, self.end) < MIN_CLEAR_SPEECH_SHARE
        )


def compute_mean_confidence(words: Sequence[Word]) -> float | None:
    """The mean of the confidences that are known."""
    confidences = [word.confidence for word in words if word.confidence is not None]
    return sum(confidences) / len(confidences) if confidences else None


def split_passages(words: Sequence[Word]) -> list[Passage]:
    """All words in passages: sentences, cut at pauses too."""
    result: list[Passage] = []
    first = 0
    for number, word in enumerate(words):
        following = words[number + 1] if number + 1 < len(words) else None
        if (
            following is None
            or is_sentence_end(word.text)
            or following.start - word.end > PAUSE_SECONDS
            or following.speaker != word.speaker
        ):
            result.append(Passage(first, number + 1, words[first : number + 1]))
            first = number + 1
    return result


def normalise_text(text: str) -> str:
    """Letters and digits alone, in lower case: what is compared."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] in "LNM")
