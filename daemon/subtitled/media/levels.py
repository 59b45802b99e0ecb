"""Decoded sound that is far too quiet, or lies beside zero, is brought to a usual level.

Recorders with 32-bit samples are set far below the usual level, and cheap converters add a constant
to all samples. Voice activity detection and recognisers miss speech in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .numpy_process import call

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

WINDOW_SAMPLES = 4000
"""Samples of a window: a quarter of a second."""
LOUD_WINDOWS = 8
"""The windows of the loudest sound, which say how loud a track is; half of a shorter one."""
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
    corrected = mono.with_name(mono.name + ".level")
    try:
        is_corrected = bool(call(_write_corrected, str(mono), str(corrected)))
        if is_corrected:
            corrected.replace(mono)
        return is_corrected
    finally:
        corrected.unlink(missing_ok=True)


def _write_corrected(mono: str, target: str) -> bool:
    """Write the corrected sound of a file to another, if it needs that; return whether it does."""
    import numpy as np

    means, powers = _measure(mono)
    if not len(means):
        return False
    middle = float(np.sort(means)[len(means) // 2])  # np.median would import much more
    offset = middle if abs(middle) >= MIN_OFFSET else 0.0
    count = min(LOUD_WINDOWS, (len(powers) + 1) // 2)
    decibels = 10 * np.log10(max(float(np.sort(powers)[-count]), 1e-12))
    is_quiet = SILENCE_DECIBELS < decibels < QUIET_DECIBELS and not _has_loud_word(powers)
    gain = 10 ** ((USUAL_DECIBELS - decibels) / 20) if is_quiet else 1.0
    if not offset and gain == 1.0:
        return False
    with Path(target).open("wb") as output:
        for block in _read_blocks(mono):
            samples = np.clip((block - offset) * gain, -1.0, 32767 / 32768)
            output.write((samples * 32768.0).astype("<i2").tobytes())
    return True


def _has_loud_word(powers: Floats) -> bool:
    """Return whether something is loud that is no click, as a word in a recording of seconds."""
    import numpy as np

    is_loud = powers >= 10 ** (QUIET_DECIBELS / 10)
    return bool(np.convolve(is_loud, np.ones(WORD_WINDOWS)).max() >= WORD_WINDOWS)


def _measure(mono: str) -> tuple[Floats, Floats]:
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


def _read_blocks(mono: str) -> Iterator[Floats]:
    import numpy as np

    with Path(mono).open("rb") as file:
        while len(raw := np.fromfile(file, dtype="<i2", count=_BLOCK_WINDOWS * WINDOW_SAMPLES)):
            yield raw.astype(np.float32) / 32768.0
