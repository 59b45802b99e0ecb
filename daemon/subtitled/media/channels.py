"""Several channels as one: each moment of the mix takes what is said, and nothing cancels.

The plain sum of channels is silent where they are out of phase, and drowns a voice on one of many.
Channels are read interleaved from a file of 16-bit samples at 16 kHz, block by block. A mix is a
weight of each channel in each window. Between windows the weights change gradually.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

WINDOW_SAMPLES = 4000
"""Samples of a window: a quarter of a second."""
WINDOW_SECONDS = 0.25
BLOCK_WINDOWS = 240
"""Windows of all channels together that are processed at once, so that memory grows neither with
the duration nor with the number of channels."""
FLIP_CORRELATION = -0.3
"""Correlation below which a channel is turned over before it is added to the loudest one."""
MAX_CANCELLED_SHARE = 0.25
"""Share of the power of its channels below which the power of a sum is cancelled."""
MAX_CORRELATION = 0.3
"""Correlation of two channels below which they have little in common."""
AUDIBLE_POWER = 1e-5
"""Power of a window from which a channel is audible: -50 dB."""
MIN_AUDIBLE_WINDOWS = 8
"""Windows in which a channel is audible, from which a channel has sound of its own."""
SILENT_POWER = 1e-8
"""Power that no window of a silent channel reaches: -80 dB."""
MAX_COPY_DIFFERENCE = 1e-4
"""Power of the difference of a channel and its copy, as a share of the power of both: -40 dB."""
MIN_POWER = 1e-6
"""Power of a window, as a share of full scale, below which it is silence: -60 dB."""


@dataclass(frozen=True, slots=True)
class ChannelFile:
    """Interleaved 16-bit samples at 16 kHz of some channels."""

    path: Path
    channels: int

    @property
    def windows(self) -> int:
        """Return the number of windows. The last one may be shorter."""
        samples = self.path.stat().st_size // 2 // self.channels
        return -(-samples // WINDOW_SAMPLES)

    def read_blocks(self) -> Iterator[Floats]:
        """Yield samples from -1 to 1 of shape (samples, channels), whole windows at a time."""
        import numpy as np

        windows = max(1, BLOCK_WINDOWS // self.channels)
        count = windows * WINDOW_SAMPLES * self.channels
        with self.path.open("rb") as file:
            while len(raw := np.fromfile(file, dtype="<i2", count=count)):
                whole = len(raw) // self.channels * self.channels
                yield raw[:whole].reshape(-1, self.channels).astype(np.float32) / 32768.0


def measure_covariance(file: ChannelFile) -> Floats:
    """Return the covariance of the channels in each window, of shape (windows, channels, channels).

    The diagonal holds the power of each channel.
    """
    import numpy as np

    parts: list[Floats] = []
    for block in file.read_blocks():
        padded = np.pad(block, ((0, -len(block) % WINDOW_SAMPLES), (0, 0)))
        windows = padded.reshape(-1, WINDOW_SAMPLES, file.channels)
        products: Floats = windows.transpose(0, 2, 1) @ windows
        parts.append(products / np.float32(WINDOW_SAMPLES))
    if not parts:
        return np.zeros((0, file.channels, file.channels), dtype=np.float32)
    return np.concatenate(parts)


def measure_cancelled_seconds(covariance: Floats) -> float:
    """Return the seconds in which a plain sum of the channels loses most of their power."""
    import numpy as np

    power = np.trace(covariance, axis1=1, axis2=2)
    is_lost = covariance.sum(axis=(1, 2)) < MAX_CANCELLED_SHARE * power
    return float((is_lost & (power > MIN_POWER)).sum()) * WINDOW_SECONDS


def are_unrelated(covariance: Floats) -> bool:
    """Return whether two sides have sounds of their own, as two microphones or languages have."""
    import numpy as np

    power = np.diagonal(covariance, axis1=1, axis2=2)
    is_audible = power > AUDIBLE_POWER
    if is_audible.sum(axis=0).min() < MIN_AUDIBLE_WINDOWS:
        return False
    both = is_audible.all(axis=1)
    if both.sum() < MIN_AUDIBLE_WINDOWS:
        return True
    correlation = covariance[both, 0, 1] / np.sqrt(power[both].prod(axis=1))
    return bool(np.median(np.abs(correlation)) < MAX_CORRELATION)


def is_silent(covariance: Floats, channel: int) -> bool:
    """Return whether a channel has no sound at all, so that nothing need be looked for in it."""
    power = covariance[:, channel, channel]
    return not len(power) or float(power.max()) < SILENT_POWER


def find_copied(covariance: Floats, channel: int) -> int | None:
    """Return the first channel of which a later one is a copy, as it is or turned over.

    Args:
        covariance: What :func:`measure_covariance` returned.
        channel: The later channel.

    Returns:
        The channel, or None if there is none.
    """
    import numpy as np

    mine = covariance[:, channel, channel]
    for other in range(channel):
        both = mine + covariance[:, other, other]
        shared = 2 * covariance[:, other, channel]
        limit = MAX_COPY_DIFFERENCE * both + SILENT_POWER
        if np.all(np.abs(both - shared) <= limit) or np.all(np.abs(both + shared) <= limit):
            return other
    return None


def weigh_by_phase(covariance: Floats) -> Floats:
    """Return weights with which no channel cancels another, of shape (windows, channels).

    A channel that is out of phase with the loudest one of its window is turned over. Where there
    is too little sound to tell, it stays as it was before.
    """
    import numpy as np

    count, channels = covariance.shape[:2]
    weights = np.empty((count, channels), dtype=np.float32)
    signs = np.ones(channels, dtype=np.float32)
    for window in range(count):
        near = covariance[max(0, window - 1) : window + 2].sum(axis=0)
        power = np.diag(near)
        loudest = int(np.argmax(power))
        if power[loudest] > MIN_POWER:
            scale = np.sqrt(power * power[loudest])
            correlation = near[loudest] / np.where(scale > 0, scale, 1.0)
            # The loudest channel keeps its sign, so that the mix does not turn over.
            signs = np.where(correlation < FLIP_CORRELATION, -1.0, 1.0) * signs[loudest]
        weights[window] = signs
    return weights / np.float32(max(2.0, channels / 2))


def weigh_by_level(covariance: Floats, gains: Sequence[float]) -> Floats:
    """Return weights that favour the loudest of several microphones, of shape (windows, channels).

    Each channel counts by its share of the power, as in an automatic microphone mixer. What two
    people say at once stays.

    Args:
        covariance: What :func:`measure_covariance` returned.
        gains: The factor by which each channel is made as loud as the others. 0 leaves it out.
    """
    import numpy as np

    factors = np.asarray(gains, dtype=np.float32)
    power = np.diagonal(covariance, axis1=1, axis2=2) * np.square(factors)
    smooth = power.copy()
    smooth[1:] += power[:-1]
    smooth[:-1] += power[1:]
    total = smooth.sum(axis=1, keepdims=True)
    even = (factors > 0).astype(np.float32) / max(1, int((factors > 0).sum()))
    shares = np.where(total > 0, smooth / np.where(total > 0, total, 1.0), even)
    weights: Floats = (shares * factors).astype(np.float32)
    return weights


def write_mix(file: ChannelFile, weights: Floats, target: Path) -> None:
    """Write the weighted sum of the channels as mono."""
    import numpy as np

    centres = (np.arange(len(weights)) + 0.5) * WINDOW_SAMPLES
    position = 0
    with target.open("wb") as output:
        for block in file.read_blocks():
            times = np.arange(position, position + len(block))
            mixed = np.zeros(len(block), dtype=np.float32)
            for channel in range(file.channels):
                if weights[:, channel].any():
                    mixed += block[:, channel] * np.interp(times, centres, weights[:, channel])
            output.write((np.clip(mixed, -1.0, 32767 / 32768) * 32768.0).astype("<i2").tobytes())
            position += len(block)


def write_channel(file: ChannelFile, channel: int, target: Path) -> None:
    """Write one of the channels as mono."""
    import numpy as np

    with target.open("wb") as output:
        for block in file.read_blocks():
            output.write(np.round(block[:, channel] * 32768.0).astype("<i2").tobytes())
