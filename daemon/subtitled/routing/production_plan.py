"""By which way a wish is fulfilled from each of its sources, written down before work begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from subtitled.plugin import Language, SubtitleKind
from subtitled.policy.requirements import ForeignSpeech, Origin, Requirement, Source
from subtitled.subtitles.chinese import can_convert_script, opposite_script

from .table import Route, RouteKind, RoutingTable, can_translate_pair

MAX_ATTEMPTS = 4
"""Ways that are tried, one after the other, until a text is in the right language."""


@dataclass(frozen=True, slots=True)
class PathSegment:
    """How what is in one language becomes a text in the language of the attempt."""

    language: Language
    route: Route | None
    """None where the text is taken as it is."""


@dataclass(frozen=True, slots=True)
class ProductionPath:
    """One way to a wish."""

    source: Source
    pivot: Language
    """What the text is made in. Chinese is put into the script of the wish afterwards."""
    segments: tuple[PathSegment, ...]
    """One for each language that the source is in, or that is asked for; none where somebody's text
    is taken as it is."""

    def __str__(self) -> str:
        first = self.segments[0].route if self.segments else None
        if self.source.origin is Origin.AUDIO:
            track = "" if self.source.is_main else f", track {self.source.location}"
            return f"{first}{track}"
        where = self.source.location
        name = f"stream {where}" if self.source.origin is Origin.EMBEDDED else where
        steps_text = f"translated by {first.translator}" if first else "put into the other script"
        steps_text = steps_text if self.segments else "taken"
        return f"{steps_text} from {name} ({self.source.language})"


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """A wish with the ways to try, best first."""

    language: Language
    kind: SubtitleKind
    formats: tuple[str, ...]
    paths: tuple[ProductionPath, ...]
    secondary: TargetPlan | None = None
    """What is shown below it, in a subtitle with two languages."""

    @property
    def is_possible(self) -> bool:
        """Whether there is any way to it."""
        return bool(self.paths) and (self.secondary is None or self.secondary.is_possible)

    def __str__(self) -> str:
        """For people: ``es``, ``en.forced``, ``en+zh-Hans``."""
        kind = "" if self.kind is SubtitleKind.FULL else f".{self.kind}"
        return f"{self.language}{kind}" + (f"+{self.secondary}" if self.secondary else "")


@dataclass(frozen=True, slots=True)
class SummaryPlan:
    """A summary that is to be written, and how what is said becomes known."""

    language: Language
    files: tuple[str, ...]
    segments: tuple[PathSegment, ...]

    def __str__(self) -> str:
        return f"summary {self.language}"


@dataclass(frozen=True, slots=True)
class JobPlan:
    """What a job is to make, and what it cannot."""

    targets: tuple[TargetPlan, ...]
    unsatisfiable: tuple[str, ...]
    summaries: tuple[SummaryPlan, ...] = ()


JOB_PLAN: TypeAdapter[JobPlan] = TypeAdapter(JobPlan)


def paths_from_audio(
    routing: RoutingTable, spoken: Language, wanted: Language
) -> Iterator[ProductionPath]:
    """Ways from an audio track, as attempts from the main one."""
    main = Source(Origin.AUDIO, "", spoken)
    for through in _pivot_languages(spoken, wanted):
        for route in _candidate_routes(routing, spoken, through):
            yield ProductionPath(main, through, (PathSegment(spoken, route),))


def paths_from_text(
    routing: RoutingTable, text: Language, wanted: Language
) -> Iterator[ProductionPath]:
    """Ways from a text, as attempts from a sidecar that is yet to be named."""
    source = Source(Origin.SIDECAR, "", text)
    if text.satisfies(wanted):
        yield ProductionPath(source, wanted, ())
        return
    if can_convert_script(text, wanted):
        yield ProductionPath(source, text, (PathSegment(text, None),))
        return
    for through in _pivot_languages(text, wanted):
        for name, capabilities in routing.translators:
            if can_translate_pair(capabilities, text, through):
                yield ProductionPath(
                    source, through, (PathSegment(text, Route(RouteKind.TRANSLATE_TEXT, "", name)),)
                )


def describe_audio_path(routing: RoutingTable, spoken: Language, wanted: Language) -> str | None:
    """How a text comes from speech, for the policy."""
    return next((str(one) for one in paths_from_audio(routing, spoken, wanted)), None)


def describe_text_path(routing: RoutingTable, text: Language, wanted: Language) -> str | None:
    """How a text comes from another, for the policy."""
    first = next(paths_from_text(routing, text, wanted), None)
    if first is None:
        return None
    route = first.segments[0].route
    return f"translated by {route.translator}" if route else "put into the other script"


def plan_target(
    routing: RoutingTable, requirement: Requirement, spoken: Language, foreign: ForeignSpeech | None
) -> TargetPlan:
    """A wish with the ways to try. Without any, it cannot be made."""
    target = requirement.language or spoken
    attempts: list[ProductionPath] = []
    for source in requirement.sources:
        if requirement.kind is SubtitleKind.FORCED:
            attempts += _foreign_speech_paths(routing, source, target, foreign)
        elif source.origin is Origin.AUDIO:
            foreign_speech = foreign if source.is_main else None
            attempts += (
                _with_foreign_speech(routing, replace(one, source=source), target, foreign_speech)
                for one in paths_from_audio(routing, source.language, target)
            )
        else:
            attempts += (
                replace(one, source=source)
                for one in paths_from_text(routing, source.language, target)
            )
    below = (
        plan_target(routing, requirement.secondary, spoken, foreign)
        if requirement.secondary
        else None
    )
    return TargetPlan(
        target, requirement.kind, requirement.formats, tuple(attempts[:MAX_ATTEMPTS]), below
    )


def transcription_segments(
    routing: RoutingTable, spoken: Language, foreign: ForeignSpeech | None
) -> tuple[PathSegment, ...]:
    """How all that is said in the main track becomes known, each part in its own language; empty
    where nothing configured hears it."""
    for one in paths_from_audio(routing, spoken, spoken):
        return _with_foreign_speech(routing, one, spoken, foreign).segments
    return ()


def _with_foreign_speech(
    routing: RoutingTable, attempt: ProductionPath, wanted: Language, foreign: ForeignSpeech | None
) -> ProductionPath:
    """With what is said in other languages: translated where all is, else as it is said."""
    verbatim = attempt.segments[0].language.satisfies(attempt.pivot)
    foreign_segments = []
    for language in foreign.languages if foreign else ():
        route = None if verbatim else routing.best_route(language, attempt.pivot)
        route = route or routing.best_route(language, language)
        if route is not None:
            foreign_segments.append(PathSegment(language, route))
    return replace(attempt, segments=(*attempt.segments, *foreign_segments))


def _foreign_speech_paths(
    routing: RoutingTable, source: Source, wanted: Language, foreign: ForeignSpeech | None
) -> list[ProductionPath]:
    """The parts in other languages, each translated: one attempt."""
    languages = foreign.languages if foreign else ()
    for pivot in (wanted, opposite_script(wanted)):
        if pivot is None:
            continue
        routes_by_language = [
            (language, routing.best_route(language, pivot))
            for language in languages
            if not language.satisfies(wanted)
        ]
        if routes_by_language and all(route is not None for _, route in routes_by_language):
            return [
                ProductionPath(
                    source,
                    pivot,
                    tuple(PathSegment(one, route) for one, route in routes_by_language),
                )
            ]
    return []


def _pivot_languages(source: Language, wanted: Language) -> Sequence[Language]:
    """The languages in which a text may be made to become one in ``wanted``."""
    if can_convert_script(source, wanted):
        return (source, wanted)
    opposite = opposite_script(wanted)
    return (wanted,) if opposite is None else (wanted, opposite)


def _candidate_routes(routing: RoutingTable, spoken: Language, wanted: Language) -> Iterator[Route]:
    """Every way that there is: each time without the last one used."""
    tried: set[Route] = set()
    while (route := routing.best_route(spoken, wanted)) is not None and route not in tried:
        tried.add(route)
        yield route
        if route.translator:
            remaining = tuple(
                translator
                for translator in routing.translators
                if translator[0] != route.translator
            )
            routing = replace(routing, translators=remaining)
        else:
            routing = routing.excluding(route.engine)
