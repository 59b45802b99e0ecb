"""Voice activity detection: where somebody speaks, and where perhaps somebody whispers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from subtitled.plugin import SAMPLE_RATE, Audio, Interval

from .arriving import arriving

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

BLOCK = 600.0
"""Seconds that are looked at in one go, so that memory stays flat for any length."""
FRAME = 512
"""Samples that the detector judges at once: 32 ms."""
THRESHOLD = 0.5
"""Probability from which on a frame is speech; Silero's own default."""
QUIET_THRESHOLD = 0.25
"""The same where the sound is that of a voice: whispers, radio, speech under noise reach no more.
Instrumental music stays below it."""
DROP = 0.15
"""Speech goes on until the probability is so much below the threshold."""
MIN_SILENCE = 0.3
"""Seconds of silence that part two intervals."""
PADDING = 0.3
"""Seconds added on both sides: the first consonant is quiet."""
SHORTEST_QUIET = 0.4
"""Seconds of quiet speech that are worth listening to."""
VOICE = (100.0, 4000.0)
"""Hertz between which a voice has its energy."""
VOICE_SHARE = 0.5
"""The share of a frame's energy in that band from which on it may be a voice."""
ABOVE_FLOOR = 4.0
"""How many times the energy of the voice band must exceed that of the quietest tenth: 6 dB."""

Run = tuple[int, int]
"""From one frame to another, which is not part of it."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Where somebody speaks, in order and apart; ``quiet`` are the parts of that which are faint.

    A quiet part lies inside an interval. What is recognised there is evidence of little.
    """

    intervals: tuple[Interval, ...] = ()
    quiet: tuple[Interval, ...] = ()


def find_speech(audio: Audio) -> Speech:
    """The intervals of speech by Silero VAD, in one pass over the sound.

    Loads a model: call it in a process that can be ended.
    """
    duration = audio.duration
    starts = (number * BLOCK for number in range(math.ceil(duration / BLOCK)))
    return _found(audio.samples(Interval(at, min(duration, at + BLOCK))) for at in starts)


def find_speech_arriving(into: Path) -> Speech:
    """The same of sound that is being decoded into a file, by the time that it is whole.

    Raises :class:`~subtitled.plugin.Temporary` if it does not become so.
    """
    return _found(arriving(into, BLOCK))


def _found(blocks: Iterable[Floats]) -> Speech:
    clear: list[Interval] = []
    faint: list[Interval] = []
    start = 0.0
    for samples in blocks:
        end = start + len(samples) / SAMPLE_RATE
        spoken, quiet = _listen(samples)
        clear += [_interval(run, start, end) for run in spoken]
        faint += [_interval(run, start, end) for run in quiet]
        start = end
    return _together(clear, faint, start)


def _listen(samples: Floats) -> tuple[list[Run], list[Run]]:
    """The runs of frames that are speech, and those that may be quiet speech."""
    probabilities = _probabilities(samples)
    spoken = runs(probabilities, THRESHOLD)
    maybe = _outside(runs(probabilities, QUIET_THRESHOLD), spoken)
    if maybe:
        maybe = _voiced(samples, maybe)
    return spoken, maybe


def _probabilities(samples: Floats) -> list[float]:
    import numpy as np
    from faster_whisper.vad import get_vad_model

    whole = np.pad(samples, (0, FRAME - len(samples) % FRAME))
    said: list[float] = get_vad_model()(whole).reshape(-1).tolist()
    return said


def runs(probabilities: Sequence[float], threshold: float) -> list[Run]:
    """The runs of frames that reach ``threshold``, over dips shorter than a silence."""
    silence = round(MIN_SILENCE * SAMPLE_RATE / FRAME)
    found: list[Run] = []
    begin, end = -1, -1
    for number, probability in enumerate(probabilities):
        if probability >= threshold:
            begin, end = (number if begin < 0 else begin), -1
        elif begin >= 0 and probability < threshold - DROP:
            end = number if end < 0 else end
            if number - end >= silence:
                found.append((begin, end))
                begin, end = -1, -1
    if begin >= 0:
        found.append((begin, len(probabilities) if end < 0 else end))
    return found


def _outside(wide: Iterable[Run], narrow: Sequence[Run]) -> list[Run]:
    """What of the wide runs lies in none of the narrow ones."""
    left: list[Run] = []
    for start, end in wide:
        for first, last in narrow:
            if last <= start or first >= end:
                continue
            if first > start:
                left.append((start, first))
            start = max(start, last)
        if start < end:
            left.append((start, end))
    return left


def _voiced(samples: Floats, maybe: Sequence[Run]) -> list[Run]:
    """The runs in which most frames sound like a voice: energy in its band, above the floor."""
    import numpy as np

    frames = len(samples) // FRAME
    if frames == 0:
        return []
    voice, share = np.empty(frames), np.empty(frames)
    hertz = np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)
    inside, audible = (hertz >= VOICE[0]) & (hertz <= VOICE[1]), hertz > VOICE[0] / 2
    window = np.hanning(FRAME)
    for first in range(0, frames, 2048):
        last = min(frames, first + 2048)
        some = samples[first * FRAME : last * FRAME].reshape(-1, FRAME)
        power = np.abs(np.fft.rfft(some * window, axis=1)) ** 2
        voice[first:last] = power[:, inside].sum(axis=1)
        share[first:last] = voice[first:last] / (power[:, audible].sum(axis=1) + 1e-12)
    good = (share >= VOICE_SHARE) & (voice > ABOVE_FLOOR * np.quantile(voice, 0.1))
    return [(a, b) for a, b in maybe if good[a:b].size and good[a:b].mean() > 0.5]


def _interval(run: Run, start: float, end: float) -> Interval:
    first, last = (start + frame * FRAME / SAMPLE_RATE for frame in run)
    return Interval(first, min(last, end))


def _together(clear: list[Interval], faint: list[Interval], duration: float) -> Speech:
    """Both kinds padded and joined where they nearly touch."""
    spoken = _joined(_padded(clear, duration))
    quiet = [
        Interval(first, last)
        for part in _joined(_padded(_joined(faint), duration))
        for first, last in _gaps(part, spoken)
        if last - first >= SHORTEST_QUIET + PADDING
    ]
    return Speech(tuple(_joined(sorted([*spoken, *quiet]))), tuple(quiet))


def _padded(parts: Iterable[Interval], duration: float) -> list[Interval]:
    return [
        Interval(max(0.0, part.start - PADDING), min(duration, part.end + PADDING))
        for part in parts
        if part.end > part.start
    ]


def _joined(parts: Iterable[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for part in parts:
        if joined and part.start - joined[-1].end < MIN_SILENCE:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, part.end))
        else:
            joined.append(part)
    return joined


def _gaps(part: Interval, taken: Sequence[Interval]) -> Iterable[tuple[float, float]]:
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
