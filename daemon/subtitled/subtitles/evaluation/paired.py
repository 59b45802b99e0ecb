"""Whether one of two texts has fewer errors than the other by more than chance explains.

Both are compared with the same reference, unit by unit. Units are drawn again and again at random,
as often as there are (bootstrap), and the difference is computed again. Bisani and Ney: "Bootstrap
Estimates for Confidence Intervals in ASR Performance Evaluation", ICASSP 2004.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from subtitled.media.numpy_process import call

MIN_WORDS = 1000
"""Words of the reference below which nothing is said about the difference."""
MIN_UNITS = 8
"""Units below which nothing is said: fewer give intervals that are too narrow."""
RESAMPLES = 2000
INTERVAL = (2.5, 97.5)
"""Percentiles between which the difference lies with 95 % confidence."""
_SEED = 20240
"""The same numbers always give the same answer."""


class Unit(NamedTuple):
    """A part of a reference, and the errors of two texts in it."""

    words: int
    first_errors: int
    second_errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The errors of the first text less those of the second, per word of the reference."""

    words: int
    units: int
    first_rate: float
    second_rate: float
    low: float
    """The difference is at least this, with 95 % confidence."""
    high: float
    """The difference is at most this."""

    @property
    def is_enough(self) -> bool:
        """Check whether there is enough to say anything."""
        return self.words >= MIN_WORDS and self.units >= MIN_UNITS

    @property
    def is_beyond_chance(self) -> bool:
        """Check whether chance alone does not explain the difference."""
        return self.is_enough and (self.low > 0 or self.high < 0)


def compare_paired(units: Sequence[Unit]) -> Difference:
    """Compare the errors of two texts. At least one unit must have a word."""
    return Difference(**call(compare_in_json, units))


def compare_in_json(given: Sequence[tuple[int, int, int]]) -> dict[str, Any]:
    """Compare units and return the fields of the difference, both as JSON has them."""
    import numpy as np

    units = [Unit(*unit) for unit in given]
    words = np.array([unit.words for unit in units], dtype=np.int64)
    first = np.array([unit.first_errors for unit in units], dtype=np.int64)
    second = np.array([unit.second_errors for unit in units], dtype=np.int64)
    generator = np.random.default_rng(_SEED)
    differences = []
    for _ in range(RESAMPLES):
        drawn = generator.integers(len(units), size=len(units))
        drawn_words = int(words[drawn].sum())
        if drawn_words:
            differences.append(int((first[drawn] - second[drawn]).sum()) / drawn_words)
    low, high = np.percentile(differences, INTERVAL)
    total = int(words.sum())
    difference = Difference(
        words=total,
        units=len(units),
        first_rate=int(first.sum()) / total,
        second_rate=int(second.sum()) / total,
        low=float(low),
        high=float(high),
    )
    return asdict(difference)
