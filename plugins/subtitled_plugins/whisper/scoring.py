"""How probable a text is to Whisper in a window of speech: the text is forced, nothing is decoded.

A forced text cannot stop early or loop, so a prompt in front of it can do no harm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from subtitled.plugin import Audio, Word

from .hotwords import MIN_GAIN, Candidate, Comparison
from .windows import Window

if TYPE_CHECKING:
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
        self, model: WhisperModel, tokenizer: Tokenizer, audio: Audio, window: Window
    ) -> None:
        import numpy as np
        from faster_whisper.audio import pad_or_trim

        sound = np.concatenate([audio.read_samples(part) for part in window.parts])
        features = model.feature_extractor(sound)
        self._frames = min(features.shape[-1], model.feature_extractor.nb_max_frames)
        self._encoded: Any = model.encode(pad_or_trim(features))
        self._model = model
        self._tokenizer = tokenizer

    def compare(
        self, words: Sequence[Word], candidates: Sequence[Candidate]
    ) -> list[tuple[Candidate, Comparison]]:
        """Compare each candidate with the words that it would replace.

        Args:
            words: The words of the window, in order.
            candidates: Places among them. The hotwords of all of them are the prompt.

        Returns:
            Each candidate that fits into the decoder, with its comparison.
        """
        hotwords = dict.fromkeys(candidate.hotword for candidate in candidates)
        told = self._tokenizer.encode(" " + ", ".join(hotwords))[:MAX_PROMPT_TOKENS]
        prompt = [self._tokenizer.sot_prev, *told]
        compared = []
        for candidate in candidates:
            before = self._encode(words[: candidate.first])
            after = self._encode(words[candidate.last : candidate.last + WORDS_AFTER])
            heard = self._encode(words[candidate.first : candidate.last])
            instead = self._tokenizer.encode(candidate.text)
            if len(before) + max(len(heard), len(instead)) + len(after) > MAX_TEXT_TOKENS:
                continue
            texts = [*heard, *after], [*instead, *after]
            prompted = self._gain(prompt, before, *texts)
            unprompted = self._gain([], before, *texts) if prompted >= MIN_GAIN else -math.inf
            compared.append((candidate, Comparison(prompted, unprompted)))
        return compared

    def _encode(self, words: Sequence[Word]) -> list[int]:
        return list(self._tokenizer.encode("".join(word.text for word in words)))

    def _gain(
        self,
        prompt: Sequence[int],
        context: Sequence[int],
        heard: Sequence[int],
        instead: Sequence[int],
    ) -> float:
        return self._score(prompt, context, instead) - self._score(prompt, context, heard)

    def _score(self, prompt: Sequence[int], context: Sequence[int], text: Sequence[int]) -> float:
        """Return the log probability of a text behind its context."""
        start = [*prompt, *self._tokenizer.sot_sequence]
        (result,) = self._model.model.align(self._encoded, start, [[*context, *text]], self._frames)
        probabilities = result.text_token_probs[len(context) :]
        return sum(math.log(max(float(p), LEAST_PROBABILITY)) for p in probabilities)
