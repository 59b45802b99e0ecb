"""Decoded sound of some minutes, all of which is in memory at once."""

from __future__ import annotations

from pathlib import Path

CANCELLED_SHARE = 0.05
"""Where the sum of two channels has less of the louder one, they cancel each other."""
_DIGITS = 3


def mix_sides(path: str, target: str) -> None:
    """Write the mean of two sides, or the louder one if they cancel each other.

    Args:
        path: A file of interleaved 16-bit samples.
        target: The file to write.
    """
    import numpy as np

    raw = np.fromfile(path, dtype="<i2")
    sides = raw[: len(raw) // 2 * 2].reshape(-1, 2).astype(np.float32)
    mono, loudest = sides.mean(axis=1), sides[:, int(np.abs(sides).sum(axis=0).argmax())]
    if np.abs(mono).sum() < CANCELLED_SHARE * np.abs(loudest).sum():
        mono = loudest
    Path(target).write_bytes(mono.astype("<i2").tobytes())


def find_peaks(
    path: str, channels: int, steps: int, step_samples: float
) -> tuple[list[float], list[float]]:
    """Find the highest and the lowest sample of each step, of the loudest channel.

    Args:
        path: A file of interleaved 16-bit samples.
        channels: How many channels it has.
        steps: How many steps.
        step_samples: Samples from one step to the next.

    Returns:
        The highest and the lowest samples, from -1 to 1.
    """
    import numpy as np

    raw = np.fromfile(path, dtype="<i2")
    whole = len(raw) // channels * channels
    samples = raw[:whole].reshape(-1, channels).astype(np.float32) / 32768.0
    edges = np.minimum((np.arange(steps) * step_samples).astype(int), len(samples) - 1)
    high = np.maximum.reduceat(samples.max(axis=1), edges).clip(min=0.0).round(_DIGITS)
    low = np.minimum.reduceat(samples.min(axis=1), edges).clip(max=0.0).round(_DIGITS)
    return high.tolist(), low.tolist()
