"""A component under test, with what the core would give it."""

from __future__ import annotations

import dataclasses
import functools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from subtitled.config.plugin_calls import call_with_timeout
from subtitled.config.plugins import ConfiguredComponent
from subtitled.engines.client import EngineClient
from subtitled.engines.process_client import ProcessClient
from subtitled.engines.translators import InProcessTranslator, OpenTranslator, TranslatorClient
from subtitled.models.store import ModelStore
from subtitled.plugin import Audio, Language, ModelSpec, TimeSpan
from subtitled.plugin.types import SAMPLE_RATE

from .sounds import make_voice

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
    sends: bool = True
    """Whether an endpoint gets requests that may change something."""

    @functools.cached_property
    def client(self) -> EngineClient:
        """The client of an engine. Its process starts with the first call."""
        return EngineClient(self.configured, ModelStore(self.models), threads=2, unload_after=600.0)

    @functools.cached_property
    def translator(self) -> OpenTranslator:
        """A translator as the core runs it: in this process, or isolated in its own."""
        store = ModelStore(self.models)
        if self.configured.is_isolated:
            return TranslatorClient(self.configured, store, threads=2, unload_after=600.0)
        return InProcessTranslator(self.configured, store, threads=2)

    @functools.cached_property
    def component(self) -> Any:
        """A component that runs in this process."""
        return self.configured.create()

    @functools.cached_property
    def audio(self) -> Audio:
        """A track with silence at :data:`SILENCE` and a noise like a voice at :data:`SPEECH`."""
        target = self.folder / "track.s16"
        samples = make_voice(TRACK_SECONDS)
        times = np.arange(samples.size) / SAMPLE_RATE
        samples[(times < SPEECH.start) | (times >= SPEECH.end)] = 0
        target.write_bytes(samples.tobytes())
        return Audio(target)

    def language(self) -> Language:
        """Return a language that the engine recognises, English if it does."""
        languages = self.configured.capabilities().languages
        english = Language("en")
        return english if languages is None or english in languages else min(languages)

    def pair(self) -> tuple[Language, Language]:
        """Return a pair of languages that the translator supports, English into French if it does.

        Raises:
            NotApplicableError: It supports none with its settings.
        """
        pairs: frozenset[tuple[Language, Language]] | None
        pairs = self.configured.capabilities().language_pairs
        usual = Language("en"), Language("fr")
        if pairs is None or usual in pairs:
            return usual
        if not pairs:
            raise NotApplicableError("it supports no pair of languages with these settings")
        return min(pairs)

    def needed_models(self, kind: str) -> tuple[ModelSpec, ...]:
        """Return the models that the questions to a component of this kind need."""
        models = self.configured.models()
        if kind == "engines":
            models += self.configured.models_for_language(self.language())
        if kind == "translators" and self.configured.capabilities().language_pairs != frozenset():
            models += self.configured.models_for_pair(*self.pair())
        return models

    def call(self, method: str, *arguments: Any, has_text: bool = False) -> Any:
        """Call a method of a component in this process as the daemon does."""
        function = functools.partial(getattr(self.component, method), *arguments)
        return call_with_timeout(self.configured.plugin, function, CALL_SECONDS, has_text=has_text)

    @contextmanager
    def at_closed_port(self) -> Iterator[Subject]:
        """Give the same component with a ``url`` at which nothing answers, for a while.

        Raises:
            NotApplicableError: It has no such setting.
        """
        settings = self.configured.settings
        if not isinstance(getattr(settings, "url", None), str):
            raise NotApplicableError("it has no setting url")
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # bound and without listen(): nobody else can take it
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
            moved = type(settings).model_validate(settings.model_dump(mode="json") | {"url": url})
            configured = dataclasses.replace(self.configured, settings=moved)
            yield dataclasses.replace(self, configured=configured)

    def close(self) -> None:
        """End the process of an engine or translator."""
        for client in (self.__dict__.get("client"), self.__dict__.get("translator")):
            if isinstance(client, ProcessClient):
                client.close()
