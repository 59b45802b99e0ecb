"""Evidence for an offset: how much likelier each cue is with it than by chance.

Evidence is the natural logarithm of a likelihood ratio. Every source of it answers the same two
questions: its sum over all cues for every offset, and a row per cue.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

STEP_SECONDS = 0.05
"""Seconds between two offsets, and between two points of a curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CueTimes:
    """The times of the cues in which somebody speaks, in seconds and in order."""

    starts: Floats
    ends: Floats
    """Until when a cue is surely being said. It may be shown for longer."""
    shown_ends: Floats
    """Until when it is shown."""
    gaps: Floats
    """Seconds without a cue after each."""

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, first: int, end: int) -> CueTimes:
        """Return the times of some cues in a row."""
        return CueTimes(
            starts=self.starts[first:end],
            ends=self.ends[first:end],
            shown_ends=self.shown_ends[first:end],
            gaps=self.gaps[first:end],
        )

    def scale(self, factor: float) -> CueTimes:
        """Return the times multiplied by a factor."""
        return CueTimes(
            starts=self.starts * factor,
            ends=self.ends * factor,
            shown_ends=self.shown_ends * factor,
            gaps=self.gaps * factor,
        )


@dataclass(frozen=True, kw_only=True)
class OffsetGrid:
    """The offsets that are tried."""

    max_seconds: float

    @cached_property
    def offsets(self) -> Floats:
        """The offsets in seconds, in order; 0 is in the middle."""
        reach = round(self.max_seconds / STEP_SECONDS)
        return np.arange(-reach, reach + 1, dtype=np.float64) * STEP_SECONDS

    def find_index(self, offset: float) -> int:
        """Return the number of the offset that is nearest to a time in seconds."""
        number = round((offset + self.max_seconds) / STEP_SECONDS)
        return min(max(number, 0), len(self.offsets) - 1)
