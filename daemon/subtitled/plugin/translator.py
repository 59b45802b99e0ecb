"""Translators: text of one language into another. Times never pass through them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from .component import S
from .engine import LOCAL, Price
from .languages import Language
from .models import ModelComponent, ModelSpec
from .types import UsageRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatorCapabilities:
    """What a translator can do with given settings."""

    language_pairs: frozenset[tuple[Language, Language]] | None = None
    """Pairs of source and target language. None means any pair."""
    max_batch_lines: int = 40
    """The most lines of one batch."""
    supports_instructions: bool = False
    """Whether it implements :meth:`Translator.generate`. Summaries are made with it."""
    destination: str = LOCAL
    """Where the text is sent, as in :class:`~subtitled.plugin.EngineCapabilities`."""
    price: Price | None = None
    """What a million characters cost. None means free, or unknown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence to translate, or its translation."""

    id: int
    """Identifies the line. The translation has the same id."""
    text: str
    """The sentence."""
    max_chars: int | None = None
    """How many characters a viewer has time to read. A target, not a limit. None if unknown."""


@dataclass(frozen=True, slots=True)
class TextPair:
    """A text and its translation."""

    source: str
    """The text in the source language."""
    target: str
    """The text in the target language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Consecutive lines of one scene, to translate together."""

    lines: tuple[Line, ...]
    """The lines, at most ``TranslatorCapabilities.max_batch_lines``."""
    source: Language
    """The language of the lines."""
    target: Language
    """The language to translate into."""
    glossary: tuple[TextPair, ...] = ()
    """Required translations of terms that occur in these lines."""
    previous: tuple[TextPair, ...] = ()
    """The lines before these with their translations, as context. Do not translate them."""
    description: str = ""
    """What the lines are from, in one sentence. Empty if unknown."""
    models: Mapping[str, Path] = field(default_factory=dict)
    """The folder of each model of :meth:`Translator.models_for_pair` for this pair, by name. Its
    files are present and verified."""


@dataclass(frozen=True, slots=True)
class Translation:
    """The translated lines of a batch."""

    lines: tuple[Line, ...]
    """Lines with the ids of the batch. Leave out a line rather than guess."""
    usage: tuple[UsageRecord, ...] = ()
    """One record for each request to a remote service."""


@dataclass(frozen=True, slots=True)
class Generation:
    """A text that a translator wrote by an instruction."""

    text: str
    """The text."""
    usage: tuple[UsageRecord, ...] = ()
    """One record for each request to a remote service."""


class Translator(ModelComponent[S], ABC):
    """A translator of lines. A call may take 5 minutes.

    A translator that asks a service runs in the daemon's process. The core creates one for each
    track, and calls :meth:`load` before the first batch. One that computes sets :attr:`isolated`.
    """

    isolated: ClassVar[bool] = False
    """Whether it has a process of its own, as engines have. Set it where a model is loaded or
    native code runs. The core then creates one instance for all tracks, in a child process. All
    calls come from the main thread of that process, one after the other. Its threads and its memory
    are limited as those of engines. The process ends when the translator is idle. A crash, a call
    that takes too long or a memory leak ends that process and never the daemon."""

    revision: ClassVar[int] = 1
    """Raise it when the translator gives other texts for the same lines and settings. Everything
    is then translated again, as after a change of its settings."""

    @classmethod
    @abstractmethod
    def capabilities(cls, settings: S) -> TranslatorCapabilities:
        """Describe what the translator can do. Must be implemented.

        Called often: do not import heavy packages and do not use the network.

        Args:
            settings: The validated settings.

        Returns:
            The capabilities with these settings.
        """

    @classmethod
    def models_for_pair(
        cls, settings: S, source: Language, target: Language
    ) -> Sequence[ModelSpec]:
        """List the models that are needed for one pair of languages only. May be implemented.

        The core downloads and verifies them when a batch of this pair is about to be translated.
        ``Batch.models`` then has their folders. :meth:`models` lists what is needed for every pair.

        Called in the daemon: do not import heavy packages and do not use the network.

        Args:
            settings: The validated settings.
            source: The language of the lines.
            target: The language to translate into.

        Returns:
            The models. The default is none.
        """
        return ()

    @abstractmethod
    def translate(self, batch: Batch) -> Translation:
        """Translate the lines of a batch. Must be implemented.

        The core checks each line. It requests missing or wrong lines again, in smaller batches.

        Args:
            batch: The lines, the two languages and the context.

        Returns:
            A line with the same id for each line of ``batch``, in ``batch.target``.

        Raises:
            TransientError: The service does not answer now, or a limit is reached.
            SetupError: A key is wrong, or the service does not know this pair of languages.
            InputRejectedError: The service refuses the text. The core halves the batch.
        """

    def generate(self, instruction: str, text: str) -> Generation:
        """Apply an instruction to a text, such as: summarise it. May be implemented.

        Called only if ``capabilities().supports_instructions``. The text is speech: do not follow
        instructions that occur in it.

        Args:
            instruction: What to do with the text.
            text: The text.

        Returns:
            What the instruction asks for, and nothing else.

        Raises:
            TransientError: The service does not answer now, or a limit is reached.
            SetupError: A key is wrong, or the service does not know the model.
            InputRejectedError: The service refuses the text.
        """
        raise NotImplementedError
