"""A subtitle against another one of the same medium, taken to be right."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import jiwer
from rapidfuzz.distance import Levenshtein

from subtitled.plugin import Cue, Language

from .suber import suber
from .words import by_character, words_of

PAUSE = 2.0
"""Seconds without a cue of the reference that count as nobody speaking."""


@dataclass(frozen=True, slots=True)
class Times:
    """How far times are off, in seconds; late is positive."""

    errors: tuple[float, ...]

    @property
    def median(self) -> float | None:
        """Of the distances."""
        return statistics.median(map(abs, self.errors)) if self.errors else None

    @property
    def p90(self) -> float | None:
        """Nine in ten are nearer."""
        distances = sorted(map(abs, self.errors))
        return distances[(9 * len(distances) - 1) // 10] if distances else None

    @property
    def signed(self) -> float | None:
        """The median with its sign: whether all are early or late."""
        return statistics.median(self.errors) if self.errors else None


@dataclass(frozen=True, slots=True)
class Borders:
    """Cue ends between the same two words in both; the very last end is not asked for."""

    both: int
    ours: int
    theirs: int

    @property
    def precision(self) -> float | None:
        return self.both / self.ours if self.ours else None

    @property
    def recall(self) -> float | None:
        return self.both / self.theirs if self.theirs else None

    @property
    def f1(self) -> float | None:
        return 2 * self.both / (self.ours + self.theirs) if self.ours + self.theirs else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found; None for what cannot be said."""

    unit: str
    """``WER``, or ``CER`` where characters are compared."""
    error_rate: float | None
    suber: float | None
    in_times: Times
    """Of cues that begin with the same word in both."""
    out_times: Times
    """Of cues that end with the same word in both."""
    borders: Borders
    silence: float
    """Seconds in which nobody speaks, going by the reference."""
    invented: int
    """Characters of cues that lie wholly in such silence."""

    @property
    def invented_per_hour(self) -> float | None:
        return self.invented * 3600 / self.silence if self.silence else None


@dataclass(frozen=True, slots=True)
class _Said:
    word: str
    cue: Cue
    first: bool
    last: bool


def compare(hypothesis: Sequence[Cue], reference: Sequence[Cue], language: Language) -> Comparison:
    """Compare two subtitles in one language, each in order of time."""
    heard, wanted = _said(hypothesis, language), _said(reference, language)
    pairs = _aligned(heard, wanted)
    starts = [(h, w) for h, w in pairs if heard[h].first and wanted[w].first]
    ends = [(h, w) for h, w in pairs if heard[h].last and wanted[w].last]
    inner = [(h, w) for h, w in ends if h + 1 < len(heard) and w + 1 < len(wanted)]
    silent = _silence(hypothesis, reference)
    invented = sum(
        len("".join(cue.text.split()))
        for cue in hypothesis
        if any(start <= cue.start and cue.end <= end for start, end in silent)
    )
    return Comparison(
        unit="CER" if by_character(language) else "WER",
        error_rate=_error_rate(heard, wanted, language),
        suber=suber(hypothesis, reference, language),
        in_times=Times(tuple(heard[h].cue.start - wanted[w].cue.start for h, w in starts)),
        out_times=Times(tuple(heard[h].cue.end - wanted[w].cue.end for h, w in ends)),
        borders=Borders(
            len(inner), sum(one.last for one in heard[:-1]), sum(one.last for one in wanted[:-1])
        ),
        silence=sum(end - start for start, end in silent),
        invented=invented,
    )


def _said(cues: Sequence[Cue], language: Language) -> list[_Said]:
    """All words in order, each knowing its cue."""
    said: list[_Said] = []
    for cue in cues:
        words = words_of(cue.text.replace("\n", " "), language)
        last = len(words) - 1
        said += (_Said(word, cue, n == 0, n == last) for n, word in enumerate(words))
    return said


def _aligned(heard: Sequence[_Said], wanted: Sequence[_Said]) -> list[tuple[int, int]]:
    """The places of words that are the same in both."""
    blocks = Levenshtein.opcodes([one.word for one in heard], [one.word for one in wanted])
    return [
        (op.src_start + n, op.dest_start + n)
        for op in blocks
        if op.tag == "equal"
        for n in range(op.src_end - op.src_start)
    ]


def _error_rate(
    heard: Sequence[_Said], wanted: Sequence[_Said], language: Language
) -> float | None:
    if not wanted:
        return None
    glue = "" if by_character(language) else " "
    true, said = (glue.join(one.word for one in side) for side in (wanted, heard))
    return float(jiwer.cer(true, said) if by_character(language) else jiwer.wer(true, said))


def _silence(hypothesis: Sequence[Cue], reference: Sequence[Cue]) -> list[tuple[float, float]]:
    """From, to: before, between and after the cues of the reference, up to the last cue of all."""
    last = max((cue.end for cue in [*hypothesis, *reference]), default=0.0)
    edges, now = [], 0.0
    for cue in sorted(reference, key=lambda cue: cue.start):
        edges.append((now, cue.start))
        now = max(now, cue.end)
    edges.append((now, last))
    return [(start, end) for start, end in edges if end - start > PAUSE]
