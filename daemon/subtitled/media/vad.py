"""Voice activity detection: where somebody speaks, and where perhaps somebody whispers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from subtitled.plugin import SAMPLE_RATE, Audio, TimeSpan

from .growing_pcm import follow_pcm

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

BLOCK_SECONDS = 600.0
"""Seconds that are looked at in one go, so that memory stays flat for any length."""
FRAME_SAMPLES = 512
"""Samples that the detector judges at once: 32 ms."""
THRESHOLD = 0.5
"""Probability from which on a frame is speech; Silero's own default."""
LOW_ENERGY_THRESHOLD = 0.25
"""The same where the sound is that of a voice: whispers, radio, speech under noise reach no more.
Instrumental music stays below it."""
HYSTERESIS = 0.15
"""Speech goes on until the probability is so much below the threshold."""
MIN_SILENCE_SECONDS = 0.3
"""Seconds of silence that part two intervals."""
PADDING_SECONDS = 0.3
"""Seconds added on both sides: the first consonant is quiet."""
MIN_LOW_ENERGY_SECONDS = 0.4
"""Seconds of quiet speech that are worth listening to."""
VOICE_BAND_HZ = (100.0, 4000.0)
"""Hertz between which a voice has its energy."""
MIN_VOICE_SHARE = 0.5
"""The share of a frame's energy in that band from which on it may be a voice."""
MIN_FLOOR_RATIO = 4.0
"""How many times the energy of the voice band must exceed that of the quietest tenth: 6 dB."""

FrameRange = tuple[int, int]
"""From one frame to another, which is not part of it."""


@dataclass(frozen=True, slots=True)
class SpeechActivity:
    """Where somebody speaks, in order and apart; ``low_energy`` are the parts of that which are
    faint.

    A quiet part lies inside an interval. What is recognised there is evidence of little.
    """

    spans: tuple[TimeSpan, ...] = ()
    low_energy: tuple[TimeSpan, ...] = ()


def detect_speech(audio: Audio) -> SpeechActivity:
    """The intervals of speech by Silero VAD, in one pass over the sound.

    Loads a model: call it in a process that can be ended.
    """
    duration = audio.duration
    starts = (number * BLOCK_SECONDS for number in range(math.ceil(duration / BLOCK_SECONDS)))
    return _detect_in_blocks(
        audio.read_samples(TimeSpan(start, min(duration, start + BLOCK_SECONDS)))
        for start in starts
    )


def detect_speech_while_decoding(target: Path) -> SpeechActivity:
    """The same of sound that is being decoded into a file, by the time that it is whole.

    Raises :class:`~subtitled.plugin.Temporary` if it does not become so.
    """
    return _detect_in_blocks(follow_pcm(target, BLOCK_SECONDS))


def _detect_in_blocks(blocks: Iterable[Floats]) -> SpeechActivity:
    clear_spans: list[TimeSpan] = []
    faint_spans: list[TimeSpan] = []
    start = 0.0
    for samples in blocks:
        end = start + len(samples) / SAMPLE_RATE
        clear_ranges, faint_ranges = _detect_block(samples)
        clear_spans += [_to_time_span(frames, start, end) for frames in clear_ranges]
        faint_spans += [_to_time_span(frames, start, end) for frames in faint_ranges]
        start = end
    return _merge(clear_spans, faint_spans, start)


def _detect_block(samples: Floats) -> tuple[list[FrameRange], list[FrameRange]]:
    """The runs of frames that are speech, and those that may be quiet speech."""
    probabilities = _predict(samples)
    clear = find_frame_ranges(probabilities, THRESHOLD)
    candidates = _subtract(find_frame_ranges(probabilities, LOW_ENERGY_THRESHOLD), clear)
    if candidates:
        candidates = _filter_voiced(samples, candidates)
    return clear, candidates


def _predict(samples: Floats) -> list[float]:
    import numpy as np
    from faster_whisper.vad import get_vad_model

    padded = np.pad(samples, (0, FRAME_SAMPLES - len(samples) % FRAME_SAMPLES))
    probabilities: list[float] = get_vad_model()(padded).reshape(-1).tolist()
    return probabilities


