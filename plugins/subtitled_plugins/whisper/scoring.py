"""How probable a text is to Whisper in a window of speech: the text is forced, nothing is decoded.

A forced text cannot stop early or loop, so a prompt in front of it can do no harm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from subtitled.plugin import Audio, Word

from .features import compute_features
from .hotwords import Candidate
from .windows import Window

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

MAX_PROMPT_TOKENS = 100
MAX_TEXT_TOKENS = 300
"""Together with the prompt well below the 448 places of the decoder."""
WORDS_AFTER = 3
"""Words behind a candidate whose probability counts too: they tell whether the text goes on."""
LEAST_PROBABILITY = 1e-9


class WindowScorer:
    """Compares candidates with the words of one window. The sound is encoded once."""

    def __init__(
        self,
        model: WhisperModel,
        tokenizer: Tokenizer,
        audio: Audio,
        window: Window,
        encoded: npt.NDArray[np.float32] | None = None,
    ) -> None:
        """Encode a window, unless it is ``encoded`` already."""
        frames = int(window.duration * model.frames_per_second)
        self._frames = min(frames, model.feature_extractor.nb_max_frames)
        self._encoded = _encode(model, audio, window) if encoded is None else _view(encoded)
        self._model = model
        self._tokenizer = tokenizer

    def compare(
        self, words: Sequence[Word], candidates: Sequence[Candidate]
    ) -> list[tuple[Candidate, float]]:
        """Compare each candidate with the words that it would replace.

        Args:
            words: The words of the window, in order.
            candidates: Places among them. The hotwords of all of them are the prompt.

        Returns:
            Each candidate that fits into the decoder, with the natural logarithm of how much more
            probable its text is.
        """
        hotwords = dict.fromkeys(candidate.hotword for candidate in candidates)
        told = self._tokenizer.encode(" " + ", ".join(hotwords))[:MAX_PROMPT_TOKENS]
        prompt = [self._tokenizer.sot_prev, *told]
        scores: dict[tuple[int, int], float] = {}
        compared = []
        for candidate in candidates:
            place = candidate.first, candidate.last
            before = self._encode(words[: candidate.first])
            after = self._encode(words[candidate.last : candidate.last + WORDS_AFTER])
            transcribed = self._encode(words[candidate.first : candidate.last])
            instead = self._tokenizer.encode(candidate.text)
            if len(before) + max(len(transcribed), len(instead)) + len(after) > MAX_TEXT_TOKENS:
                continue
            if place not in scores:
                scores[place] = self._score(prompt, before, [*transcribed, *after])
            score = self._score(prompt, before, [*instead, *after])
            compared.append((candidate, score - scores[place]))
        return compared

    def _encode(self, words: Sequence[Word]) -> list[int]:
        return list(self._tokenizer.encode("".join(word.text for word in words)))

    def _score(self, prompt: Sequence[int], context: Sequence[int], text: Sequence[int]) -> float:
        """Return the log probability of a text behind its context."""
        start = [*prompt, *self._tokenizer.sot_sequence]
        (result,) = self._model.model.align(self._encoded, start, [[*context, *text]], self._frames)
        probabilities = result.text_token_probs[len(context) :]
        return sum(math.log(max(float(p), LEAST_PROBABILITY)) for p in probabilities)


def _encode(model: WhisperModel, audio: Audio, window: Window) -> Any:

    sound = window.read_samples(audio)
    return model.encode(compute_features(model, sound))


def _view(encoded: npt.NDArray[np.float32]) -> Any:
    from ctranslate2 import StorageView

    return StorageView.from_array(encoded)


def split_encoded(encoded: Any, count: int) -> list[npt.NDArray[np.float32]] | list[None]:
    """Return what the encoder made of each window of a batch.

    Args:
        encoded: CTranslate2's output of shape (windows, frames, size).
        count: The number of windows.

    Returns:
        An array of shape (1, frames, size) for each window. None for each if the output is on
        another device or of another type: the few windows that need it are encoded again.
    """
    import numpy as np
    from ctranslate2 import DataType

    if (encoded.device, encoded.dtype) != ("cpu", DataType.float32):
        return [None] * count
    whole = np.array(encoded, dtype=np.float32)
    return [np.ascontiguousarray(whole[n : n + 1]) for n in range(count)]
