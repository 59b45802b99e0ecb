"""All evidence about the cues of one subtitle, stretched by one ratio: voice activity and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .evidence import CueTimes, Floats, OffsetGrid
from .voice_evidence import VoiceEvidence
from .word_evidence import WordAnchor, add_anchor, word_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class CueEvidence:
    """The evidence about some cues."""

    voice: VoiceEvidence
    times: CueTimes
    grid: OffsetGrid
    anchors: Sequence[WordAnchor] = ()

    def scale(self, factor: float) -> CueEvidence:
        """Return the evidence about the same cues with their times multiplied."""
        return replace(self, times=self.times.scale(factor))

    def rows(self, offsets: Floats, first: int = 0, end: int | None = None) -> Floats:
        """Return the evidence of each cue (rows) for each offset (columns).

        Args:
            offsets: The offsets in seconds, evenly spaced.
            first: The number of the first cue.
            end: The number after the last cue; by default all that follow.
        """
        end = len(self.times) if end is None else end
        times = self.times.take(first, end)
        rows = self.voice.rows(times, offsets)
        inside = [
            WordAnchor(anchor.cue - first, anchor.said)
            for anchor in self.anchors
            if first <= anchor.cue < end
        ]
        if inside:
            rows += word_rows(inside, times.starts, offsets, 2 * self.grid.max_seconds)
        return rows

    def total(self) -> Floats:
        """Return the evidence of all cues together for each offset of the grid."""
        total = self.voice.total(self.times)
        span = 2 * self.grid.max_seconds
        for anchor in self.anchors:
            distance = anchor.said - float(self.times.starts[anchor.cue])
            add_anchor(total, distance, self.grid.offsets, span)
        return total

    def column(self, offset: float, first: int = 0, end: int | None = None) -> Floats:
        """Return the evidence of each cue for one offset."""
        return self.rows(np.array([offset]), first, end)[:, 0]
