"""Who can make what: which engine or translator leads from a spoken language to a wanted one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.config.spending import allows
from subtitled.plugin import Capabilities, Language, TranslatorCapabilities


class Means(StrEnum):
    """How a text comes about."""

    TRANSCRIBE = "transcribe"
    """Write down what is said."""
    SPEECH = "translate speech"
    """An engine translates straight from the audio."""
    TEXT = "translate text"
    """Write down what is said, then translate the text."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way from speech to a text: an engine, and a translator where one is needed."""

    means: Means
    engine: str
    translator: str = ""

    def __str__(self) -> str:
        if self.means is Means.TRANSCRIBE:
            return f"transcribed by {self.engine}"
        if self.means is Means.SPEECH:
            return f"translated from the audio by {self.engine}"
        return f"transcribed by {self.engine}, translated by {self.translator}"


@dataclass(frozen=True, slots=True)
class Routes:
    """The engines and translators that one library may use, in its order of preference."""

    engines: tuple[tuple[str, Capabilities], ...]
    translators: tuple[tuple[str, TranslatorCapabilities], ...]

    def find(self, spoken: Language, wanted: Language) -> Way | None:
        """The first way that works; a text translator before one that works from the audio."""
        listeners = [(name, able) for name, able in self.engines if recognises(able, spoken)]
        if not listeners:
            return None
        first = listeners[0][0]
        if spoken.serves(wanted):
            return Way(Means.TRANSCRIBE, first)
        if chain := self.translators_for(spoken, wanted):
            return Way(Means.TEXT, first, chain[0])
        for name, able in listeners:
            if any(target.serves(wanted) for target in able.translates_to):
                return Way(Means.SPEECH, name)
        return None

    def translators_for(self, spoken: Language, wanted: Language) -> tuple[str, ...]:
        """Who knows a pair, first choice first: what one cannot translate, the next is asked."""
        return tuple(name for name, able in self.translators if translates(able, spoken, wanted))

    def can_make(self, spoken: Language, wanted: Language) -> str | None:
        """:meth:`find` as a sentence, for the policy."""
        way = self.find(spoken, wanted)
        return str(way) if way else None

    @property
    def detector(self) -> str | None:
        """The first engine that can tell which language is spoken."""
        return next((name for name, able in self.engines if able.detects_language), None)


def recognises(able: Capabilities, spoken: Language) -> bool:
    """Whether an engine understands a language; any of them if it is not known which."""
    return (
        able.languages is None
        or not spoken.is_known
        or any(language.primary == spoken.primary for language in able.languages)
    )


def translates(able: TranslatorCapabilities, source: Language, target: Language) -> bool:
    """Whether a translator knows the pair."""
    return able.pairs is None or any(
        source.serves(known) and made.serves(target) for known, made in able.pairs
    )


def routes_for(configuration: Configuration, library: LibrarySettings) -> Routes:
    """What a library may use of what is configured and could be loaded.

    What would send things where the library does not allow it is no choice at all.
    """
    engines = library.engines or tuple(configuration.engines)
    translators = library.translators or tuple(configuration.translators)
    return Routes(
        tuple(
            (name, able)
            for name in engines
            if (configured := configuration.engines.get(name))
            and (able := configured.component.capabilities(configured.settings))
            and allows(library.privacy, able.destination)
        ),
        tuple(
            (name, ability)
            for name in translators
            if (known := configuration.translators.get(name))
            and (ability := known.component.capabilities(known.settings))
            and allows(library.privacy, ability.destination)
        ),
    )
