"""Suites, fakes of services and conformance checks for an author's tests.

A suite is inherited. Its tests ask the plugin as the core does: by its entry point, an engine in
its own process, and with every result checked. ``test_plugin.py`` names what is tested::

    from subtitled.plugin.testing import EngineSuite

    class TestLoudness(EngineSuite):
        plugin = "loudness"
        settings = {"threshold_db": -25.0}

Each question to a component of that kind is one test. The pytest plugin behind the suites is
installed with subtitled, so that no line of ``conftest.py`` is needed. It also has the fixtures
``track``, ``speech``, ``daemon_with``, and a running fake each of ``fake_jellyfin``, ``fake_emby``,
``fake_plex``, ``fake_chat``, ``fake_transcriptions`` and ``fake_libretranslate``.

The checks use ``assert``, so that pytest shows what is wrong.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from .component import ComponentContext
from .engine import Engine, EngineCapabilities, TranscriptionRequest
from .fakes import (
    DescribedServer,
    FakeChat,
    FakeEmby,
    FakeJellyfin,
    FakeLibreTranslate,
    FakeMediaLibrary,
    FakePlex,
    FakeTranscriptions,
    Film,
    Recogniser,
    RecordedRequest,
    Sentence,
    Subtitle,
    listening,
    serve_chat,
    serve_libretranslate,
    serve_transcriptions,
    serving,
)
from .languages import UNDETERMINED, Language
from .types import (
    SAMPLE_RATE,
    Audio,
    Chunk,
    LanguageGuess,
    SpeechWindow,
    TimeSpan,
    Transcript,
    Word,
)

__all__ = [
    "ODD_HOTWORDS",
    "DescribedServer",
    "EndpointSuite",
    "EngineSuite",
    "FakeChat",
    "FakeEmby",
    "FakeJellyfin",
    "FakeLibreTranslate",
    "FakeMediaLibrary",
    "FakePlex",
    "FakeTranscriptions",
    "Film",
    "HooksSuite",
    "MediaServerSuite",
    "NotifierSuite",
    "PluginSuite",
    "Recogniser",
    "RecordedRequest",
    "Sentence",
    "Subtitle",
    "TranslatorSuite",
    "check_aligned_words",
    "check_engine",
    "check_guesses",
    "check_transcript",
    "listening",
    "make_silence",
    "serve_chat",
    "serve_libretranslate",
    "serve_transcriptions",
    "serving",
]


def make_silence(folder: Path, seconds: float = 5.0) -> Audio:
    """Write a decoded track of silence.

    Args:
        folder: An existing folder. The file is ``silence.s16``.
        seconds: The length of the track.

    Returns:
        The track.
    """
    path = folder / "silence.s16"
    path.write_bytes(b"\0\0" * round(seconds * SAMPLE_RATE))
    return Audio(path)


def check_transcript(transcript: Transcript, chunk: Chunk) -> None:
    """Check a transcript as the core does.

    Args:
        transcript: The result of :meth:`~subtitled.plugin.Engine.transcribe`.
        chunk: The chunk that was transcribed.

    Raises:
        AssertionError: A word is empty, out of order or outside the chunk, or a time, confidence or
            probability is out of range.
    """
    previous_start = chunk.span.start
    for number, word in enumerate(transcript.words):
        name = f"word {number} at {word.start:.3f}-{word.end:.3f} s"
        assert word.text.strip(), f"{name} is empty"
        assert math.isfinite(word.start) and math.isfinite(word.end), f"{name} has no times"
        assert word.start <= word.end, f"{name} ends before it starts"
        assert word.start >= previous_start - 1e-6, (
            f"{name} is out of order, or before its chunk, which starts at {chunk.span.start:.3f} s"
        )
        assert word.end <= chunk.span.end + 1e-6, (
            f"{name} is outside its chunk, which ends at {chunk.span.end:.3f} s"
        )
        assert word.confidence is None or 0 <= word.confidence <= 1, f"{name}: confidence"
        previous_start = word.start
    for scores in transcript.segment_scores:
        assert math.isfinite(scores.start) and math.isfinite(scores.end), f"{scores} has no times"
        assert scores.start <= scores.end, f"{scores} ends before it starts"
        assert scores.no_speech_prob is None or 0 <= scores.no_speech_prob <= 1, (
            f"{scores}: no_speech_prob"
        )


def check_aligned_words(words: Sequence[Word], text: str, chunk: Chunk) -> None:
    """Check the words of an alignment: all those of the text, with times in order and in the chunk.

    Args:
        words: The words with their times.
        text: The text that was aligned.
        chunk: The chunk in which it is said.

    Raises:
        AssertionError: A word is missing or was not asked for, or has a wrong time.
    """
    aligned = "".join(word.text for word in words).split()
    assert aligned == text.split(), "align() must return all words of the text, and no others"
    check_transcript(Transcript(language=UNDETERMINED, words=tuple(words)), chunk)


def check_guesses(guesses: Sequence[LanguageGuess], windows: Sequence[TimeSpan]) -> None:
    """Check the languages that were identified: one guess for each window, in order.

    Args:
        guesses: The guesses.
        windows: The windows that were asked for.

    Raises:
        AssertionError: A guess is missing, or a probability is out of range.
    """
    places = [(window.start, window.end) for window in windows]
    assert [(guess.window.start, guess.window.end) for guess in guesses] == places, (
        "detect_language() must return one guess for each window, in the same order"
    )
    for guess in guesses:
        assert all(0 <= number <= 1 for number in guess.probabilities.values()), (
            "detect_language() returned a probability outside 0 to 1"
        )


ODD_HOTWORDS = (
    "W",
    "Winterfell",
    "<i>Moby Dick</i> {\\an8}",
    "x" * 300,
    "\u767d\u9be8",
    "\u0412\u043e\u0439\u043d\u0430",
    *(f"Name {number}" for number in range(500)),
)
"""Hotwords as people's files have them: too short, too long, markup, other scripts, too many."""


