"""The conformance kit: what every engine must hold, for the tests of its author."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

from .component import ComponentContext
from .engine import Engine, EngineCapabilities, TranscriptionRequest
from .languages import Language
from .types import SAMPLE_RATE, Audio, Chunk, TimeSpan, Transcript


def make_silence(folder: Path, seconds: float = 5.0) -> Audio:
    """A decoded track in which nothing is heard."""
    path = folder / "silence.s16"
    path.write_bytes(b"\0\0" * round(seconds * SAMPLE_RATE))
    return Audio(path)


def check_transcript(transcript: Transcript, chunk: Chunk) -> None:
    """Raise ``AssertionError`` for words that the core would refuse."""
    previous_start = chunk.span.start
    for word in transcript.words:
        assert word.text.strip(), "a word is empty"
        assert math.isfinite(word.start) and math.isfinite(word.end), f"{word} has no times"
        assert word.start <= word.end, f"{word} ends before it starts"
        assert word.start >= previous_start - 1e-6, f"{word} is out of order"
        assert word.end <= chunk.span.end + 1e-6, f"{word} is outside its stretch"
        assert word.confidence is None or 0 <= word.confidence <= 1, f"{word}: confidence"
        previous_start = word.start
    for scores in transcript.segment_scores:
        assert math.isfinite(scores.start) and math.isfinite(scores.end), f"{scores} has no times"
        assert scores.start <= scores.end, f"{scores} ends before it starts"
        assert scores.no_speech_prob is None or 0 <= scores.no_speech_prob <= 1, (
            f"{scores}: no_speech"
        )


def check_engine(
    engine: type[Engine], settings: dict[str, Any], models: dict[str, Path] | None = None
) -> None:
    """Make, load and run an engine on five seconds of silence; raise where it breaks the contract.

    ``settings`` are the keys of its section; ``models`` the folders of the models it asks for.
    """
    parsed = engine.Settings.model_validate(settings)
    capabilities = engine.capabilities(parsed)
    assert isinstance(capabilities, EngineCapabilities), "capabilities() must return Capabilities"
    instance = engine(parsed, ComponentContext("conformance", models=models or {}))
    instance.load()
    language = min(capabilities.languages) if capabilities.languages else Language("en")
    with tempfile.TemporaryDirectory() as folder:
        audio = make_silence(Path(folder))
        chunk = Chunk(TimeSpan(0.0, audio.duration), (TimeSpan(0.0, audio.duration),))
        check_transcript(instance.transcribe(audio, TranscriptionRequest(chunk, language)), chunk)
        if capabilities.supports_alignment:
            words = tuple(instance.align(audio, chunk, "one two", language))
            aligned_words = "".join(word.text for word in words).split()
            assert aligned_words == ["one", "two"], (
                "align must give the words of the text, all of them"
            )
            check_transcript(Transcript(language, words), chunk)
        if capabilities.supports_language_detection:
            for guess in instance.detect_language(audio, [chunk.span]):
                assert all(0 <= p <= 1 for p in guess.probabilities.values()), "probabilities"
