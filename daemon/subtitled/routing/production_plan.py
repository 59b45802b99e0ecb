"""By which way a wish is fulfilled from each of its sources, written down before work begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from subtitled.library.wishes import Foreign, Origin, Source, Wish
from subtitled.plugin import Kind, Language
from subtitled.subtitles.chinese import converts, other_script

from .table import Means, Routes, Way, translates

MOST = 4
"""Ways that are tried, one after the other, until a text is in the right language."""


@dataclass(frozen=True, slots=True)
class Part:
    """How what is in one language becomes a text in the language of the attempt."""

    language: Language
    way: Way | None
    """None where the text is taken as it is."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to a wish."""

    source: Source
    through: Language
    """What the text is made in. Chinese is put into the script of the wish afterwards."""
    parts: tuple[Part, ...]
    """One for each language that the source is in, or that is asked for; none where somebody's text
    is taken as it is."""

    def __str__(self) -> str:
        first = self.parts[0].way if self.parts else None
        if self.source.origin is Origin.AUDIO:
            track = "" if self.source.is_main else f", track {self.source.where}"
            return f"{first}{track}"
        where = self.source.where
        name = f"stream {where}" if self.source.origin is Origin.EMBEDDED else where
        done = f"translated by {first.translator}" if first else "put into the other script"
        done = done if self.parts else "taken"
        return f"{done} from {name} ({self.source.language})"


@dataclass(frozen=True, slots=True)
class Planned:
    """A wish with the ways to try, best first."""

    language: Language
    kind: Kind
    formats: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    below: Planned | None = None
    """What is shown below it, in a subtitle with two languages."""

    @property
    def possible(self) -> bool:
        """Whether there is any way to it."""
        return bool(self.attempts) and (self.below is None or self.below.possible)

    def __str__(self) -> str:
        """For people: ``es``, ``en.forced``, ``en+zh-Hans``."""
        kind = "" if self.kind is Kind.FULL else f".{self.kind}"
        return f"{self.language}{kind}" + (f"+{self.below}" if self.below else "")


@dataclass(frozen=True, slots=True)
class PlannedSummary:
    """A summary that is to be written, and how what is said becomes known."""

    language: Language
    files: tuple[str, ...]
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return f"summary {self.language}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job is to make, and what it cannot."""

    wishes: tuple[Planned, ...]
    impossible: tuple[str, ...]
    summaries: tuple[PlannedSummary, ...] = ()


PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)


def from_speech(routes: Routes, spoken: Language, wanted: Language) -> Iterator[Attempt]:
    """Ways from an audio track, as attempts from the main one."""
    main = Source(Origin.AUDIO, "", spoken)
    for through in _through(spoken, wanted):
        for way in _ways(routes, spoken, through):
            yield Attempt(main, through, (Part(spoken, way),))


def from_text(routes: Routes, text: Language, wanted: Language) -> Iterator[Attempt]:
    """Ways from a text, as attempts from a sidecar that is yet to be named."""
    source = Source(Origin.SIDECAR, "", text)
    if text.serves(wanted):
        yield Attempt(source, wanted, ())
        return
    if converts(text, wanted):
        yield Attempt(source, text, (Part(text, None),))
        return
    for through in _through(text, wanted):
        for name, able in routes.translators:
            if translates(able, text, through):
                yield Attempt(source, through, (Part(text, Way(Means.TEXT, "", name)),))


def can_make(routes: Routes, spoken: Language, wanted: Language) -> str | None:
    """How a text comes from speech, for the policy."""
    return next((str(one) for one in from_speech(routes, spoken, wanted)), None)


def can_translate(routes: Routes, text: Language, wanted: Language) -> str | None:
    """How a text comes from another, for the policy."""
    first = next(from_text(routes, text, wanted), None)
    if first is None:
        return None
    way = first.parts[0].way
    return f"translated by {way.translator}" if way else "put into the other script"


def planned(routes: Routes, wish: Wish, spoken: Language, foreign: Foreign | None) -> Planned:
    """A wish with the ways to try. Without any, it cannot be made."""
    target = wish.language or spoken
    attempts: list[Attempt] = []
    for source in wish.sources:
        if wish.kind is Kind.FORCED:
            attempts += _foreign_parts(routes, source, target, foreign)
        elif source.origin is Origin.AUDIO:
            others = foreign if source.is_main else None
            attempts += (
                _whole(routes, replace(one, source=source), target, others)
                for one in from_speech(routes, source.language, target)
            )
        else:
            attempts += (
                replace(one, source=source) for one in from_text(routes, source.language, target)
            )
    below = planned(routes, wish.below, spoken, foreign) if wish.below else None
    return Planned(target, wish.kind, wish.formats, tuple(attempts[:MOST]), below)


def hearing(routes: Routes, spoken: Language, foreign: Foreign | None) -> tuple[Part, ...]:
    """How all that is said in the main track becomes known, each part in its own language; empty
    where nothing configured hears it."""
    for one in from_speech(routes, spoken, spoken):
        return _whole(routes, one, spoken, foreign).parts
    return ()


def _whole(routes: Routes, attempt: Attempt, wanted: Language, foreign: Foreign | None) -> Attempt:
    """With what is said in other languages: translated where all is, else as it is said."""
    verbatim = attempt.parts[0].language.serves(attempt.through)
    others = []
    for language in foreign.languages if foreign else ():
        way = None if verbatim else routes.find(language, attempt.through)
        way = way or routes.find(language, language)
        if way is not None:
            others.append(Part(language, way))
    return replace(attempt, parts=(*attempt.parts, *others))


def _foreign_parts(
    routes: Routes, source: Source, wanted: Language, foreign: Foreign | None
) -> list[Attempt]:
    """The parts in other languages, each translated: one attempt."""
    languages = foreign.languages if foreign else ()
    for through in (wanted, other_script(wanted)):
        if through is None:
            continue
        ways = [
            (language, routes.find(language, through))
            for language in languages
            if not language.serves(wanted)
        ]
        if ways and all(way is not None for _, way in ways):
            return [Attempt(source, through, tuple(Part(one, way) for one, way in ways))]
    return []


def _through(source: Language, wanted: Language) -> Sequence[Language]:
    """The languages in which a text may be made to become one in ``wanted``."""
    if converts(source, wanted):
        return (source, wanted)
    other = other_script(wanted)
    return (wanted,) if other is None else (wanted, other)


def _ways(routes: Routes, spoken: Language, wanted: Language) -> Iterator[Way]:
    """Every way that there is: each time without the last one used."""
    seen: set[Way] = set()
    while (way := routes.find(spoken, wanted)) is not None and way not in seen:
        seen.add(way)
        yield way
        if way.translator:
            left = tuple(one for one in routes.translators if one[0] != way.translator)
            routes = replace(routes, translators=left)
        else:
            routes = routes.without(way.engine)
