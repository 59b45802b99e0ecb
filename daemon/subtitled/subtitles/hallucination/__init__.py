"""The hallucination filter: removes words that nobody said.

Recognisers that were trained on subtitles hallucinate in silence what subtitles have there: thanks
for watching, names of subtitlers, ``[Music]``, or the same words again and again.
:func:`filter_hallucinations` removes these words and states the reason for each. The stored
transcript is not changed. The filter does not depend on the engine.

Each stage is a module: :mod:`.engine_scores` uses the engine's own scores,
:mod:`.non_speech_tokens` removes tokens that are no speech, :mod:`.loops` removes repetition that
the audio does not support, :mod:`.phrases` removes known phrases by language, and
:mod:`.speech_overlap` removes words outside speech or faster than possible.

Thresholds and lists follow openai/whisper's ``transcribe.py``, Barański et al. 2025 (arXiv
2501.11378: a small recurring set of phrases, best removed together with voice activity detection)
and reports of users of Whisper and similar tools.
"""

from .filter import filter_hallucinations
from .passages import RemovedText
from .phrases import FilterContext, HallucinationPhrases, load_phrases

__all__ = [
    "FilterContext",
    "HallucinationPhrases",
    "RemovedText",
    "filter_hallucinations",
    "load_phrases",
]
