"""Production plans: the paths by which each requirement is produced from its sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from subtitled.plugin import Language, SubtitleKind
from subtitled.policy.approved_source import ApprovedSource
from subtitled.policy.requirements import ForeignSpeech, Origin, Requirement, Source
from subtitled.subtitles.chinese import can_convert_script, opposite_script

from .table import Route, RouteKind, RoutingTable, can_translate_pair

MAX_ATTEMPTS = 4
"""Paths that are tried until one gives a text in the right language."""


@dataclass(frozen=True, slots=True)
class PathSegment:
    """How the part of a source in one language becomes text in the language of the path."""

    language: Language
    route: Route | None
    """None where the text is taken as it is."""


@dataclass(frozen=True, slots=True)
class ProductionPath:
    """One way to produce a requirement."""

    source: Source
    pivot: Language
    """The language in which the text is made.

    Chinese is converted to the wanted script afterwards.
    """
    segments: tuple[PathSegment, ...]
    """One for each language of the source, or for each that is wanted; none where a human text
    is taken as it is."""

    def __str__(self) -> str:
        first = self.segments[0].route if self.segments else None
        if self.source.origin is Origin.AUDIO:
            track = "" if self.source.is_main else f", track {self.source.location}"
            return f"{first}{track}"
        where = self.source.location
        name = f"stream {where}" if self.source.origin is Origin.EMBEDDED else where
        steps_text = (
            f"translated by {first.translator}" if first else "converted to the other script"
        )
        steps_text = steps_text if self.segments else "taken"
        return f"{steps_text} from {name} ({self.source.language})"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlan:
    """A requirement with the paths to try, best first."""

    language: Language
    kind: SubtitleKind
    formats: tuple[str, ...]
    paths: tuple[ProductionPath, ...]
    secondary: TargetPlan | None = None
    """The second language of a bilingual subtitle."""
    is_upgrade: bool = False
    """Whether the subtitle is there and is made again, to replace it if the new one is no worse."""

    @property
    def is_possible(self) -> bool:
        """Whether there is any path."""
        return bool(self.paths) and (self.secondary is None or self.secondary.is_possible)

    def __str__(self) -> str:
        """Return the target for people: ``es``, ``en.forced``, ``en+zh-Hans``."""
        kind = "" if self.kind is SubtitleKind.FULL else f".{self.kind}"
        return f"{self.language}{kind}" + (f"+{self.secondary}" if self.secondary else "")


@dataclass(frozen=True, slots=True)
class SummaryPlan:
    """A summary to write, and how its text is transcribed."""

    language: Language
    files: tuple[str, ...]
    segments: tuple[PathSegment, ...]

    def __str__(self) -> str:
        return f"summary {self.language}"


@dataclass(frozen=True, slots=True)
class JobPlan:
    """What a job produces, and what it cannot produce."""

    targets: tuple[TargetPlan, ...]
    unsatisfiable: tuple[str, ...]
    summaries: tuple[SummaryPlan, ...] = ()
    approved_source: ApprovedSource | None = None
    """What a person approved of the spoken text; translations are made of it."""


JOB_PLAN: TypeAdapter[JobPlan] = TypeAdapter(JobPlan)


def paths_from_audio(
    routing: RoutingTable, spoken: Language, wanted: Language
) -> Iterator[ProductionPath]:
    """Yield the paths from an audio track, with the main one as their source."""
    main = Source(Origin.AUDIO, "", spoken)
    for pivot in _pivot_languages(spoken, wanted):
        for route in _candidate_routes(routing, spoken, pivot):
            yield ProductionPath(main, pivot, (PathSegment(spoken, route),))


def paths_from_text(
    routing: RoutingTable, text: Language, wanted: Language
) -> Iterator[ProductionPath]:
    """Yield the paths from a text, with an unnamed sidecar as their source."""
    source = Source(Origin.SIDECAR, "", text)
    if text.satisfies(wanted):
        yield ProductionPath(source, wanted, ())
        return
    if can_convert_script(text, wanted):
        yield ProductionPath(source, text, (PathSegment(text, None),))
        return
    for pivot in _pivot_languages(text, wanted):
        for name, capabilities in routing.translators:
            if can_translate_pair(capabilities, text, pivot):
                yield ProductionPath(
                    source, pivot, (PathSegment(text, Route(RouteKind.TRANSLATE_TEXT, "", name)),)
                )


def describe_audio_path(routing: RoutingTable, spoken: Language, wanted: Language) -> str | None:
    """Describe the best path from speech, for the policy."""
    return next((str(path) for path in paths_from_audio(routing, spoken, wanted)), None)


def describe_text_path(routing: RoutingTable, text: Language, wanted: Language) -> str | None:
    """Describe the best path from a text, for the policy."""
    first = next(paths_from_text(routing, text, wanted), None)
    if first is None:
        return None
    route = first.segments[0].route
    return f"translated by {route.translator}" if route else "converted to the other script"


def plan_target(
    routing: RoutingTable, requirement: Requirement, spoken: Language, foreign: ForeignSpeech | None
) -> TargetPlan:
    """Plan a requirement. Without paths, it cannot be produced."""
    target = requirement.language or spoken
    paths: list[ProductionPath] = []
    for source in requirement.sources:
        if requirement.kind is SubtitleKind.FORCED:
            paths += _foreign_speech_paths(routing, source, target, foreign)
        elif source.origin is Origin.AUDIO:
            foreign_speech = foreign if source.is_main else None
            paths += (
                _with_foreign_speech(routing, replace(path, source=source), target, foreign_speech)
                for path in paths_from_audio(routing, source.language, target)
            )
        else:
            paths += (
                replace(path, source=source)
                for path in paths_from_text(routing, source.language, target)
            )
    below = (
        plan_target(routing, requirement.secondary, spoken, foreign)
        if requirement.secondary
        else None
    )
    return TargetPlan(
        language=target,
        kind=requirement.kind,
        formats=requirement.formats,
        paths=tuple(paths[:MAX_ATTEMPTS]),
        secondary=below,
    )


def transcription_segments(
    routing: RoutingTable, spoken: Language, foreign: ForeignSpeech | None
) -> tuple[PathSegment, ...]:
    """Return how everything in the main track is transcribed, each part in its own language.

    The result is empty if no configured engine can transcribe the main language.
    """
    for path in paths_from_audio(routing, spoken, spoken):
        return _with_foreign_speech(routing, path, spoken, foreign).segments
    return ()


def _with_foreign_speech(
    routing: RoutingTable, path: ProductionPath, wanted: Language, foreign: ForeignSpeech | None
) -> ProductionPath:
    """Add the parts in other languages, translated if the main part is, else transcribed."""
    is_transcription = path.segments[0].language.satisfies(path.pivot)
    foreign_segments = []
    for language in foreign.languages if foreign else ():
        route = None if is_transcription else routing.best_route(language, path.pivot)
        route = route or routing.best_route(language, language)
        if route is not None:
            foreign_segments.append(PathSegment(language, route))
    return replace(path, segments=(*path.segments, *foreign_segments))


def _foreign_speech_paths(
    routing: RoutingTable, source: Source, wanted: Language, foreign: ForeignSpeech | None
) -> list[ProductionPath]:
    """Return the path that translates each part in another language."""
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
    """Return the languages in which a text for ``wanted`` may be made."""
    if can_convert_script(source, wanted):
        return (source, wanted)
    opposite = opposite_script(wanted)
    return (wanted,) if opposite is None else (wanted, opposite)


def _candidate_routes(routing: RoutingTable, spoken: Language, wanted: Language) -> Iterator[Route]:
    """Yield every route, each time without the engine or translator of the last one."""
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
