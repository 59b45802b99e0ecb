"""Cutting a track into the chunks of an engine, and choosing windows for language detection."""

from __future__ import annotations

import math
from collections.abc import Sequence

from subtitled.plugin import Chunk, EngineCapabilities, TimeSpan
from subtitled.plugin.speech_windows import chunk_speech


def chunks_for_engine(
    capabilities: EngineCapabilities,
    speech: Sequence[TimeSpan],
    target_seconds: float,
    duration: float,
    low_energy: Sequence[TimeSpan] = (),
    begin: float = 0.0,
) -> list[Chunk]:
    """Call :func:`~subtitled.plugin.speech_windows.chunk_speech` with the limits of an engine."""
    target = math.inf if capabilities.whole_file else target_seconds
    longest = capabilities.max_chunk_seconds or math.inf
    return chunk_speech(speech, target, duration, low_energy, longest, begin)


def longest_speech(capabilities: EngineCapabilities, target_seconds: float) -> float:
    """Return the seconds from which on speech without a pause is cut for an engine."""
    longest = capabilities.max_chunk_seconds or math.inf
    return longest if capabilities.whole_file else min(longest, target_seconds)


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
