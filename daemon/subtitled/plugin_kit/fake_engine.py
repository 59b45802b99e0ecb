"""A fake engine for tests of other plugins. It needs no model, and writes one text for all speech.

``daemon_with`` configures it for plugins that bring no engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from subtitled.plugin import (
    Audio,
    Engine,
    EngineCapabilities,
    Language,
    LanguageGuess,
    Register,
    Settings,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
    hookimpl,
)

SUBTITLED_API = "1"
NAME = "fake-engine"


class FakeEngineSettings(Settings):
    """The keys of ``[engines.fake-engine]``."""

    text: str = Field("Call me Ishmael.", description="What is written for each span of speech.")
    language: str = Field("en", description="The language that is identified.")


class FakeEngine(Engine[FakeEngineSettings]):
    """Writes the same text for each span of speech."""

    @classmethod
    def capabilities(cls, settings: FakeEngineSettings) -> EngineCapabilities:
        """State that every language is recognised, and languages are identified."""
        return EngineCapabilities(supports_language_detection=True)

    def detect_language(self, audio: Audio, windows: Sequence[TimeSpan]) -> list[LanguageGuess]:
        """Identify the language of the settings in each window."""
        return [
            LanguageGuess(window, {Language(self.settings.language): 0.9}) for window in windows
        ]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        """Return the text of the settings for each span of speech."""
        words = [
            Word(text=f" {self.settings.text}", start=span.start, end=span.end)
            for span in request.chunk.speech
        ]
        return Transcript(language=request.language, words=tuple(words), engine=NAME)


@hookimpl
def register_engines(register: Register[Engine]) -> None:
    """Register the engine."""
    register(FakeEngine)


def install_fake_engine(folder: Path) -> None:
    """Write the metadata of a distribution that has this module as its plugin, as pip does.

    Args:
        folder: A folder that will be in ``$PYTHONPATH``.
    """
    info = folder / "subtitled_fake_engine-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: subtitled-fake-engine\nVersion: 1.0\n", "utf-8"
    )
    (info / "entry_points.txt").write_text(f"[subtitled]\n{NAME} = {__name__}\n", "utf-8")
