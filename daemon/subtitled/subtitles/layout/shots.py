"""Cues that come and go with the shots of the picture.

A cue that begins or ends a moment away from a cut flickers: the eye goes back to read it again. The
rules are those of Netflix's timing guidelines (360051554394), written for 24 frames a second, where
half a second is 12 frames, and scaled to others: a cue that begins up to 7 frames before a cut, or
up to half a second after it, begins on the cut; one that begins 8 to 11 frames before begins 12
frames before. A cue that ends within half a second of a cut, on either side, ends 2 frames before.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Cue, Language

from ..limits import Limits, width

HALF = 500
"""Milliseconds: no edge of a cue is moved further; gaps below are closed."""
GAP_FRAMES = 2
USUAL_RATE = 24.0
"""Frames a second where the medium does not say."""


@dataclass(slots=True)
class _Placed:
    """A cue's times in milliseconds: now, as it was, and how little it may be shown."""

    start: int
    end: int
    first_start: int
    first_end: int
    least: int
    most: int


def snap(
    cues: Sequence[Cue],
    cuts: Sequence[float],
    frame_rate: float,
    language: Language,
    limits: Limits,
    duration: float | None = None,
) -> tuple[Cue, ...]:
    """The cues, with edges near a cut moved as the rules say.

    ``cuts`` are seconds, ``frame_rate`` frames a second; ``duration`` is the length of the medium,
    beyond which no cue is moved. Edges whose move would break the order,
    the gap, the shortest or longest duration or the reading speed stay where they are.
    """
    rate = frame_rate if math.isfinite(frame_rate) and frame_rate >= 1 else USUAL_RATE
    at = sorted({round(cut * 1000) for cut in cuts if math.isfinite(cut) and cut > 0})
    gap = max(math.ceil(GAP_FRAMES * 1000 / rate), math.ceil(limits.gap * 1000))
    placed = [_placed(cue, language, limits) for cue in cues]
    last = math.inf if duration is None else math.floor(duration * 1000)
    if at:
        # The end before a beginning may have to make room for it, or may follow it.
        for move in (_end, _begin, _end):
            for number in range(len(placed)):
                free = placed[number + 1].start - gap if number + 1 < len(placed) else last
                move(placed, number, at, gap, rate, free)
        _chain(placed, at, gap)
    return tuple(
        cue
        if (now.start, now.end) == (now.first_start, now.first_end)
        else Cue(now.start / 1000, now.end / 1000, cue.text)
        for cue, now in zip(cues, placed, strict=True)
    )


def _placed(cue: Cue, language: Language, limits: Limits) -> _Placed:
    start, end = round(cue.start * 1000), round(cue.end * 1000)
    to_read = math.ceil(width(cue.text, language) / limits.cps * 1000)
    least = max(math.ceil(limits.min_duration * 1000), to_read)
    most = math.floor(limits.max_duration * 1000)
    return _Placed(start, end, start, end, min(least, end - start), max(most, end - start))


def _begin(
    placed: list[_Placed], number: int, cuts: Sequence[int], gap: int, rate: float, free: float
) -> None:
    """Move the beginning of a cue to the cut that it is near.

    A cue that would be too short then ends later, at the most at ``free``.
    """
    cue = placed[number]
    start = cue.first_start
    after = bisect.bisect_left(cuts, start)
    ahead = cuts[after] - start if after < len(cuts) else HALF + 1
    behind = start - cuts[after - 1] if after else HALF + 1
    if ahead <= _frames(7, rate):
        wanted = cuts[after]
    elif behind <= HALF:
        wanted = cuts[after - 1]
    elif ahead < HALF:
        wanted = cuts[after] - HALF
    else:
        return
    first = placed[number - 1].end + gap if number else 0
    end = max(cue.end, wanted + cue.least)
    late = end != cue.end and (end > free or end - cue.first_end > HALF)
    near = abs(wanted - start) <= HALF and wanted >= first
    if near and not late and _bearable(cue, wanted, end):
        cue.start, cue.end = wanted, end


def _end(
    placed: list[_Placed], number: int, cuts: Sequence[int], gap: int, rate: float, free: float
) -> None:
    """Move the end of a cue to two frames before the cut that it is near."""
    cue = placed[number]
    after = bisect.bisect_right(cuts, cue.first_end)
    near = [
        cut - gap
        for cut in cuts[max(0, after - 1) : after + 1]
        if abs(cut - cue.first_end) <= HALF and abs(cut - gap - cue.first_end) <= HALF
    ]
    for wanted in near:
        if wanted <= free and _bearable(cue, cue.start, wanted):
            cue.end = wanted
            return


def _frames(count: int, rate: float) -> int:
    """Milliseconds of so many frames of 24 a second, in whole frames of this medium."""
    return round(round(count * rate / 24) * 1000 / rate)


def _bearable(cue: _Placed, start: int, end: int) -> bool:
    return cue.least <= end - start <= cue.most


def _chain(placed: list[_Placed], cuts: Sequence[int], gap: int) -> None:
    """Close the short gaps that moving has left, unless the picture cuts in them."""
    for cue, following in itertools.pairwise(placed):
        end = following.start - gap
        moved = cue.end != cue.first_end or following.start != following.first_start
        cut_between = bisect.bisect_left(cuts, cue.end) < bisect.bisect_left(cuts, following.start)
        if (
            moved
            and not cut_between
            and cue.end < end < cue.end + HALF
            and abs(end - cue.first_end) <= HALF
            and _bearable(cue, cue.start, end)
        ):
            cue.end = end
