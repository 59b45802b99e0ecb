"""Sound that the mix of more than two channels has lost, because they cancel each other in it."""

from __future__ import annotations

from pathlib import Path

FRAME_SAMPLES = 4000
"""Samples that are measured at once: a quarter of a second. Words are longer."""
FRAMES_A_SECOND = 4
MAX_MIXED_SHARE = 0.01
"""Share of the power of more than two channels below which their mix has lost what they have.

The usual mix of a single channel of six keeps 10 % of it.
"""
MIN_DECIBELS = -55.0
"""Level of the channels below which a frame counts as silence."""
_FRAMES_AT_ONCE = 1000
"""Frames of the decoded sound that are read at once."""


def measure_lost_seconds(mono: str, channel_levels: list[float]) -> float:
    """Return the seconds in which the decoded sound lacks what the channels had.

    Args:
        mono: The decoded sound, as 16-bit samples.
        channel_levels: The level of all channels in decibels before the mix, by frame.
    """
    import numpy as np

    levels = np.nan_to_num(np.array(channel_levels), nan=-200.0, posinf=0.0, neginf=-200.0)
    lost = 0
    with Path(mono).open("rb") as file:
        for first in range(0, len(levels), _FRAMES_AT_ONCE):
            block = levels[first : first + _FRAMES_AT_ONCE]
            raw = np.fromfile(file, dtype="<i2", count=len(block) * FRAME_SAMPLES)
            whole = len(raw) // FRAME_SAMPLES
            frames = raw[: whole * FRAME_SAMPLES].reshape(whole, FRAME_SAMPLES)
            power = np.square(frames.astype(np.float32) / 32768.0).mean(axis=1)
            before = block[:whole]
            is_lost = power < MAX_MIXED_SHARE * 10 ** (before / 10)
            lost += int((is_lost & (before > MIN_DECIBELS)).sum())
    return lost / FRAMES_A_SECOND
