"""Who can make what: which engine or translator leads from a spoken language to a wanted one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from subtitled.config.load import Configuration
from subtitled.config.routing import RouteSettings
from subtitled.config.settings import LibrarySettings
from subtitled.config.spending import allows
from subtitled.costs.budgets import price_of, stated
from subtitled.plugin import LOCAL, Capabilities, Language, TranslatorCapabilities

from .defaults import Candidate, leaders


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


Able = tuple[str, Capabilities]
"""An engine's name, and what it can do."""


@dataclass(frozen=True, slots=True)
class Order:
    """Engines for one medium, first choice first, and why these."""

    engines: tuple[Able, ...]
    why: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.engines)


@dataclass(frozen=True, slots=True)
class Routes:
    """The engines and translators that one library may use, in its order of preference."""

    engines: tuple[Able, ...]
    translators: tuple[tuple[str, TranslatorCapabilities], ...]
    rules: tuple[RouteSettings, ...] = ()
    """Its own rules."""
    shipped: tuple[RouteSettings, ...] = ()
    """Those that come with subtitled, where the library leaves the choice to us."""
    helpers: tuple[Able, ...] = ()
    """Other engines that are configured: those that only rules name, and those of this machine,
    which may detect languages and align texts."""
    seconds: float | None = None
    """The length of the medium that they are for, if it is known."""
    writers: tuple[tuple[str, TranslatorCapabilities], ...] = ()
    """The translators that may write summaries."""

    def order(self, spoken: Language) -> Order:
        """The engines for what is spoken in a language.

        The first rule that fits counts, and no other: engines that it leaves out do not come
        after all. Without one it is the library's order. Engines that do not know the language
        are left out in any case.
        """
        able = self.abilities
        for number, rule in enumerate((*self.rules, *self.shipped)):
            if not fits(rule, spoken, self.seconds):
                continue
            own = number < len(self.rules)
            why = f"rule {number + 1} of the library" if own else f"leads in {spoken.english_name}"
            names = rule.engines or tuple(name for name, _ in self.engines)
            known = [(name, able[name]) for name in names if name in able]
            taken = tuple(one for one in known if allowed(rule, one[1]))
            return Order(tuple(one for one in taken if recognises(one[1], spoken)), why)
        known = [one for one in self.engines if recognises(one[1], spoken)]
        return Order(tuple(known), "the library's order")

    def find(self, spoken: Language, wanted: Language) -> Way | None:
        """The first way that works; a text translator before one that works from the audio."""
        listeners = self.order(spoken).engines
        if not listeners:
            return None
        first = listeners[0][0]
        if spoken.serves(wanted):
            return Way(Means.TRANSCRIBE, first)
        if chain := self.translators_for(spoken, wanted):
            return Way(Means.TEXT, first, chain[0])
        for name, able in listeners:
            if puts_into(able, wanted):
                return Way(Means.SPEECH, name)
        return None

    def chain(self, engine: str, spoken: Language, into: Language | None) -> tuple[str, ...]:
        """The engine, then those that may do instead what it cannot: each for a stretch alone."""
        others = [
            name
            for name, able in self.order(spoken).engines
            if name != engine and (into is None or puts_into(able, into))
        ]
        return (engine, *others)

    def translators_for(self, spoken: Language, wanted: Language) -> tuple[str, ...]:
        """Who knows a pair, first choice first: what one cannot translate, the next is asked."""
        return tuple(name for name, able in self.translators if translates(able, spoken, wanted))

    def can_make(self, spoken: Language, wanted: Language) -> str | None:
        """:meth:`find` as a sentence, for the policy."""
        way = self.find(spoken, wanted)
        return str(way) if way else None

    def without(self, engine: str) -> Routes:
        """The same, if that engine were not there."""
        return replace(
            self,
            engines=tuple(one for one in self.engines if one[0] != engine),
            helpers=tuple(one for one in self.helpers if one[0] != engine),
        )

    @property
    def abilities(self) -> dict[str, Capabilities]:
        """What each engine can do, those of rules and helpers too."""
        return dict(self.engines) | dict(self.helpers)

    @property
    def used(self) -> tuple[str, ...]:
        """Every engine that may transcribe: the library's, and those that rules name."""
        ruled = {name for rule in self.rules for name in rule.engines}
        return tuple(
            name
            for number, (name, _) in enumerate((*self.engines, *self.helpers))
            if number < len(self.engines) or name in ruled
        )

    @property
    def detector(self) -> str | None:
        """The first engine that can tell which language is spoken: one of this machine if there
        is any, so that choosing an engine costs nothing and sends nothing away."""
        local = [one for one in (*self.engines, *self.helpers) if one[1].destination == LOCAL]
        known = (name for name, able in (*local, *self.engines) if able.detects_language)
        return next(known, None)

    @property
    def aligner(self) -> str | None:
        """The first engine of this machine that finds where the words of a text are said."""
        known = (*self.engines, *self.helpers)
        return next((n for n, able in known if able.aligns and able.destination == LOCAL), None)