def check_engine(
    engine: type[Engine], settings: dict[str, Any], models: dict[str, Path] | None = None
) -> None:
    """Create and load an engine, run it on four seconds of silence and check the results.

    The engine runs in this process, and need not be installed. Silence is also aligned and its
    language detected, if the capabilities say so. :class:`EngineSuite` asks more.

    Args:
        engine: The engine class.
        settings: The keys of its section of the configuration.
        models: The folder of each model of ``engine.models``, by name.

    Raises:
        AssertionError: A result violates the plugin API.
        pydantic.ValidationError: The settings are invalid.
    """
    parsed = engine.Settings.model_validate(settings)
    capabilities = engine.capabilities(parsed)
    assert isinstance(capabilities, EngineCapabilities), "capabilities() returned something else"
    instance = engine(parsed, ComponentContext("conformance", models=models or {}))
    instance.load()
    languages = capabilities.languages or {Language("en")}
    language = Language("en") if Language("en") in languages else min(languages)
    with tempfile.TemporaryDirectory() as folder:
        audio = make_silence(Path(folder))
        span = TimeSpan(1.0, audio.duration)  # not from 0: times are those of the track
        chunk = Chunk(span, (span,))
        check_transcript(
            instance.transcribe(audio, TranscriptionRequest(chunk=chunk, language=language)), chunk
        )
        if capabilities.supports_alignment:
            check_aligned_words(instance.align(audio, chunk, "one two", language), "one two", chunk)
        if capabilities.supports_language_detection:
            window = SpeechWindow(span.start, span.end, (span,))
            check_guesses(instance.detect_language(audio, [window]), [window])


class PluginSuite:
    """The base class of all suites.

    Each question to a component of its kind is one test.
    """

    kind: ClassVar[str]
    """The section of the configuration, such as ``engines``."""
    plugin: ClassVar[str]
    """The plugin's name, or ``PLUGIN:NAME`` for a component that was registered under a name."""
    settings: ClassVar[dict[str, Any]] = {}
    """The keys of its section."""
    speech: ClassVar[dict[str, str]] = {}
    """For engines: language -> file with a recording of that language."""
    models: ClassVar[Path | None] = None
    """For engines: the folder of models. None is that of subtitled itself."""

    def test_plugin(self, subtitled_kit: Any, subtitled_question: str) -> None:
        """Ask one question.

        Args:
            subtitled_kit: The loaded plugin, a fixture of the pytest plugin.
            subtitled_question: The question, one of those to this kind.
        """
        subtitled_kit.ask(subtitled_question)


class EngineSuite(PluginSuite):
    """Tests of an engine: models, silence, odd chunks, hotwords, calls at the same time."""

    kind = "engines"


class TranslatorSuite(PluginSuite):
    """Tests of a translator: ids of lines, a full batch, instructions."""

    kind = "translators"


class MediaServerSuite(PluginSuite):
    """Tests of a media server, against a server or a fake that the test starts."""

    kind = "servers"


class NotifierSuite(PluginSuite):
    """Tests of a notifier: every event, one by one and together."""

    kind = "notifiers"


class EndpointSuite(PluginSuite):
    """Tests of an endpoint: every method, odd paths and bodies, one complete answer to each."""

    kind = "endpoints"


class HooksSuite(PluginSuite):
    """Tests of the event hooks of a plugin: each is called with every event of its type."""

    kind = "hooks"
