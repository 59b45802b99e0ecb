"""The routing table: which engine or translator is used for which pair of languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from subtitled.config.egress_settings import is_destination_allowed
from subtitled.config.library_settings import RouteSettings
from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.costs.budgets import effective_price, price_of
from subtitled.plugin import LOCAL, EngineCapabilities, Language, TranslatorCapabilities

from .defaults import Candidate, ranked_engines


class RouteKind(StrEnum):
    """How a text is made."""

    TRANSCRIBE = "transcribe"
    """Transcribe the speech."""
    TRANSLATE_SPEECH = "translate-speech"
    """An engine translates the speech directly."""
    TRANSLATE_TEXT = "translate-text"
    """Transcribe the speech, then translate the text."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way from speech to text: an engine, and a translator if one is needed."""

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
"""An engine's name and capabilities."""


@dataclass(frozen=True, slots=True)
class EngineOrder:
    """The engines for one media file, best first, and the reason for the order."""

    engines: tuple[NamedCapabilities, ...]
    reason: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the engines, best first."""
        return tuple(name for name, _ in self.engines)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingTable:
    """The engines and translators that a library may use, in its order of preference."""

    engines: tuple[NamedCapabilities, ...]
    translators: tuple[tuple[str, TranslatorCapabilities], ...]
    rules: tuple[RouteSettings, ...] = ()
    """The rules of the library."""
    default_rules: tuple[RouteSettings, ...] = ()
    """The default rules, if the library leaves the choice to us."""
    fallback_engines: tuple[NamedCapabilities, ...] = ()
    """Other configured engines: those that only rules name, and local ones, which may detect
    languages and align words."""
    media_seconds: float | None = None
    """The duration of the media file, if known."""
    generators: tuple[tuple[str, TranslatorCapabilities], ...] = ()
    """The translators that may write summaries."""

    def engine_order(self, spoken: Language) -> EngineOrder:
        """Return the engines for a spoken language.

        Only the first rule that applies counts: engines that it leaves out are not added
        afterwards. Without a rule, the library's order counts. Engines that do not support the
        language are always left out.
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
            allowed = tuple(item for item in configured if is_allowed(rule, item[1]))
            return EngineOrder(
                tuple(item for item in allowed if can_transcribe(item[1], spoken)), reason
            )
        configured = [item for item in self.engines if can_transcribe(item[1], spoken)]
        return EngineOrder(tuple(configured), "the library's order")

    def best_route(self, spoken: Language, wanted: Language) -> Route | None:
        """Return the first route that works.

        Translating text is preferred to translating speech.
        """
        engines = self.engine_order(spoken).engines
        if not engines:
            return None
        preferred = engines[0][0]
        if spoken.satisfies(wanted):
            return Route(RouteKind.TRANSCRIBE, preferred)
        if chain := self.translators_for(spoken, wanted):
            return Route(RouteKind.TRANSLATE_TEXT, preferred, chain[0])
        for name, capabilities in engines:
            if can_translate_speech_to(capabilities, wanted):
                return Route(RouteKind.TRANSLATE_SPEECH, name)
        return None

    def fallback_chain(
        self, engine: str, spoken: Language, translate_to: Language | None
    ) -> tuple[str, ...]:
        """Return the engine and those that may transcribe a chunk if it cannot."""
        candidates = [
            name
            for name, capabilities in self.engine_order(spoken).engines
            if name != engine
            and (translate_to is None or can_translate_speech_to(capabilities, translate_to))
        ]
        return (engine, *candidates)

    def translators_for(self, spoken: Language, wanted: Language) -> tuple[str, ...]:
        """Return the translators for a pair of languages, best first."""
        return tuple(
            name
            for name, capabilities in self.translators
            if can_translate_pair(capabilities, spoken, wanted)
        )

    def describe_route(self, spoken: Language, wanted: Language) -> str | None:
        """Return :meth:`best_route` as a sentence, for the policy."""
        route = self.best_route(spoken, wanted)
        return str(route) if route else None

    def excluding(self, engine: str) -> RoutingTable:
        """Return the table without an engine."""
        return replace(
            self,
            engines=tuple(item for item in self.engines if item[0] != engine),
            fallback_engines=tuple(item for item in self.fallback_engines if item[0] != engine),
        )

    @property
    def capabilities_by_engine(self) -> dict[str, EngineCapabilities]:
        """The capabilities of every engine, including those of rules and local helpers."""
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
    def aligner(self) -> str | None:
        """The first local engine that aligns words."""
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
    """Return whether a rule is for this language and duration.

    An unknown value meets no condition.
    """
    if rule.languages and not any(
        _covers_language(language, spoken) for language in rule.languages
    ):
        return False
    if rule.min_duration is not None and (seconds is None or seconds < rule.min_duration):
        return False
    return rule.max_duration is None or (seconds is not None and seconds < rule.max_duration)


