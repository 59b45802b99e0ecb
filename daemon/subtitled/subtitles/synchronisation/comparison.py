"""The comparison of two explanations of the times of a subtitle: that they are right, or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .cue_evidence import CueEvidence
from .evidence import Floats, OffsetGrid
from .ratios import SAME_RATE, list_ratios
from .search import (
    Explanation,
    Segment,
    choose_ratio,
    find_breaks,
    measure_consistency,
    measure_distinctness,
    sum_evidence,
)

TOLERANCE_SECONDS = 0.3
"""Offset within which a subtitle is in sync: makers of subtitles let cues lead and linger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The best explanation of the times of a subtitle, beside the one that they are right."""

    right: Explanation
    best: Explanation
    gain: float
    """How consistently the cues prefer the best one, in standard errors."""
    distinctness: tuple[float, ...]
    """How far the offset of each segment stands out from all others, in standard deviations."""
    gains: tuple[float, ...]
    """The evidence that each segment has for the best explanation against the other."""


def compare(source: CueEvidence, grid: OffsetGrid) -> Comparison:
    """Compare the best explanation of the times with the one that they are right."""
    totals = [(ratio, source.scale(ratio.factor).total()) for ratio in list_ratios()]
    same = totals[0][1]
    near = np.abs(grid.offsets) <= TOLERANCE_SECONDS
    own_offset = float(grid.offsets[near][int(np.argmax(same[near]))])
    right = Explanation(
        SAME_RATE,
        (Segment(0, len(source.times), own_offset),),
        float(same[near].max()),
    )
    best = right
    for ratio in dict.fromkeys((SAME_RATE, choose_ratio(totals, grid).ratio)):
        found = find_breaks(source.scale(ratio.factor), ratio, grid)
        if found.evidence > best.evidence:
            best = found
    stretched = source.scale(best.ratio.factor)
    return Comparison(
        right=right,
        best=best,
        gain=measure_consistency(_along(stretched, best.segments) - _along(source, right.segments)),
        distinctness=tuple(measure_distinctness(stretched, part, grid) for part in best.segments),
        gains=tuple(
            sum_evidence(stretched, part)
            - sum_evidence(source, Segment(part.first, part.end, own_offset))
            for part in best.segments
        ),
    )


def _along(source: CueEvidence, segments: Sequence[Segment]) -> Floats:
    """Return the evidence of each cue with the offset of its segment."""
    return np.concatenate([source.column(part.offset, part.first, part.end) for part in segments])
