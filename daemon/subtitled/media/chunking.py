"""Cutting a track into chunks, and choosing windows for language detection."""

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
    """Cut a track in pauses into chunks of about the same amount of speech.

    The chunks follow each other without a gap from ``begin`` to ``duration``. From three quarters
    of the target on, the longest pause is chosen. Speech without a pause is cut at the target.

    Args:
        speech: Speech spans, in order and apart.
        target_seconds: Seconds of speech in a chunk.
        duration: Seconds of the whole track.
        low_energy: Faint parts of the speech. Each chunk gets those that overlap it.
        max_chunk_seconds: Longest chunk, including silence. Chunks without speech may be longer.
        begin: Where the first chunk begins.
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
    """Call :func:`chunk_speech` with the limits of an engine."""
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
    """Return how many pieces, from the first one, make the next chunk."""
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
    """Choose windows spread over the whole track, each where most speech is nearby.

    A title song or a foreign opening scene fills one window at most.

    Returns:
        At most ``count`` windows of at most ``window_seconds``, in order, without overlap.
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
    """Return the window that begins with a speech span, and the seconds of speech in it."""
    start = speech[number].start
    end = min(start + window_seconds, speech[-1].end)
    speech_seconds, last = 0.0, start
    while number < len(speech) and speech[number].start < end:
        last = min(speech[number].end, end)
        speech_seconds += last - speech[number].start
        number += 1
    return TimeSpan(start, last), speech_seconds