def _covers_language(ruled: Language, spoken: Language) -> bool:
    """Return whether a rule's language covers another: zh covers zh-Hant, but pt-BR only itself."""
    return spoken.is_known and (ruled in (spoken, spoken.primary))


def is_allowed(rule: RouteSettings, capabilities: EngineCapabilities) -> bool:
    """Return whether a rule allows an engine by its price and destination."""
    if rule.destinations is not None and capabilities.destination not in rule.destinations:
        return False
    if rule.max_price_per_hour is None:
        return True
    price = price_of("audio", 3600.0, capabilities.price)
    return capabilities.destination == LOCAL if price is None else price <= rule.max_price_per_hour


def can_translate_speech_to(capabilities: EngineCapabilities, wanted: Language) -> bool:
    """Return whether an engine translates speech directly into a language."""
    return any(target.satisfies(wanted) for target in capabilities.translates_to)


def can_transcribe(capabilities: EngineCapabilities, spoken: Language) -> bool:
    """Return whether an engine supports a language, or any if the language is unknown."""
    return (
        capabilities.languages is None
        or not spoken.is_known
        or any(language.primary == spoken.primary for language in capabilities.languages)
    )


def can_translate_pair(
    capabilities: TranslatorCapabilities, source: Language, target: Language
) -> bool:
    """Return whether a translator supports a pair of languages."""
    return capabilities.language_pairs is None or any(
        source.satisfies(pair_source) and pair_target.satisfies(target)
        for pair_source, pair_target in capabilities.language_pairs
    )


def routing_for(
    configuration: Configuration, library: LibrarySettings, seconds: float | None = None
) -> RoutingTable:
    """Return what a library may use of the components that are configured and loaded.

    Args:
        configuration: The configuration.
        library: The library. Components with a destination that it does not allow are left out.
        seconds: The duration of the media file, if known.
    """
    names = library.engines or tuple(configuration.engines)
    translators = library.translators or tuple(configuration.translators)
    generators = library.summaries.translators or translators
    prices = configuration.settings.prices
    capabilities = {
        name: replace(
            engine_capabilities, price=effective_price(name, engine_capabilities.price, prices)
        )
        for name, configured in configuration.engines.items()
        if (engine_capabilities := configured.capabilities())
        and is_destination_allowed(library.allowed_destinations, engine_capabilities.destination)
    }
    ruled = [name for rule in library.routes for name in rule.engines]
    used = [name for name in dict.fromkeys((*names, *ruled)) if name in capabilities]
    engines = tuple((name, capabilities[name]) for name in names if name in capabilities)
    return RoutingTable(
        engines=engines,
        translators=_allowed_translators(configuration, library, translators),
        rules=library.routes,
        default_rules=() if library.engines else default_rules(configuration),
        fallback_engines=tuple(
            (name, engine_capabilities)
            for name, engine_capabilities in capabilities.items()
            if (name, engine_capabilities) not in engines
            and (name in used or engine_capabilities.destination == LOCAL)
        ),
        media_seconds=seconds,
        generators=tuple(
            item
            for item in _allowed_translators(configuration, library, generators)
            if item[1].supports_instructions
        ),
    )


def _allowed_translators(
    configuration: Configuration, library: LibrarySettings, names: Sequence[str]
) -> tuple[tuple[str, TranslatorCapabilities], ...]:
    return tuple(
        (name, capabilities)
        for name in names
        if (translator := configuration.translators.get(name))
        and (capabilities := translator.capabilities())
        and is_destination_allowed(library.allowed_destinations, capabilities.destination)
    )


def default_rules(configuration: Configuration) -> tuple[RouteSettings, ...]:
    """Return the rules of :mod:`.defaults` for the configured engines."""
    candidates = [
        Candidate(name, configured.plugin, str(getattr(configured.settings, "model", "")))
        for name, configured in configuration.engines.items()
    ]
    return tuple(
        RouteSettings(languages=tuple(Language(tag) for tag in sorted(languages)), engines=engines)
        for languages, engines in ranked_engines(candidates)
    )