def fits(rule: RouteSettings, spoken: Language, seconds: float | None) -> bool:
    """Whether a rule is for this language and this length; what is not known fits no condition."""
    if rule.languages and not any(_same(one, spoken) for one in rule.languages):
        return False
    if rule.longer_than is not None and (seconds is None or seconds < rule.longer_than):
        return False
    return rule.shorter_than is None or (seconds is not None and seconds < rule.shorter_than)


def _same(ruled: Language, spoken: Language) -> bool:
    """A rule for Chinese is for each Chinese that is spoken; one for pt-BR is for that alone."""
    return spoken.is_known and (ruled in (spoken, spoken.primary))


def allowed(rule: RouteSettings, able: Capabilities) -> bool:
    """Whether an engine is cheap enough for a rule, and sends nothing where it may not go."""
    if rule.destinations is not None and able.destination not in rule.destinations:
        return False
    if rule.max_price is None:
        return True
    price = price_of("audio", 3600.0, able.price)
    return able.destination == LOCAL if price is None else price <= rule.max_price


def puts_into(able: Capabilities, wanted: Language) -> bool:
    """Whether an engine translates straight from the audio into a language."""
    return any(target.serves(wanted) for target in able.translates_to)


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


def routes_for(
    configuration: Configuration, library: LibrarySettings, seconds: float | None = None
) -> Routes:
    """What a library may use of what is configured and could be loaded, for a medium so long.

    What would send things where the library does not allow it is no choice at all.
    """
    names = library.engines or tuple(configuration.engines)
    translators = library.translators or tuple(configuration.translators)
    writers = library.summaries.writers or translators
    prices = configuration.settings.prices
    able = {
        name: replace(can, price=stated(name, can.price, prices))
        for name, configured in configuration.engines.items()
        if (can := configured.component.capabilities(configured.settings))
        and allows(library.privacy, can.destination)
    }
    ruled = [name for rule in library.routes for name in rule.engines]
    used = [name for name in dict.fromkeys((*names, *ruled)) if name in able]
    engines = tuple((name, able[name]) for name in names if name in able)
    return Routes(
        engines,
        _allowed_translators(configuration, library, translators),
        library.routes,
        () if library.engines else shipped_rules(configuration),
        tuple(
            (name, can)
            for name, can in able.items()
            if (name, can) not in engines and (name in used or can.destination == LOCAL)
        ),
        seconds,
        tuple(
            one for one in _allowed_translators(configuration, library, writers) if one[1].writes
        ),
    )


def _allowed_translators(
    configuration: Configuration, library: LibrarySettings, names: Sequence[str]
) -> tuple[tuple[str, TranslatorCapabilities], ...]:
    return tuple(
        (name, able)
        for name in names
        if (known := configuration.translators.get(name))
        and (able := known.component.capabilities(known.settings))
        and allows(library.privacy, able.destination)
    )


def shipped_rules(configuration: Configuration) -> tuple[RouteSettings, ...]:
    """:mod:`.defaults`, for the engines that are configured."""
    candidates = [
        Candidate(name, configured.plugin, str(getattr(configured.settings, "model", "")))
        for name, configured in configuration.engines.items()
    ]
    return tuple(
        RouteSettings(languages=tuple(Language(tag) for tag in sorted(languages)), engines=engines)
        for languages, engines in leaders(candidates)
    )
