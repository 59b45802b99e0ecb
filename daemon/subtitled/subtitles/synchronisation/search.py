"""The search for the offset, the frame-rate ratio and the breaks that explain a subtitle best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .cue_evidence import CueEvidence
from .evidence import STEP_SECONDS, Floats, OffsetGrid
from .ratios import FrameRateRatio

RATIO_COST = 4.0
"""Evidence that a frame-rate ratio must add, since most subtitles have none."""
BREAK_COST = 14.0
"""Evidence that a break must add: there are thousands of offsets to choose from."""
MIN_SEGMENT_CUES = 6
"""Fewest cues between two breaks."""
JOIN_SECONDS = 0.3
"""Difference of offsets below which there is no break."""
MIN_SEGMENT_DISTINCTNESS = 2.0
"""How far the offset of a segment must stand out from all others, in standard deviations."""
MIN_SEGMENT_NEED = 3.0
"""How consistently its cues must prefer it to the offsets beside it, in standard errors."""
RIVAL_SECONDS = 3.0
"""Seconds within which another offset is no rival."""
DISTINCT_STEP = 3
"""Of how many offsets one is compared as a rival."""
PATH_STEP = 2
"""Of how many offsets one is a state of the path, which limits memory."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Cues in a row with one offset."""

    first: int
    """The number of the first cue."""
    end: int
    """The number after the last cue."""
    offset: float
    """Seconds to add after the times are multiplied by the ratio."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the times of a subtitle come to be what they are."""

    ratio: FrameRateRatio
    segments: tuple[Segment, ...]
    evidence: float
    """The logarithm of how much likelier the cues are than by chance, less the costs."""

    def offset_of(self, cue: int) -> float:
        """Return the offset of a cue by its number."""
        return next(part.offset for part in self.segments if part.first <= cue < part.end)


def find_best_offset(total: Floats, grid: OffsetGrid) -> tuple[float, float]:
    """Return the offset with the most evidence, and that evidence."""
    best = int(np.argmax(total))
    return float(grid.offsets[best]), float(total[best])


def choose_ratio(totals: Sequence[tuple[FrameRateRatio, Floats]], grid: OffsetGrid) -> Explanation:
    """Return the best explanation without breaks.

    Args:
        totals: The evidence for each offset, by ratio.
        grid: The offsets.
    """
    best: Explanation | None = None
    for ratio, total in totals:
        offset, evidence = find_best_offset(total, grid)
        evidence -= 0.0 if ratio.is_same else RATIO_COST
        if best is None or evidence > best.evidence:
            best = Explanation(ratio, (Segment(0, 0, offset),), evidence)
    assert best is not None
    return best


def find_breaks(source: CueEvidence, ratio: FrameRateRatio, grid: OffsetGrid) -> Explanation:
    """Return the best explanation with one ratio, with breaks where they add enough evidence.

    A path through the offsets is found by dynamic programming: each cue adds its evidence, and each
    change of the offset costs the same.
    """
    offsets = grid.offsets[::PATH_STEP]
    evidence = source.rows(offsets).astype(np.float32)
    count, states = evidence.shape
    came_from = np.empty((count, states), np.int32)
    best = evidence[0].astype(np.float64)
    came_from[0] = -1
    own = np.arange(states, dtype=np.int32)
    for cue in range(1, count):
        leader = int(np.argmax(best))
        changed = best[leader] - BREAK_COST
        is_changed = changed > best
        came_from[cue] = np.where(is_changed, leader, own)
        best = np.where(is_changed, changed, best) + evidence[cue]
    state = int(np.argmax(best))
    path = np.empty(count, np.int64)
    for cue in range(count - 1, -1, -1):
        path[cue] = state
        if cue:
            state = int(came_from[cue, state])
    segments = _join_segments(offsets[path])
    segments = _drop_doubtful([_refine(part, source) for part in segments], source, grid)
    total = sum(sum_evidence(source, part) for part in segments)
    costs = (len(segments) - 1) * BREAK_COST + (0.0 if ratio.is_same else RATIO_COST)
    return Explanation(ratio, segments, total - costs)


