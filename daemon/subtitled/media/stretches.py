"""Cutting a medium into stretches of work, and choosing where to listen for the language."""

from __future__ import annotations

import math
from collections.abc import Sequence

from subtitled.plugin import Capabilities, Interval, Stretch


def cut_into_stretches(
    speech: Sequence[Interval],
    length: float,
    total: float,
    quiet: Sequence[Interval] = (),
    longest: float = math.inf,
    begin: float = 0.0,
) -> list[Stretch]:
    """Stretches of about ``length`` seconds of speech each, cut in pauses.

    They follow each other without gap from ``begin`` to ``total`` seconds. Near the wanted length
    (from three quarters of it on) the longest pause is taken. Speech without any pause is cut hard.
    ``quiet`` are the faint parts of the speech; each stretch is told which of them are its own.
    None is longer than ``longest`` seconds, silence and all, but for those without any speech.
    """
    pieces = _no_longer_than(speech, min(length, longest))
    groups: list[list[Interval]] = []
    while pieces:
        count = _how_many(pieces, length, longest)
        groups.append(pieces[:count])
        pieces = pieces[count:]
    stretches: list[Stretch] = []
    for number, taken in enumerate(groups):
        first, last = taken[0].start, taken[-1].end
        room = max(0.0, (longest - (last - first)) / 2)
        if first - begin > room:
            stretches.append(Stretch(Interval(begin, first - room), ()))
            begin = first - room
        if number + 1 < len(groups):
            end = (last + groups[number + 1][0].start) / 2
        else:
            end = max(total, last)
        end = min(end, last + room)
        faint = tuple(
            Interval(max(part.start, begin), min(part.end, end))
            for part in quiet
            if part.start < end and part.end > begin
        )
        stretches.append(Stretch(Interval(begin, end), tuple(taken), faint))
        begin = end
    if groups and begin < total:
        stretches.append(Stretch(Interval(begin, total), ()))
    return stretches


def stretches_for(
    able: Capabilities,
    speech: Sequence[Interval],
    length: float,
    total: float,
    quiet: Sequence[Interval] = (),
    begin: float = 0.0,
) -> list[Stretch]:
    """:func:`cut_into_stretches` as an engine wants them."""
    wanted = math.inf if able.whole else length
    return cut_into_stretches(speech, wanted, total, quiet, able.longest or math.inf, begin)


def _no_longer_than(speech: Sequence[Interval], length: float) -> list[Interval]:
    pieces = []
    for interval in speech:
        start = interval.start
        while interval.end - start > length:
            pieces.append(Interval(start, start + length))
            start += length
        if interval.end > start:
            pieces.append(Interval(start, interval.end))
    return pieces


def _how_many(pieces: Sequence[Interval], length: float, longest: float) -> int:
    """How many of the pieces, from the first, make the next stretch."""
    spoken = 0.0
    best, longest_pause = 1, -1.0
    for number, piece in enumerate(pieces):
        spoken += piece.duration
        full = max(spoken / length, (piece.end - pieces[0].start) / longest)
        if full > 1.0 and number > 0:
            return best
        if number + 1 == len(pieces):
            return number + 1
        pause = pieces[number + 1].start - piece.end
        if full < 0.75:
            best = number + 1
        elif pause > longest_pause:
            best, longest_pause = number + 1, pause
    return len(pieces)


def detection_windows(
    speech: Sequence[Interval], count: int = 5, length: float = 30.0
) -> list[Interval]:
    """Windows spread over the whole medium, each where most is spoken near its place.

    At most ``count``, each at most ``length`` seconds, in order, not overlapping. A title song or
    a foreign opening scene so has one voice of many.
    """
    if not speech:
        return []
    candidates = [_window(speech, number, length) for number in range(len(speech))]
    begin, end = speech[0].start, speech[-1].end
    chosen: list[Interval] = []
    for part in range(count):
        low = begin + (end - begin) * part / count
        high = begin + (end - begin) * (part + 1) / count
        free = [
            (spoken, -window.start, window)
            for window, spoken in candidates
            if low <= window.start < high and (not chosen or window.start >= chosen[-1].end)
        ]
        if free:
            chosen.append(max(free)[2])
    return chosen


def _window(speech: Sequence[Interval], number: int, length: float) -> tuple[Interval, float]:
    """The window that begins with an interval, and how many seconds of it are speech."""
    start = speech[number].start
    end = min(start + length, speech[-1].end)
    spoken = 0.0
    while number < len(speech) and speech[number].start < end:
        spoken += min(speech[number].end, end) - speech[number].start
        number += 1
    return Interval(start, end), spoken
