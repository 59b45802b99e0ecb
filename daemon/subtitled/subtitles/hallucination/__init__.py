"""Guards against what recognisers invent: words that nobody said.

Recognisers that were trained on subtitles write, where nobody speaks, what stands in subtitles at
such places: thanks for watching, the names of subtitlers, ``[Music]``, or the same words over and
over. :func:`filter_hallucinations` takes such words out of a transcript and says of each why; the
transcript itself stays as it is. Nothing here knows which engine it was.

The layers, each a file: :mod:`.doubt` what the engine's own evidence says, :mod:`.tokens` signs
that are no speech, :mod:`.loops` repetition that the sound does not bear out, :mod:`.phrases`
known inventions by language, :mod:`.sound` words outside speech and faster than anybody speaks.

Thresholds and lists follow openai/whisper's ``transcribe.py``, Barański et al. 2025 (arXiv
2501.11378: a small recurring set of phrases, best removed together with voice activity detection)
and what users of such tools report.
"""

from .filter import filter_hallucinations
from .passages import RemovedText
from .phrases import HallucinationPhrases, load_phrases

__all__ = ["HallucinationPhrases", "RemovedText", "filter_hallucinations", "load_phrases"]
