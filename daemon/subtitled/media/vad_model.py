"""The model of voice activity detection (Silero), which is asked about sound as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

FRAME_SAMPLES = 512
"""Samples of a frame of the model: 32 ms."""
CONTEXT_SAMPLES = 64
"""Samples before a frame that the model hears again."""


class SpeechModel:
    """The model with what it remembers of the sound so far.

    Sound in pieces gives the same numbers as all of it at once. faster-whisper asks for as much as
    320 s at once, which takes 150 MB more and a fifth longer.
    """

    def __init__(self) -> None:
        """Load the model, unless that was done."""
        import numpy as np
        from faster_whisper.vad import get_vad_model

        self._session = get_vad_model().session
        self._rest: Floats = np.zeros(0, np.float32)
        self._before: Floats = np.zeros((1, CONTEXT_SAMPLES), np.float32)
        self._hidden: Floats = np.zeros((1, 1, 128), np.float32)
        self._cell: Floats = np.zeros((1, 1, 128), np.float32)

    def predict(self, samples: Floats) -> list[float]:
        """Return the probability of speech in each whole frame of the sound so far that is new.

        Args:
            samples: The next piece, from -1 to 1 at 16 kHz.
        """
        import numpy as np

        sound = np.concatenate([self._rest, samples])
        end = len(sound) // FRAME_SAMPLES * FRAME_SAMPLES
        self._rest = sound[end:]
        frames = sound[:end].reshape(-1, FRAME_SAMPLES)
        if not len(frames):
            return []
        context = np.concatenate([self._before, frames[:-1, -CONTEXT_SAMPLES:]])
        self._before = frames[-1:, -CONTEXT_SAMPLES:]
        given = {
            "input": np.concatenate([context, frames], axis=1),
            "h": self._hidden,
            "c": self._cell,
        }
        output, self._hidden, self._cell = self._session.run(None, given)
        probabilities: list[float] = output.reshape(-1).tolist()
        return probabilities

    def finish(self) -> list[float]:
        """Return the probability in the last frame, which silence fills."""
        import numpy as np

        return self.predict(np.zeros(FRAME_SAMPLES - len(self._rest), np.float32))
