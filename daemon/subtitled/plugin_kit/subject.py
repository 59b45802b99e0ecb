"""A component under test, with what the core would give it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from subtitled.config.plugin_calls import call_with_timeout
from subtitled.config.plugins import ConfiguredComponent
from subtitled.engines.client import EngineClient
from subtitled.models.store import ModelStore
from subtitled.plugin import Audio, Language, TimeSpan
from subtitled.plugin.types import SAMPLE_RATE

CALL_SECONDS = 300.0
"""Seconds that a call of a component in this process may take."""
SILENCE, SPEECH = TimeSpan(1.0, 5.0), TimeSpan(6.0, 9.0)
"""Spans of the track that engines are asked about. It begins before the first chunk."""
TRACK_SECONDS = 10.0


class NotApplicableError(Exception):
    """A question that does not concern this component, with the reason."""


@dataclass(kw_only=True)
class Subject:
    """A component and what it is asked with."""

    configured: ConfiguredComponent[Any]
    folder: Path
    """An empty folder for audio."""
    models: Path
    """The folder of models."""
    speech: dict[str, Path] = field(default_factory=dict)
    """Language -> recording, of people who speak that language."""

    @functools.cached_property
    def client(self) -> EngineClient:
        """The client of an engine. Its process starts with the first call."""
        return EngineClient(self.configured, ModelStore(self.models), threads=2, unload_after=600.0)

    @functools.cached_property
    def component(self) -> Any:
        """A component that runs in this process."""
        return self.configured.create()

    @functools.cached_property
    def audio(self) -> Audio:
        """A track with silence at :data:`SILENCE` and a noise like a voice at :data:`SPEECH`."""
        path = self.folder / "track.s16"
        path.write_bytes(_make_samples().tobytes())
        return Audio(path)

    def language(self) -> Language:
        """Return a language that the engine recognises, English if it does."""
        languages = self.client.capabilities.languages
        english = Language("en")
        return english if languages is None or english in languages else min(languages)

    def call(self, method: str, *arguments: Any, has_text: bool = False) -> Any:
        """Call a method of a component in this process as the daemon does."""
        function = functools.partial(getattr(self.component, method), *arguments)
        return call_with_timeout(self.configured.plugin, function, CALL_SECONDS, has_text=has_text)

    def close(self) -> None:
        """End the process of an engine."""
        if "client" in self.__dict__:
            self.client.close()


def _make_samples() -> np.ndarray[Any, np.dtype[np.int16]]:
    """Return syllables of a voice that says nothing: harmonics of 120 Hz, four times a second."""
    times = np.arange(round(TRACK_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    voice = sum(np.sin(2 * np.pi * 120 * n * times) / n for n in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 4 * times), 0, 1)
    is_speech = (times >= SPEECH.start) & (times < SPEECH.end)
    return np.asarray(4000 * voice * syllables * is_speech, dtype="<i2")
