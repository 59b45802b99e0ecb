"""Translators: text of one language into another. Times never pass through them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from .component import Component, S
from .engine import LOCAL, Price
from .languages import Language
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


class Translator(Component[S], ABC):
    """A translator of lines. It runs in the daemon's process. A call may take 5 minutes."""

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
