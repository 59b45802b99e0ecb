"""Who can make what: which engine or translator leads from a spoken language to a wanted one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from subtitled.config.library_settings import RouteSettings, is_destination_allowed
from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.costs.budgets import effective_price, price_of
from subtitled.plugin import LOCAL, EngineCapabilities, Language, TranslatorCapabilities

from .defaults import Candidate, ranked_engines


class RouteKind(StrEnum):
    """How a text comes about."""

    TRANSCRIBE = "transcribe"
    """Write down what is said."""
    TRANSLATE_SPEECH = "translate speech"
    """An engine translates straight from the audio."""
    TRANSLATE_TEXT = "translate text"
    """Write down what is said, then translate the text."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way from speech to a text: an engine, and a translator where one is needed."""

    kind: RouteKind
    engine: str
    translator: str = ""

    def __str__(self) -> str:
        if self.kind is RouteKind.TRANSCRIBE:
            return f"transcribed by {self.engine}"
        if self.kind is RouteKind.TRANSLATE_SPEECH:
            return f"translated from the audio by {self.engine}"
        return f"transcribed by {self.engine}, translated by {self.translator}"


NamedCapabilities = tuple[str, EngineCapabilities]
"""An engine's name, and what it can do."""


@dataclass(frozen=True, slots=True)
class EngineOrder:
    """Engines for one medium, first choice first, and why these."""

    engines: tuple[NamedCapabilities, ...]
    reason: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.engines)


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """The engines and translators that one library may use, in its order of preference."""

    engines: tuple[NamedCapabilities, ...]
    translators: tuple[tuple[str, TranslatorCapabilities], ...]
    rules: tuple[RouteSettings, ...] = ()
    """Its own rules."""
    default_rules: tuple[RouteSettings, ...] = ()
    """Those that come with subtitled, where the library leaves the choice to us."""
    fallback_engines: tuple[NamedCapabilities, ...] = ()
    """Other engines that are configured: those that only rules name, and those of this machine,
    which may detect languages and align texts."""
    media_seconds: float | None = None
    """The length of the medium that they are for, if it is known."""
    generators: tuple[tuple[str, TranslatorCapabilities], ...] = ()
    """The translators that may write summaries."""

    def engine_order(self, spoken: Language) -> EngineOrder:
        """The engines for what is spoken in a language.

        The first rule that fits counts, and no other: engines that it leaves out do not come
        after all. Without one it is the library's order. Engines that do not know the language
        are left out in any case.
        """
        capabilities = self.capabilities_by_engine
        for number, rule in enumerate((*self.rules, *self.default_rules)):
            if not rule_applies(rule, spoken, self.media_seconds):
                continue
            own = number < len(self.rules)
            reason = (
                f"rule {number + 1} of the library" if own else f"leads in {spoken.english_name}"
            )
            names = rule.engines or tuple(name for name, _ in self.engines)
            configured = [(name, capabilities[name]) for name in names if name in capabilities]
            taken = tuple(one for one in configured if is_allowed(rule, one[1]))
            return EngineOrder(
                tuple(one for one in taken if can_transcribe(one[1], spoken)), reason
            )
        configured = [one for one in self.engines if can_transcribe(one[1], spoken)]
        return EngineOrder(tuple(configured), "the library's order")

    def best_route(self, spoken: Language, wanted: Language) -> Route | None:
        """The first way that works; a text translator before one that works from the audio."""
        listeners = self.engine_order(spoken).engines
        if not listeners:
            return None
        first = listeners[0][0]
        if spoken.satisfies(wanted):
            return Route(RouteKind.TRANSCRIBE, first)
        if chain := self.translators_for(spoken, wanted):
            return Route(RouteKind.TRANSLATE_TEXT, first, chain[0])
        for name, capabilities in listeners:
            if can_translate_speech_to(capabilities, wanted):
                return Route(RouteKind.TRANSLATE_SPEECH, name)
        return None

    def fallback_chain(
        self, engine: str, spoken: Language, translate_to: Language | None
    ) -> tuple[str, ...]:
        """The engine, then those that may do instead what it cannot: each for a stretch alone."""
        candidates = [
            name
            for name, capabilities in self.engine_order(spoken).engines
            if name != engine
            and (translate_to is None or can_translate_speech_to(capabilities, translate_to))
        ]
        return (engine, *candidates)

    def translators_for(self, spoken: Language, wanted: Language) -> tuple[str, ...]:
        """Who knows a pair, first choice first: what one cannot translate, the next is asked."""
        return tuple(
            name
            for name, capabilities in self.translators
            if can_translate_pair(capabilities, spoken, wanted)
        )

    def describe_route(self, spoken: Language, wanted: Language) -> str | None:
        """:meth:`best_route` as a sentence, for the policy."""
        route = self.best_route(spoken, wanted)
        return str(route) if route else None

    def excluding(self, engine: str) -> RoutingTable:
        """The same, if that engine were not there."""
        return replace(
            self,
            engines=tuple(one for one in self.engines if one[0] != engine),
            fallback_engines=tuple(one for one in self.fallback_engines if one[0] != engine),
        )

    @property
    def capabilities_by_engine(self) -> dict[str, EngineCapabilities]:
        """What each engine can do, those of rules and helpers too."""
        return dict(self.engines) | dict(self.fallback_engines)

    @property
    def transcribing_engines(self) -> tuple[str, ...]:
        """Every engine that may transcribe: the library's, and those that rules name."""
        ruled = {name for rule in self.rules for name in rule.engines}
        return tuple(
            name
            for number, (name, _) in enumerate((*self.engines, *self.fallback_engines))
            if number < len(self.engines) or name in ruled
        )

    @property
    def language_detector(self) -> str | None:
        """The first engine that can tell which language is spoken: one of this machine if there
        is any, so that choosing an engine costs nothing and sends nothing away."""
        local = [
            one for one in (*self.engines, *self.fallback_engines) if one[1].destination == LOCAL
        ]
        candidates = (
            name
            for name, capabilities in (*local, *self.engines)
            if capabilities.supports_language_detection
        )
        return next(candidates, None)

    @property
    def aligner(self) -> str | None:
        """The first engine of this machine that finds where the words of a text are said."""
        candidates = (*self.engines, *self.fallback_engines)
        return next(
            (
                n
                for n, capabilities in candidates
                if capabilities.supports_alignment and capabilities.destination == LOCAL
            ),
            None,
        )


