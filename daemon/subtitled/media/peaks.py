"""The peaks of the sound of a span, from which a waveform is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from subtitled.plugin import SAMPLE_RATE, TimeSpan

from .clips import CutSource, cut_sound, run_cut
from .numpy_process import call
from .short_sound import find_peaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks:
    """The highest and the lowest sample of each step, -1 to 1."""

    span: TimeSpan
    per_second: int
    """Steps a second. The first begins where the span does."""
    high: tuple[float, ...]
    low: tuple[float, ...]


def measure_peaks(source: CutSource, span: TimeSpan, per_second: int, scratch: Path) -> Peaks:
    """Measure the peaks of a span, those of the loudest of its channels.

    Args:
        source: The media file.
        span: The span.
        per_second: Steps a second.
        scratch: A file for the decoded samples, which is deleted.

    Raises:
        SubtitledError: The sound cannot be cut; the error says why.
    """
    sound = cut_sound(source, span)
    graph = ffmpeg.output(
        sound, "TARGET", format="s16le", acodec="pcm_s16le", ac=source.channels, ar=SAMPLE_RATE
    )
    steps = max(1, round(span.duration * per_second))
    try:
        run_cut(graph, source.sound_files, scratch)
        high, low = call(find_peaks, str(scratch), source.channels, steps, SAMPLE_RATE / per_second)
    finally:
        scratch.unlink(missing_ok=True)
    return Peaks(span=span, per_second=per_second, high=tuple(high), low=tuple(low))
