"""Cutting a medium into stretches of work, and choosing where to listen for the language."""

from __future__ import annotations

import math
from collections.abc import Sequence

from subtitled.plugin import Chunk, EngineCapabilities, TimeSpan


def chunk_speech(
    speech: Sequence[TimeSpan],
    target_seconds: float,
    duration: float,
    low_energy: Sequence[TimeSpan] = (),
    max_chunk_seconds: float = math.inf,
    begin: float = 0.0,
) -> list[Chunk]:
    """Stretches of about ``length`` seconds of speech each, cut in pauses.

    They follow each other without gap from ``begin`` to ``total`` seconds. Near the wanted length
    (from three quarters of it on) the longest pause is taken. Speech without any pause is cut hard.
    ``quiet`` are the faint parts of the speech; each stretch is told which of them are its own.
    None is longer than ``max_chunk_seconds`` seconds, silence and all, but for those without any
    speech.
    """
    pieces = _split_long_spans(speech, min(target_seconds, max_chunk_seconds))
    groups: list[list[TimeSpan]] = []
    while pieces:
        count = _count_for_chunk(pieces, target_seconds, max_chunk_seconds)
        groups.append(pieces[:count])
        pieces = pieces[count:]
    chunks: list[Chunk] = []
    for number, spans in enumerate(groups):
        first, last = spans[0].start, spans[-1].end
        margin = max(0.0, (max_chunk_seconds - (last - first)) / 2)
        if first - begin > margin:
            chunks.append(Chunk(TimeSpan(begin, first - margin), ()))
            begin = first - margin
        if number + 1 < len(groups):
            end = (last + groups[number + 1][0].start) / 2
        else:
            end = max(duration, last)
        end = min(end, last + margin)
        chunk_low_energy = tuple(
            TimeSpan(max(part.start, begin), min(part.end, end))
            for part in low_energy
            if part.start < end and part.end > begin
        )
        chunks.append(Chunk(TimeSpan(begin, end), tuple(spans), chunk_low_energy))
        begin = end
    if groups and begin < duration:
        chunks.append(Chunk(TimeSpan(begin, duration), ()))
    return chunks


def chunks_for_engine(
    capabilities: EngineCapabilities,
    speech: Sequence[TimeSpan],
    target_seconds: float,
    duration: float,
    low_energy: Sequence[TimeSpan] = (),
    begin: float = 0.0,
) -> list[Chunk]:
    """:func:`chunk_speech` as an engine wants them."""
    target = math.inf if capabilities.whole_file else target_seconds
    return chunk_speech(
        speech, target, duration, low_energy, capabilities.max_chunk_seconds or math.inf, begin
    )


def _split_long_spans(speech: Sequence[TimeSpan], max_seconds: float) -> list[TimeSpan]:
    pieces = []
    for span in speech:
        start = span.start
        while span.end - start > max_seconds:
            pieces.append(TimeSpan(start, start + max_seconds))
            start += max_seconds
        if span.end > start:
            pieces.append(TimeSpan(start, span.end))
    return pieces


def _count_for_chunk(
    pieces: Sequence[TimeSpan], target_seconds: float, max_chunk_seconds: float
) -> int:
    """How many of the pieces, from the first, make the next stretch."""
    speech_seconds = 0.0
    best, longest_pause = 1, -1.0
    for number, piece in enumerate(pieces):
        speech_seconds += piece.duration
        fill_ratio = max(
            speech_seconds / target_seconds, (piece.end - pieces[0].start) / max_chunk_seconds
        )
        if fill_ratio > 1.0 and number > 0:
            return best
        if number + 1 == len(pieces):
            return number + 1
        pause = pieces[number + 1].start - piece.end
        if fill_ratio < 0.75:
            best = number + 1
        elif pause > longest_pause:
            best, longest_pause = number + 1, pause
    return len(pieces)


def select_detection_windows(
    speech: Sequence[TimeSpan], count: int = 5, window_seconds: float = 30.0
) -> list[TimeSpan]:
    """Windows spread over the whole medium, each where most is spoken near its place.

    At most ``count``, each at most ``length`` seconds, in order, not overlapping. A title song or
    a foreign opening scene so has one voice of many.
    """
    if not speech:
        return []
    candidates = [_build_window(speech, number, window_seconds) for number in range(len(speech))]
    begin, end = speech[0].start, speech[-1].end
    chosen: list[TimeSpan] = []
    for part in range(count):
        low = begin + (end - begin) * part / count
        high = begin + (end - begin) * (part + 1) / count
        free = [
            (speech_seconds, -window.start, window)
            for window, speech_seconds in candidates
            if low <= window.start < high and (not chosen or window.start >= chosen[-1].end)
        ]
        if free:
            chosen.append(max(free)[2])
    return chosen


def _build_window(
    speech: Sequence[TimeSpan], number: int, window_seconds: float
) -> tuple[TimeSpan, float]:
    """The window that begins with an interval, and how many seconds of it are speech."""
    start = speech[number].start
    end = min(start + window_seconds, speech[-1].end)
    speech_seconds = 0.0
    while number < len(speech) and speech[number].start < end:
        speech_seconds += min(speech[number].end, end) - speech[number].start
        number += 1
    return TimeSpan(start, end), speech_seconds
