"""What is known of one medium and what is to be done about it: one answer for everybody.

The daemon, ``plan``, ``explain`` and the workflow all ask :func:`examine`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.plugins import available
from subtitled.config.settings import LibrarySettings
from subtitled.library.coverage import WITHDRAWN, Existing, coverage, summaries
from subtitled.library.policy import decide
from subtitled.library.sidecars import Fate, Sidecars
from subtitled.library.wishes import Decision, Material
from subtitled.media.probe import MediaFacts
from subtitled.media.tracks import AudioChoice, choose_audio, spoken_tracks
from subtitled.plugin import Language, Rejected
from subtitled.routing.production_plan import PlannedSummary, can_make, can_translate, hearing
from subtitled.routing.table import Routes, routes_for
from subtitled.subtitles.names import SUMMARY_ENDINGS, parse_sidecar, summary_path
from subtitled.transcription.runs import foreign_parts
from subtitled.transcripts.heard import Listened
from subtitled.transcripts.store import TranscriptStore


@dataclass(frozen=True, slots=True)
class Examination:
    """One medium as it lies there, and the decision about it."""

    medium: Path
    facts: MediaFacts
    choice: AudioChoice
    existing: tuple[Existing, ...]
    decision: Decision
    spoken: Language | None
    routes: Routes
    material: Material


def examine(
    medium: Path,
    facts: MediaFacts,
    library: LibrarySettings,
    configuration: Configuration,
    *,
    content: str | None,
    transcripts: TranscriptStore,
    sidecars: Sidecars,
    sidecar_folder: Path | None = None,
    ignore_existing: bool = False,
    by_hand: bool = False,
) -> Examination:
    """Choose the track and decide, from what :func:`~subtitled.media.probe.probe` found.

    ``content`` is its content identity, if known: then an earlier hearing tells what is spoken.
    Sidecars are looked for in ``sidecar_folder``, by default beside the medium; what a person took
    away counts as one, unless it is a person who asks now (``by_hand``). Raises
    :class:`~subtitled.media.problems.NoAudio` where there is nothing to listen to.
    """
    choice = choose_audio(facts, library.audio)
    known = transcripts.listened(content, choice.track.index) if content else None
    spoken = known.language if known else None
    folder = sidecar_folder or medium.parent
    names = [] if ignore_existing else _names_in(folder)
    whose = partial(sidecars.whose, content=content)
    found = coverage(medium, facts, names, whose, folder)
    withdrawn = () if by_hand or ignore_existing else _withdrawn(sidecars, medium)
    taken = tuple(one for one in withdrawn if one.format not in SUMMARY_ENDINGS)
    existing = () if ignore_existing else (*found, *taken)
    routes = routes_for(configuration, library, facts.duration)
    written = (
        *summaries(medium, names, whose, folder),
        *(one for one in withdrawn if one.format in SUMMARY_ENDINGS),
    )
    material = _material(facts, choice, found, known, routes, written)
    decision = decide(
        library,
        existing=existing,
        tagged=choice.track.language,
        spoken=spoken,
        can_make=partial(can_make, routes),
        material=material,
    )
    return Examination(medium, facts, choice, existing, decision, spoken, routes, material)


def _material(
    facts: MediaFacts,
    choice: AudioChoice,
    texts: Sequence[Existing],
    listened: Listened | None,
    routes: Routes,
    written: tuple[Existing, ...],
) -> Material:
    others = (track for track in spoken_tracks(facts) if track is not choice.track)
    foreign = None
    if listened is not None and listened.language is not None:
        foreign = foreign_parts(listened.runs, listened.speech, listened.language)
    return Material(
        tracks=tuple((one.index, one.language) for one in others if one.language.is_known),
        texts=tuple(texts),
        foreign=foreign,
        can_translate=partial(can_translate, routes),
        tells_languages=routes.detector is not None,
        summaries=written,
        writers=tuple(name for name, _ in routes.writers),
    )


def _withdrawn(sidecars: Sidecars, medium: Path) -> tuple[Existing, ...]:
    """What a person took away from beside a medium: it is not there, and not made again."""
    return tuple(
        Existing(
            language=one.language,
            kind=one.kind,
            origin=WITHDRAWN,
            where=one.path.name,
            format=one.format,
            ours=True,
            below=named.below if (named := parse_sidecar(medium.name, one.path.name)) else None,
        )
        for one in sidecars.of_medium(medium)
        if one.fate is Fate.TAKEN_BACK
    )


def _names_in(folder: Path) -> list[str]:
    return [os.fsdecode(entry.name) for entry in os.scandir(folder)]


def planned_summaries(
    medium: Path, seen: Examination
) -> tuple[tuple[PlannedSummary, ...], tuple[str, ...]]:
    """What is to be written, and why some of it cannot: too long a name is refused before anything
    is paid for it."""
    planned: list[PlannedSummary] = []
    impossible: list[str] = []
    for wish in seen.decision.summaries:
        language = wish.language or seen.spoken
        assert language is not None
        assert seen.spoken is not None
        parts = hearing(seen.routes, seen.spoken, seen.material.foreign)
        one = PlannedSummary(language, wish.files, parts)
        try:
            for ending in one.files:
                summary_path(medium, language, ending)
        except Rejected as problem:
            impossible.append(f"{one}: {problem}")
        else:
            planned.append(one)
    return tuple(planned), tuple(impossible)


def makers_digest(configuration: Configuration, library: LibrarySettings) -> str:
    """Changes when another version of an engine or translator is installed that a library uses, or
    a translator learns a pair: what could not be made before may be made now."""
    routes = routes_for(configuration, library)
    plugins = {configuration.engines[name].plugin for name in routes.used}
    plugins |= {configuration.translators[name].plugin for name in _translators(routes)}
    versions = [one for one in available() if one[0] in plugins]
    pairs = [(name, sorted(able.pairs or ())) for name, able in routes.translators]
    return hashlib.sha256(repr((versions, pairs)).encode()).hexdigest()[:16]


def settings_digest(configuration: Configuration, library: LibrarySettings) -> str:
    """Changes when settings change that could change an outcome, and only then."""
    routes = routes_for(configuration, library)
    components = [
        (name, configuration.engines[name].settings.model_dump_json()) for name in routes.used
    ] + [
        (name, configuration.translators[name].settings.model_dump_json())
        for name in _translators(routes)
    ]
    policy = library.model_dump_json(
        include=set(
            (
                "languages forced bilingual formats audio sources existing yielding engines "
                "translators guards shots privacy routes second_opinion summaries"
            ).split()
        )
    )
    phrases = str(configuration.settings.daemon.phrases) if library.guards else ""
    return hashlib.sha256(repr((policy, components, phrases)).encode()).hexdigest()[:16]


def _translators(routes: Routes) -> tuple[str, ...]:
    """Every translator that a library uses, for whatever."""
    return tuple(dict.fromkeys(name for name, _ in (*routes.translators, *routes.writers)))
