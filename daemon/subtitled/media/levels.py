"""Decoded sound that is far too quiet, or lies beside zero, is brought to a usual level.

Recorders with 32-bit samples are set far below the usual level, and cheap converters add a constant
to all samples. Voice activity detection and recognisers miss speech in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from subtitled.plugin import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

WINDOW_SAMPLES = SAMPLE_RATE // 4
LOUD_SECONDS = 2.0
"""Seconds of the loudest sound that say how loud a track is, or half of a shorter one."""
WORD_WINDOWS = 3
"""Windows in a row that are loud, from which there is a loud word. Clicks are shorter."""
QUIET_DECIBELS = -42.0
"""Level of the loudest sound below which a track is raised. Speech in films has -20 to -30 dB."""
SILENCE_DECIBELS = -75.0
"""Level of the loudest sound below which there is only noise."""
USUAL_DECIBELS = -24.0
MIN_OFFSET = 0.02
"""Constant part of the samples, as a share of full scale, from which it is removed."""
_BLOCK_WINDOWS = 240


def correct_level(mono: Path) -> bool:
    """Raise decoded sound that is far too quiet, and remove a constant part of its samples.

    Args:
        mono: The sound, as 16-bit samples at 16 kHz. It is replaced if it needs that.

    Returns:
        Whether it was replaced.
    """
    import numpy as np

    means, powers = _measure(mono)
    if not len(means):
        return False
    middle = float(np.sort(means)[len(means) // 2])  # np.median would import much more
    offset = middle if abs(middle) >= MIN_OFFSET else 0.0
    count = min(round(LOUD_SECONDS * SAMPLE_RATE / WINDOW_SAMPLES), (len(powers) + 1) // 2)
    decibels = 10 * np.log10(max(float(np.sort(powers)[-count]), 1e-12))
    is_quiet = SILENCE_DECIBELS < decibels < QUIET_DECIBELS and not _has_loud_word(powers)
    gain = 10 ** ((USUAL_DECIBELS - decibels) / 20) if is_quiet else 1.0
    if not offset and gain == 1.0:
        return False
    corrected = mono.with_name(mono.name + ".level")
    try:
        with corrected.open("wb") as output:
            for block in _read_blocks(mono):
                samples = np.clip((block - offset) * gain, -1.0, 32767 / 32768)
                output.write((samples * 32768.0).astype("<i2").tobytes())
        corrected.replace(mono)
    finally:
        corrected.unlink(missing_ok=True)
    return True


def _has_loud_word(powers: Floats) -> bool:
    """Return whether something is loud that is no click, as a word in a recording of seconds."""
    import numpy as np

    is_loud = powers >= 10 ** (QUIET_DECIBELS / 10)
    return bool(np.convolve(is_loud, np.ones(WORD_WINDOWS)).max() >= WORD_WINDOWS)


def _measure(mono: Path) -> tuple[Floats, Floats]:
    """Return the mean of the samples of each whole window, and the power around it."""
    import numpy as np

    means: list[Floats] = []
    powers: list[Floats] = []
    for block in _read_blocks(mono):
        windows = block[: len(block) // WINDOW_SAMPLES * WINDOW_SAMPLES].reshape(-1, WINDOW_SAMPLES)
        means.append(windows.mean(axis=1))
        powers.append(windows.var(axis=1))
    empty = np.zeros(0, dtype=np.float32)
    return np.concatenate([empty, *means]), np.concatenate([empty, *powers])


def _read_blocks(mono: Path) -> Iterator[Floats]:
    import numpy as np

    with mono.open("rb") as file:
        while len(raw := np.fromfile(file, dtype="<i2", count=_BLOCK_WINDOWS * WINDOW_SAMPLES)):
            yield raw.astype(np.float32) / 32768.0
