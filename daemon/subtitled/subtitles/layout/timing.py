"""When cues come and go: as spoken, longer where the reader needs it and may have it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from subtitled.plugin import Interval

from ..limits import Limits

FLASH = 300
"""Milliseconds that every cue is shown, even if the next one then comes late."""


def capacity(duration: float | None) -> float:
    """How many cues a medium of so many seconds can hold at all: one every two milliseconds."""
    return math.inf if duration is None else max(1, math.floor(duration * 1000) // 2)


def place(
    spoken: Sequence[Interval],
    columns: Sequence[float],
    limits: Limits,
    duration: float | None,
) -> list[Interval]:
    """The times of cues, in order, the gap apart, inside 0 to ``duration``; whole milliseconds.

    ``spoken`` says when the words of each cue are heard, ``columns`` how much there is to read.
    Only where the medium is too short for so many cues are they shown for less than
    :data:`FLASH`, and closer together than the gap.
    """
    count = len(spoken)
    gap, flash = math.ceil(limits.gap * 1000), FLASH
    end_of_all: float = math.inf if duration is None else math.floor(duration * 1000)
    if count * (flash + gap) > end_of_all:
        each = max(1, int(end_of_all) // count)
        gap = min(gap, each // 2)
        flash = max(1, each - gap)
    heard = [(round(one.start * 1000), round(one.end * 1000)) for one in spoken]
    starts = _starts([start for start, _ in heard], flash, gap, end_of_all)
    shortest, longest = _ms(limits.min_duration), _ms(limits.max_duration)
    placed: list[Interval] = []
    for number, (start, (_, silent)) in enumerate(zip(starts, heard, strict=True)):
        last = number + 1 == count
        latest = end_of_all if last else starts[number + 1] - gap
        read = start + round(columns[number] / limits.best_cps * 1000)
        end: float = max(silent, start + shortest, min(read, silent + _ms(limits.linger)))
        if not last and starts[number + 1] - end < _ms(limits.chain):
            end = latest
        end = min(end, start + longest, latest)
        placed.append(Interval(start / 1000, round(max(end, start + 1)) / 1000))
    return placed


def _starts(heard: Sequence[int], flash: int, gap: int, end_of_all: float) -> list[int]:
    """The starts, moved as little as makes room for every cue before and after them."""
    starts: list[int] = []
    for start in heard:
        starts.append(max(start, starts[-1] + flash + gap if starts else 0))
    latest = end_of_all - flash
    for number in reversed(range(len(starts))):
        starts[number] = int(min(starts[number], latest))
        latest = starts[number] - flash - gap
    return starts


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
