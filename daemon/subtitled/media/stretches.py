"""Cutting a medium into stretches of work, and choosing where to listen for the language."""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.plugin import Interval, Stretch


def cut_into_stretches(
    speech: Sequence[Interval],
    length: float,
    total: float,
    quiet: Sequence[Interval] = (),
) -> list[Stretch]:
    """Stretches of about ``length`` seconds of speech each, cut in pauses.

    They follow each other without gap from 0 to ``total`` seconds. Near the wanted length (from
    three quarters of it on) the longest pause is taken. Speech without any pause is cut hard.
    ``quiet`` are the faint parts of the speech; each stretch is told which of them are its own.
    """
    pieces = _no_longer_than(speech, length)
    stretches: list[Stretch] = []
    begin = 0.0
    while pieces:
        count = _how_many(pieces, length)
        taken, pieces = pieces[:count], pieces[count:]
        end = (taken[-1].end + pieces[0].start) / 2 if pieces else max(total, taken[-1].end)
        faint = tuple(
            Interval(max(part.start, begin), min(part.end, end))
            for part in quiet
            if part.start < end and part.end > begin
        )
        stretches.append(Stretch(Interval(begin, end), tuple(taken), faint))
        begin = end
    return stretches


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


def _how_many(pieces: Sequence[Interval], length: float) -> int:
    """How many of the pieces, from the first, make the next stretch."""
    spoken = 0.0
    best, longest = 1, -1.0
    for number, piece in enumerate(pieces):
        spoken += piece.duration
        if spoken > length and number > 0:
            return best
        if number + 1 == len(pieces):
            return number + 1
        pause = pieces[number + 1].start - piece.end
        if spoken < 0.75 * length:
            best = number + 1
        elif pause > longest:
            best, longest = number + 1, pause
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
