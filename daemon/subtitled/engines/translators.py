"""Translators as the pipeline calls them: in the daemon, or in a process of their own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

from subtitled.config.plugin_calls import call_with_timeout
from subtitled.config.plugins import ConfiguredComponent
from subtitled.models.store import ModelStore
from subtitled.plugin import Batch, Generation, Translation, Translator

from . import protocol
from .limits import MIN_TIMEOUT_SECONDS
from .process_client import ProcessClient

T = TypeVar("T")

CALL_TIMEOUT_SECONDS = MIN_TIMEOUT_SECONDS
"""Seconds that one call of a translator may take, and as many that loading it may take."""


class OpenTranslator(Protocol):
    """A translator that can be called, wherever it runs."""

    def translate(self, batch: Batch) -> Translation:
        """Translate the lines of a batch. ``batch.models`` is filled in."""

    def generate(self, instruction: str, text: str) -> Generation:
        """Apply an instruction to a text."""


class TranslatorClient(ProcessClient[Translator]):
    """A translator with a process of its own, if it has one now. Its calls wait for each other."""

    role: ClassVar[str] = "translator"

    def translate(self, batch: Batch) -> Translation:
        """Translate the lines of a batch. The models of its pair of languages are fetched first.

        Raises:
            SubtitledError: The translator failed or crashed, or a model could not be fetched.
            ShutdownRequested: The client was closed meanwhile.
        """
        models = self._fetch_models(self.configured.models_for_pair(batch.source, batch.target))
        answer = self._call(
            "translate",
            CALL_TIMEOUT_SECONDS,
            batch=protocol.BATCH.dump_python(replace(batch, models={}), mode="json"),
            models=models,
        )
        return protocol.validate_result(protocol.TRANSLATION, answer, self.title)

    def generate(self, instruction: str, text: str) -> Generation:
        """Apply an instruction to a text.

        Raises:
            SubtitledError: The translator failed or crashed.
            ShutdownRequested: The client was closed meanwhile.
        """
        answer = self._call("generate", CALL_TIMEOUT_SECONDS, instruction=instruction, text=text)
        return protocol.validate_result(protocol.GENERATION, answer, self.title)


class InProcessTranslator:
    """A translator in this process, which is created and loaded when it is first called."""

    def __init__(
        self, configured: ConfiguredComponent[Translator], store: ModelStore, threads: int
    ) -> None:
        self._configured = configured
        self._store = store.of_plugin(configured.plugin)
        self._threads = threads

    @functools.cached_property
    def _translator(self) -> Translator:
        models = {spec.name: self._store.ensure(spec) for spec in self._configured.models()}
        translator = self._configured.create(self._threads, models)
        self._call(translator.load, has_text=False)
        return translator

    def translate(self, batch: Batch) -> Translation:
        """Translate the lines of a batch. The models of its pair of languages are fetched first.

        Raises:
            SubtitledError: The translator failed, or a model could not be fetched.
        """
        specs = self._configured.models_for_pair(batch.source, batch.target)
        models: dict[str, Path] = {spec.name: self._store.ensure(spec) for spec in specs}
        whole = replace(batch, models=models)
        translator = self._translator
        return self._call(lambda: translator.translate(whole))

    def generate(self, instruction: str, text: str) -> Generation:
        """Apply an instruction to a text.

        Raises:
            SubtitledError: The translator failed.
        """
        translator = self._translator
        return self._call(lambda: translator.generate(instruction, text))

    def _call(self, call: Callable[[], T], *, has_text: bool = True) -> T:
        name = self._configured.name
        return call_with_timeout(name, call, CALL_TIMEOUT_SECONDS, has_text=has_text)
