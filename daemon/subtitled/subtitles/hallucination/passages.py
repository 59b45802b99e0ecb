"""Passages: words that belong together, and how well the audio supports them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import TimeSpan, Word
from subtitled.plugin.speech_timeline import SpeechTimeline

from ..segmentation.syntax import is_sentence_end

PAUSE_SECONDS = 0.8
"""Seconds of silence that separate two passages."""
MIN_WORD_SECONDS = 0.02
"""Seconds that a word without a duration counts."""
MIN_CLEAR_SPEECH_SHARE = 0.5
"""Share of a passage in clear speech below which its audio is weak."""
MIN_CONFIDENCE = 0.5
"""Mean confidence below which a passage counts as a guess."""


@dataclass(frozen=True, slots=True)
class RemovedText:
    """Text that was removed, from ``start`` to ``end`` seconds, and the reason."""

    start: float
    end: float
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class SuspectWords:
    """Suspect words, from index ``first`` to ``last`` (exclusive), and the reason."""

    first: int
    last: int
    reason: str


class SpeechMask:
    """Speech spans and their faint parts, which everything about passages is measured against."""

    def __init__(self, speech: Sequence[TimeSpan], low_energy: Sequence[TimeSpan] = ()) -> None:
        """Take speech spans and their faint parts, both in order and without overlap."""
        self._speech = SpeechTimeline(speech)
        self._low_energy = SpeechTimeline(low_energy)

    def measure_speech_share(self, words: Sequence[Word]) -> float:
        """Return the share of the time of some words that is speech, faint or not."""
        return _measure_share(words, self._speech)

    def measure_clear_share(self, words: Sequence[Word]) -> float:
        """Return the share of the time of some words that is clear speech."""
        return max(
            0.0, _measure_share(words, self._speech) - _measure_share(words, self._low_energy)
        )

    def measure_seconds(self, words: Sequence[Word]) -> float:
        """Return how long some words in a row take, without the silence between them.

        Where a word is said nobody is silent, whether or not speech was detected there.
        """
        seconds, end = 0.0, words[0].start
        for word in words:
            if word.start > end:
                seconds += self._speech.measure_speech(end, word.start)
            seconds += max(0.0, word.end - max(word.start, end))
            end = max(end, word.end)
        return seconds


def _measure_share(words: Sequence[Word], timeline: SpeechTimeline) -> float:
    inside = total = 0.0
    for word in words:
        end = max(word.end, word.start + MIN_WORD_SECONDS)
        inside += timeline.measure_speech(word.start, end)
        total += end - word.start
    return inside / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Passage:
    """Words in a row, from index ``first`` to ``last`` (exclusive) of all words."""

    first: int
    last: int
    words: Sequence[Word]

    def to_suspect(self, reason: str) -> SuspectWords:
        """Return the whole passage as suspect."""
        return SuspectWords(self.first, self.last, reason)

    @property
    def start(self) -> float:
        """Return the start in seconds."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """Return the end in seconds."""
        return max(word.end for word in self.words)

    @property
    def text(self) -> str:
        """Return the text of the words."""
        return "".join(word.text for word in self.words).strip()

    @property
    def confidence(self) -> float | None:
        """Return the mean confidence of the words; None if the engine has none."""
        return compute_mean_confidence(self.words)

    @property
    def has_times(self) -> bool:
        """Check whether its times come from the engine, so that they are evidence."""
        return not any(word.is_estimated for word in self.words)

    def is_weak(self, speech_mask: SpeechMask) -> bool:
        """Check whether neither the audio nor the confidence supports it."""
        is_unsure = self.confidence is not None and self.confidence < MIN_CONFIDENCE
        return is_unsure or (
            self.has_times and speech_mask.measure_clear_share(self.words) < MIN_CLEAR_SPEECH_SHARE
        )


def compute_mean_confidence(words: Sequence[Word]) -> float | None:
    """Return the mean of the known confidences; None if there are none."""
    confidences = [word.confidence for word in words if word.confidence is not None]
    return sum(confidences) / len(confidences) if confidences else None


def split_passages(words: Sequence[Word]) -> list[Passage]:
    """Split words into passages: sentences, also cut at pauses."""
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
    """Return the letters and digits of a text in lower case, for comparisons."""
    # The small letter of the Turkish İ has a dot of its own, which that of a small i has not.
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u0307", "")
    return folded.translate(_LETTERS)


_MAX_KNOWN = 16384
"""Characters that are remembered. Else a text of all characters would fill the memory."""


class _Letters(dict[int, int | None]):
    """What becomes of each character in a comparison: it stays, or is left out."""

    def __missing__(self, code: int) -> int | None:
        kept = code if unicodedata.category(chr(code))[0] in "LNM" else None
        if len(self) < _MAX_KNOWN:
            self[code] = kept
        return kept


_LETTERS = _Letters()