def _join_segments(offsets: Floats) -> tuple[Segment, ...]:
    """Return the segments of a path, without those that are too short or do not differ."""
    edges = [0, *(np.flatnonzero(np.diff(offsets)) + 1).tolist(), len(offsets)]
    parts = [Segment(a, b, float(offsets[a])) for a, b in pairwise(edges)]
    joined: list[Segment] = []
    for part in parts:
        if joined and (
            part.end - part.first < MIN_SEGMENT_CUES
            or abs(part.offset - joined[-1].offset) < JOIN_SECONDS
        ):
            joined[-1] = Segment(joined[-1].first, part.end, joined[-1].offset)
        elif joined and joined[-1].end - joined[-1].first < MIN_SEGMENT_CUES:
            joined[-1] = Segment(joined[-1].first, part.end, part.offset)
        else:
            joined.append(part)
    return tuple(joined)


def _refine(part: Segment, source: CueEvidence) -> Segment:
    """Return a segment with its offset at the finest step."""
    near = part.offset + np.arange(-6, 7, dtype=np.float64) * STEP_SECONDS
    sums = source.rows(near, part.first, part.end).sum(axis=0)
    return Segment(part.first, part.end, float(near[int(np.argmax(sums))]))


def _drop_doubtful(
    segments: list[Segment], source: CueEvidence, grid: OffsetGrid
) -> tuple[Segment, ...]:
    """Return the segments without those whose offset may be chance, which join a neighbour."""
    while len(segments) > 1:
        strengths = [
            min(
                measure_distinctness(source, part, grid) / MIN_SEGMENT_DISTINCTNESS,
                _measure_need(source, segments, number) / MIN_SEGMENT_NEED,
            )
            for number, part in enumerate(segments)
        ]
        weakest = min(range(len(segments)), key=strengths.__getitem__)
        if strengths[weakest] >= 1.0:
            break
        segments = _dissolve(segments, weakest, source)
    return tuple(segments)


def _dissolve(segments: list[Segment], number: int, source: CueEvidence) -> list[Segment]:
    """Return the segments with one joined to the neighbour whose offset suits it better."""
    part = segments[number]
    beside = [n for n in (number - 1, number + 1) if 0 <= n < len(segments)]
    chosen = max(
        beside,
        key=lambda n: sum_evidence(source, Segment(part.first, part.end, segments[n].offset)),
    )
    first, last = sorted((number, chosen))
    joined = Segment(segments[first].first, segments[last].end, segments[chosen].offset)
    rest = [*segments[:first], _refine(joined, source), *segments[last + 1 :]]
    if len(rest) == 1:
        return rest
    # Two neighbours may have the same offset now.
    merged: list[Segment] = []
    for each in rest:
        if merged and abs(merged[-1].offset - each.offset) < JOIN_SECONDS:
            each = _refine(Segment(merged[-1].first, each.end, each.offset), source)
            merged[-1] = each
        else:
            merged.append(each)
    return merged


def _measure_need(source: CueEvidence, segments: Sequence[Segment], number: int) -> float:
    """Return how consistently the cues of a segment prefer their offset to its neighbours'."""
    part = segments[number]
    beside = [segments[n].offset for n in (number - 1, number + 1) if 0 <= n < len(segments)]
    own = source.column(part.offset, part.first, part.end)
    return min(
        measure_consistency(own - source.column(offset, part.first, part.end)) for offset in beside
    )


def measure_consistency(differences: Floats) -> float:
    """Return by how many standard errors differences are above 0 together."""
    size = float(np.sqrt((differences**2).sum()))
    return float(differences.sum()) / size if size else 0.0


def measure_distinctness(source: CueEvidence, part: Segment, grid: OffsetGrid) -> float:
    """Return how far an offset stands out from the best of all others, in standard deviations."""
    offsets = grid.offsets[::DISTINCT_STEP]
    sums = source.rows(offsets, part.first, part.end).sum(axis=0)
    far = np.abs(offsets - part.offset) > RIVAL_SECONDS
    spread = float(sums[far].std()) or 1.0
    return (sum_evidence(source, part) - float(sums[far].max())) / spread


def sum_evidence(source: CueEvidence, part: Segment) -> float:
    """Return the evidence for a segment."""
    return float(source.column(part.offset, part.first, part.end).sum())