def find_frame_ranges(probabilities: Sequence[float], threshold: float) -> list[FrameRange]:
    """The runs of frames that reach ``threshold``, over dips shorter than a silence."""
    silence = round(MIN_SILENCE_SECONDS * SAMPLE_RATE / FRAME_SAMPLES)
    ranges: list[FrameRange] = []
    begin, end = -1, -1
    for number, probability in enumerate(probabilities):
        if probability >= threshold:
            begin, end = (number if begin < 0 else begin), -1
        elif begin >= 0 and probability < threshold - HYSTERESIS:
            end = number if end < 0 else end
            if number - end >= silence:
                ranges.append((begin, end))
                begin, end = -1, -1
    if begin >= 0:
        ranges.append((begin, len(probabilities) if end < 0 else end))
    return ranges


def _subtract(wide: Iterable[FrameRange], narrow: Sequence[FrameRange]) -> list[FrameRange]:
    """What of the wide runs lies in none of the narrow ones."""
    remainder: list[FrameRange] = []
    for start, end in wide:
        for first, last in narrow:
            if last <= start or first >= end:
                continue
            if first > start:
                remainder.append((start, first))
            start = max(start, last)
        if start < end:
            remainder.append((start, end))
    return remainder


def _filter_voiced(samples: Floats, candidates: Sequence[FrameRange]) -> list[FrameRange]:
    """The runs in which most frames sound like a voice: energy in its band, above the floor."""
    import numpy as np

    frames = len(samples) // FRAME_SAMPLES
    if frames == 0:
        return []
    voice, share = np.empty(frames), np.empty(frames)
    hertz = np.fft.rfftfreq(FRAME_SAMPLES, 1 / SAMPLE_RATE)
    inside, audible = (
        (hertz >= VOICE_BAND_HZ[0]) & (hertz <= VOICE_BAND_HZ[1]),
        hertz > VOICE_BAND_HZ[0] / 2,
    )
    window = np.hanning(FRAME_SAMPLES)
    for first in range(0, frames, 2048):
        last = min(frames, first + 2048)
        block = samples[first * FRAME_SAMPLES : last * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
        power = np.abs(np.fft.rfft(block * window, axis=1)) ** 2
        voice[first:last] = power[:, inside].sum(axis=1)
        share[first:last] = voice[first:last] / (power[:, audible].sum(axis=1) + 1e-12)
    is_voiced = (share >= MIN_VOICE_SHARE) & (voice > MIN_FLOOR_RATIO * np.quantile(voice, 0.1))
    return [(a, b) for a, b in candidates if is_voiced[a:b].size and is_voiced[a:b].mean() > 0.5]


def _to_time_span(frames: FrameRange, start: float, end: float) -> TimeSpan:
    first, last = (start + frame * FRAME_SAMPLES / SAMPLE_RATE for frame in frames)
    return TimeSpan(first, min(last, end))


def _merge(clear: list[TimeSpan], faint: list[TimeSpan], duration: float) -> SpeechActivity:
    """Both kinds padded and joined where they nearly touch."""
    clear_spans = _join(_pad(clear, duration))
    faint_spans = [
        TimeSpan(first, last)
        for part in _join(_pad(_join(faint), duration))
        for first, last in _iter_gaps(part, clear_spans)
        if last - first >= MIN_LOW_ENERGY_SECONDS + PADDING_SECONDS
    ]
    return SpeechActivity(tuple(_join(sorted([*clear_spans, *faint_spans]))), tuple(faint_spans))


def _pad(parts: Iterable[TimeSpan], duration: float) -> list[TimeSpan]:
    return [
        TimeSpan(max(0.0, part.start - PADDING_SECONDS), min(duration, part.end + PADDING_SECONDS))
        for part in parts
        if part.end > part.start
    ]


def _join(parts: Iterable[TimeSpan]) -> list[TimeSpan]:
    merged: list[TimeSpan] = []
    for part in parts:
        if merged and part.start - merged[-1].end < MIN_SILENCE_SECONDS:
            merged[-1] = TimeSpan(merged[-1].start, max(merged[-1].end, part.end))
        else:
            merged.append(part)
    return merged


def _iter_gaps(part: TimeSpan, taken: Sequence[TimeSpan]) -> Iterable[tuple[float, float]]:
    """What of an interval is not taken; ``taken`` is in order."""
    start = part.start
    for other in taken:
        if other.end <= start or other.start >= part.end:
            continue
        if other.start > start:
            yield start, other.start
        start = other.end
    if start < part.end:
        yield start, part.end
