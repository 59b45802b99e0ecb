"""Translators turn text into text. Times never pass through them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .component import Component
from .engine import LOCAL, Price
from .language import Language


@dataclass(frozen=True, slots=True)
class TranslatorCapabilities:
    """What a translator can do with given settings."""

    pairs: frozenset[tuple[Language, Language]] | None = None
    """Pairs of source and target; None for any."""
    batch: int = 40
    """The most lines that one call takes."""
    destination: str = LOCAL
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One text to be translated. ``id`` says which, and comes back with its translation."""

    id: int
    text: str


class Translator(Component, ABC):
    """Turns lines of one language into another's, in the daemon's process, with a time limit."""

    @classmethod
    @abstractmethod
    def capabilities(cls, settings: Any) -> TranslatorCapabilities:
        """What it can do with these settings, known before any work is queued."""

    @abstractmethod
    def translate(
        self, lines: Sequence[Line], source: Language, target: Language
    ) -> Sequence[Line]:
        """The same ids with their text in ``target``. The core refuses missing and foreign ids."""