def rule_applies(rule: RouteSettings, spoken: Language, seconds: float | None) -> bool:
    """Whether a rule is for this language and this length; what is not known fits no condition."""
    if rule.languages and not any(
        _covers_language(language, spoken) for language in rule.languages
    ):
        return False
    if rule.min_duration is not None and (seconds is None or seconds < rule.min_duration):
        return False
    return rule.max_duration is None or (seconds is not None and seconds < rule.max_duration)


def _covers_language(ruled: Language, spoken: Language) -> bool:
    """A rule for Chinese is for each Chinese that is spoken; one for pt-BR is for that alone."""
    return spoken.is_known and (ruled in (spoken, spoken.primary))


def is_allowed(rule: RouteSettings, capabilities: EngineCapabilities) -> bool:
    """Whether an engine is cheap enough for a rule, and sends nothing where it may not go."""
    if rule.destinations is not None and capabilities.destination not in rule.destinations:
        return False
    if rule.max_price_per_hour is None:
        return True
    price = price_of("audio", 3600.0, capabilities.price)
    return capabilities.destination == LOCAL if price is None else price <= rule.max_price_per_hour


def can_translate_speech_to(capabilities: EngineCapabilities, wanted: Language) -> bool:
    """Whether an engine translates straight from the audio into a language."""
    return any(target.satisfies(wanted) for target in capabilities.translates_to)


def can_transcribe(capabilities: EngineCapabilities, spoken: Language) -> bool:
    """Whether an engine understands a language; any of them if it is not known which."""
    return (
        capabilities.languages is None
        or not spoken.is_known
        or any(language.primary == spoken.primary for language in capabilities.languages)
    )


def can_translate_pair(
    capabilities: TranslatorCapabilities, source: Language, target: Language
) -> bool:
    """Whether a translator knows the pair."""
    return capabilities.language_pairs is None or any(
        source.satisfies(known) and made.satisfies(target)
        for known, made in capabilities.language_pairs
    )


def routing_for(
    configuration: Configuration, library: LibrarySettings, seconds: float | None = None
) -> RoutingTable:
    """What a library may use of what is configured and could be loaded, for a medium so long.

    What would send things where the library does not allow it is no choice at all.
    """
    names = library.engines or tuple(configuration.engines)
    translators = library.translators or tuple(configuration.translators)
    writers = library.summaries.translators or translators
    prices = configuration.settings.prices
    capabilities = {
        name: replace(can, price=effective_price(name, can.price, prices))
        for name, configured in configuration.engines.items()
        if (can := configured.component_class.capabilities(configured.settings))
        and is_destination_allowed(library.allowed_destinations, can.destination)
    }
    ruled = [name for rule in library.routes for name in rule.engines]
    used = [name for name in dict.fromkeys((*names, *ruled)) if name in capabilities]
    engines = tuple((name, capabilities[name]) for name in names if name in capabilities)
    return RoutingTable(
        engines,
        _allowed_translators(configuration, library, translators),
        library.routes,
        () if library.engines else default_rules(configuration),
        tuple(
            (name, can)
            for name, can in capabilities.items()
            if (name, can) not in engines and (name in used or can.destination == LOCAL)
        ),
        seconds,
        tuple(
            one
            for one in _allowed_translators(configuration, library, writers)
            if one[1].supports_instructions
        ),
    )


def _allowed_translators(
    configuration: Configuration, library: LibrarySettings, names: Sequence[str]
) -> tuple[tuple[str, TranslatorCapabilities], ...]:
    return tuple(
        (name, capabilities)
        for name in names
        if (translator := configuration.translators.get(name))
        and (capabilities := translator.component_class.capabilities(translator.settings))
        and is_destination_allowed(library.allowed_destinations, capabilities.destination)
    )


def default_rules(configuration: Configuration) -> tuple[RouteSettings, ...]:
    """:mod:`.defaults`, for the engines that are configured."""
    candidates = [
        Candidate(name, configured.plugin, str(getattr(configured.settings, "model", "")))
        for name, configured in configuration.engines.items()
    ]
    return tuple(
        RouteSettings(languages=tuple(Language(tag) for tag in sorted(languages)), engines=engines)
        for languages, engines in ranked_engines(candidates)
    )
