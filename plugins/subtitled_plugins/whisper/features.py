"""What the encoder hears: the spectrum of a window, filled up to half a minute with silence.

Whisper was trained on sound that is filled up with silence before its spectrum is taken.
faster-whisper fills up the spectrum with zeros instead. In its scale that is a noise about as loud
as speech, behind which the decoder now and then stops early.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subtitled.plugin import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from faster_whisper import WhisperModel

    Floats = npt.NDArray[np.float32]

DYNAMIC_RANGE = 2.0
"""How far below the loudest value the spectrum of silence is: 8 powers of ten, by 4."""
DIGITAL_SILENCE = -1.5
"""The spectrum of sound that is nothing but zeros: 10 to the power of -10, plus 4, by 4."""


def fill_with_silence(features: Floats, frames: int) -> Floats:
    """Replace what follows the sound of a window by silence.

    Args:
        features: The log-mel spectrum as faster-whisper computes it, of shape (mels, frames).
        frames: The number of frames to return, 3000 for half a minute.

    Returns:
        The spectrum that sound with silence behind it has, of shape (mels, ``frames``).
    """
    import numpy as np

    features = features[:, :frames]
    missing = frames - features.shape[1]
    if not missing or not features.size:
        level = DIGITAL_SILENCE
    else:
        level = max(DIGITAL_SILENCE, float(features.max()) - DYNAMIC_RANGE)
    return np.pad(features, ((0, 0), (0, missing)), constant_values=level)


def compute_features(model: WhisperModel, samples: Floats) -> Floats:
    """Return what the encoder hears of a window, the same as when its words are recognised.

    Args:
        model: The model.
        samples: The sound of the window, at most half a minute.

    Returns:
        Log-mel features of shape (mels, frames) for half a minute.
    """
    frames = int(len(samples) / SAMPLE_RATE * model.frames_per_second)
    features = model.feature_extractor(samples)[:, :frames]
    return fill_with_silence(features, model.feature_extractor.nb_max_frames)
