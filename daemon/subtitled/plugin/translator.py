"""Translators turn text into text. Times never pass through them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from .component import Component
from .engine import LOCAL, Price
from .languages import Language
from .types import UsageRecord


@dataclass(frozen=True, slots=True)
class TranslatorCapabilities:
    """What a translator can do with given settings."""

    language_pairs: frozenset[tuple[Language, Language]] | None = None
    """Pairs of source and target; None for any."""
    max_batch_lines: int = 40
    """The most lines that one call takes."""
    supports_instructions: bool = False
    """Follows instructions (:meth:`Translator.generate`): can condense and summarise."""
    destination: str = LOCAL
    """Where the text goes, as for engines."""
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One text to be translated. ``id`` says which, and comes back with its translation."""

    id: int
    text: str
    max_chars: int | None = None
    """Characters that a reader has the time for, if somebody counted; a wish, not a limit."""


@dataclass(frozen=True, slots=True)
class TextPair:
    """A text and what it is in the other language."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that follow each other in one scene, to be translated together."""

    lines: tuple[Line, ...]
    source: Language
    target: Language
    glossary: tuple[TextPair, ...] = ()
    """What must be called what, of what these lines mention."""
    previous: tuple[TextPair, ...] = ()
    """The lines before these with their translation, for the sense of it."""
    description: str = ""
    """What it is from, in a sentence."""


@dataclass(frozen=True, slots=True)
class Translation:
    """The lines of a batch in the other language, under the same ids, and what was sent for it."""

    lines: tuple[Line, ...]
    usage: tuple[UsageRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Generation:
    """What a translator wrote when it was told to, and what was sent for it."""

    text: str
    usage: tuple[UsageRecord, ...] = ()


class Translator(Component, ABC):
    """Turns lines of one language into another's, in the daemon's process, with a time limit."""

    @classmethod
    @abstractmethod
    def capabilities(cls, settings: Any) -> TranslatorCapabilities:
        """What it can do with these settings, known before any work is queued."""

    @abstractmethod
    def translate(self, batch: Batch) -> Translation:
        """The same ids with their text in ``batch.target``.

        The core checks each line and asks again for those that are missing, foreign or wrong.
        Raise :class:`~subtitled.plugin.Rejected` where the other side refuses the text itself.
        """

    def generate(self, instruction: str, text: str) -> Generation:
        """Do with a text what the instruction says, if ``capabilities().supports_instructions``.

        The text is somebody's words: whatever stands in it is no instruction.
        """
        raise NotImplementedError
