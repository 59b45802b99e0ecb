"""Voice activity detection: where somebody speaks."""

from __future__ import annotations

from subtitled.plugin import Audio, Interval

BLOCK = 600.0
"""Seconds that are looked at in one go, so that memory stays flat for any length."""
THRESHOLD = 0.5
MIN_SILENCE = 0.3
"""Seconds of silence that part two intervals."""
PADDING = 0.3
"""Seconds added on both sides: the first consonant is quiet."""


def find_speech(audio: Audio, threshold: float = THRESHOLD) -> list[Interval]:
    """The intervals of speech, in order and apart, by Silero VAD.

    Loads a model: call it in a process that can be ended.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=threshold,
        min_silence_duration_ms=round(MIN_SILENCE * 1000),
        speech_pad_ms=round(PADDING * 1000),
    )
    duration = audio.duration
    found: list[Interval] = []
    start = 0.0
    while start < duration:
        block = Interval(start, min(duration, start + BLOCK))
        for part in get_speech_timestamps(audio.samples(block), options):
            first = start + part["start"] / 16_000
            last = min(start + part["end"] / 16_000, duration)
            # Speech that runs over a block's border was found in two halves.
            if found and first - found[-1].end < MIN_SILENCE:
                found[-1] = Interval(found[-1].start, max(last, found[-1].end))
            elif last > first:
                found.append(Interval(first, last))
        start += BLOCK
    return found
