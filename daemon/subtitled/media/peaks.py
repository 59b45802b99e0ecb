"""The peaks of the sound of a span, from which a waveform is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from subtitled.plugin import SAMPLE_RATE, TimeSpan

from .clips import CutSource, cut_sound, run_cut

_DIGITS = 3


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
    import numpy as np

    sound = cut_sound(source, span)
    graph = ffmpeg.output(
        sound, "TARGET", format="s16le", acodec="pcm_s16le", ac=source.channels, ar=SAMPLE_RATE
    )
    try:
        run_cut(graph, source.sound_files, scratch)
        raw = np.fromfile(scratch, dtype="<i2")
    finally:
        scratch.unlink(missing_ok=True)
    whole = len(raw) // source.channels * source.channels
    samples = raw[:whole].reshape(-1, source.channels).astype(np.float32) / 32768.0
    steps = max(1, round(span.duration * per_second))
    edges = (np.arange(steps) * (SAMPLE_RATE / per_second)).astype(int)
    edges = np.minimum(edges, len(samples) - 1)
    high = np.maximum.reduceat(samples.max(axis=1), edges).clip(min=0.0).round(_DIGITS)
    low = np.minimum.reduceat(samples.min(axis=1), edges).clip(max=0.0).round(_DIGITS)
    return Peaks(
        span=span, per_second=per_second, high=tuple(high.tolist()), low=tuple(low.tolist())
    )
