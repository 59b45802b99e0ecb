"""The conformance kit: what every engine must hold, for the tests of its author."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

from .component import Context
from .engine import Capabilities, Engine, Request
from .language import Language
from .speech import SAMPLE_RATE, Audio, Interval, Stretch, Transcript


def silence(folder: Path, seconds: float = 5.0) -> Audio:
    """A decoded track in which nothing is heard."""
    path = folder / "silence.s16"
    path.write_bytes(b"\0\0" * round(seconds * SAMPLE_RATE))
    return Audio(path)


def check_transcript(transcript: Transcript, stretch: Stretch) -> None:
    """Raise ``AssertionError`` for words that the core would refuse."""
    last = stretch.interval.start
    for word in transcript.words:
        assert word.text.strip(), "a word is empty"
        assert math.isfinite(word.start) and math.isfinite(word.end), f"{word} has no times"
        assert word.start <= word.end, f"{word} ends before it starts"
        assert word.start >= last - 1e-6, f"{word} is out of order"
        assert word.end <= stretch.interval.end + 1e-6, f"{word} is outside its stretch"
        assert word.confidence is None or 0 <= word.confidence <= 1, f"{word}: confidence"
        last = word.start
    for sure in transcript.evidence:
        assert math.isfinite(sure.start) and math.isfinite(sure.end), f"{sure} has no times"
        assert sure.start <= sure.end, f"{sure} ends before it starts"
        assert sure.no_speech is None or 0 <= sure.no_speech <= 1, f"{sure}: no_speech"


def check_engine(
    engine: type[Engine], settings: dict[str, Any], models: dict[str, Path] | None = None
) -> None:
    """Make, load and run an engine on five seconds of silence; raise where it breaks the contract.

    ``settings`` are the keys of its section; ``models`` the folders of the models it asks for.
    """
    parsed = engine.Settings.model_validate(settings)
    able = engine.capabilities(parsed)
    assert isinstance(able, Capabilities), "capabilities() must return Capabilities"
    made = engine(parsed, Context("conformance", models=models or {}))
    made.load()
    language = min(able.languages) if able.languages else Language("en")
    with tempfile.TemporaryDirectory() as folder:
        audio = silence(Path(folder))
        stretch = Stretch(Interval(0.0, audio.duration), (Interval(0.0, audio.duration),))
        check_transcript(made.transcribe(audio, Request(stretch, language)), stretch)
        if able.aligns:
            words = tuple(made.align(audio, stretch, "one two", language))
            said = "".join(word.text for word in words).split()
            assert said == ["one", "two"], "align must give the words of the text, all of them"
            check_transcript(Transcript(language, words), stretch)
        if able.detects_language:
            for guess in made.detect_language(audio, [stretch.interval]):
                assert all(0 <= p <= 1 for p in guess.probabilities.values()), "probabilities"
