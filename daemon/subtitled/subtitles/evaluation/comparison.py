"""Comparison of a subtitle with a reference of the same media file."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from subtitled.plugin import Cue, Language

from .suber import compute_suber
from .timed_words import count_timed_word_errors
from .word_errors import count_word_errors
from .words import is_compared_by_character, split_words

MIN_PAUSE_SECONDS = 2.0
"""Shortest time without a cue of the reference that counts as silence."""


@dataclass(frozen=True, slots=True)
class TimingErrors:
    """Errors of times in seconds. Late is positive."""

    errors: tuple[float, ...]

    @property
    def median(self) -> float | None:
        """Return the median of the absolute errors."""
        return statistics.median(map(abs, self.errors)) if self.errors else None

    @property
    def p90(self) -> float | None:
        """Return the 90th percentile of the absolute errors."""
        distances = sorted(map(abs, self.errors))
        return distances[(9 * len(distances) - 1) // 10] if distances else None

    @property
    def signed_median(self) -> float | None:
        """Return the median error with its sign, which shows a common shift."""
        return statistics.median(self.errors) if self.errors else None


@dataclass(frozen=True, slots=True)
class CueBoundaries:
    """Cue ends between the same two words in both. The last end of a file does not count."""

    matched: int
    hypothesis: int
    reference: int

    @property
    def precision(self) -> float | None:
        """Return the share of the cue ends that the reference has too."""
        return self.matched / self.hypothesis if self.hypothesis else None

    @property
    def recall(self) -> float | None:
        """Return the share of the reference's cue ends that were found."""
        return self.matched / self.reference if self.reference else None

    @property
    def f1(self) -> float | None:
        """Return the harmonic mean of precision and recall."""
        return (
            2 * self.matched / (self.hypothesis + self.reference)
            if self.hypothesis + self.reference
            else None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The results of a comparison. A value that is undefined is None."""

    unit: str
    """``WER``, or ``CER`` if characters are compared."""
    error_rate: float | None
    timed_error_rate: float | None
    """The error rate of the words within the times of the reference's cues."""
    suber: float | None
    in_times: TimingErrors
    """Errors of the starts of cues that begin with the same word in both."""
    out_times: TimingErrors
    """Errors of the ends of cues that end with the same word in both."""
    boundaries: CueBoundaries
    silence_seconds: float
    """Seconds without speech, by the reference."""
    invented_characters: int
    """Characters of cues that are completely in such silence."""

    @property
    def invented_per_hour(self) -> float | None:
        """Return the invented characters per hour of silence; None without silence."""
        return (
            self.invented_characters * 3600 / self.silence_seconds if self.silence_seconds else None
        )


@dataclass(frozen=True, slots=True)
class _CueWord:
    word: str
    cue: Cue
    is_first: bool
    is_last: bool


def compare_cues(
    hypothesis: Sequence[Cue], reference: Sequence[Cue], language: Language
) -> Comparison:
    """Compare two subtitles in the same language, each in order of time."""
    hypothesis_words, reference_words = (
        _list_words(hypothesis, language),
        _list_words(reference, language),
    )
    pairs = _align(hypothesis_words, reference_words)
    starts = [
        (h, w) for h, w in pairs if hypothesis_words[h].is_first and reference_words[w].is_first
    ]
    ends = [(h, w) for h, w in pairs if hypothesis_words[h].is_last and reference_words[w].is_last]
    inner = [
        (h, w) for h, w in ends if h + 1 < len(hypothesis_words) and w + 1 < len(reference_words)
    ]
    silences = _find_silences(hypothesis, reference)
    invented_characters = sum(
        len("".join(cue.text.split()))
        for cue in hypothesis
        if any(start <= cue.start and cue.end <= end for start, end in silences)
    )
    return Comparison(
        unit="CER" if is_compared_by_character(language) else "WER",
        error_rate=_compute_error_rate(hypothesis_words, reference_words),
        timed_error_rate=count_timed_word_errors(hypothesis, reference, language).rate,
        suber=compute_suber(hypothesis, reference, language),
        in_times=TimingErrors(
            tuple(hypothesis_words[h].cue.start - reference_words[w].cue.start for h, w in starts)
        ),
        out_times=TimingErrors(
            tuple(hypothesis_words[h].cue.end - reference_words[w].cue.end for h, w in ends)
        ),
        boundaries=CueBoundaries(
            len(inner),
            sum(word.is_last for word in hypothesis_words[:-1]),
            sum(word.is_last for word in reference_words[:-1]),
        ),
        silence_seconds=sum(end - start for start, end in silences),
        invented_characters=invented_characters,
    )


def _list_words(cues: Sequence[Cue], language: Language) -> list[_CueWord]:
    """Return all words in order, each with its cue."""
    cue_words: list[_CueWord] = []
    for cue in cues:
        words = split_words(cue.text.replace("\n", " "), language)
        last = len(words) - 1
        cue_words += (_CueWord(word, cue, n == 0, n == last) for n, word in enumerate(words))
    return cue_words


def _align(
    hypothesis_words: Sequence[_CueWord], reference_words: Sequence[_CueWord]
) -> list[tuple[int, int]]:
    """Return the index pairs of words that are the same in both."""
    blocks = Levenshtein.opcodes(
        [item.word for item in hypothesis_words], [item.word for item in reference_words]
    )
    return [
        (op.src_start + n, op.dest_start + n)
        for op in blocks
        if op.tag == "equal"
        for n in range(op.src_end - op.src_start)
    ]


def _compute_error_rate(
    hypothesis_words: Sequence[_CueWord], reference_words: Sequence[_CueWord]
) -> float | None:
    hypothesis, reference = (
        [item.word for item in side] for side in (hypothesis_words, reference_words)
    )
    return count_word_errors(hypothesis, [reference])[0].rate


def _find_silences(
    hypothesis: Sequence[Cue], reference: Sequence[Cue]
) -> list[tuple[float, float]]:
    """Return start and end of the pauses before, between and after the cues of the reference."""
    last = max((cue.end for cue in [*hypothesis, *reference]), default=0.0)
    edges, position = [], 0.0
    for cue in sorted(reference, key=lambda cue: cue.start):
        edges.append((position, cue.start))
        position = max(position, cue.end)
    edges.append((position, last))
    return [(start, end) for start, end in edges if end - start > MIN_PAUSE_SECONDS]
