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
from subtitled.config.plugins import list_installed
from subtitled.config.settings import LibrarySettings
from subtitled.db.sidecars import SidecarRepository, SidecarStatus
from subtitled.media.probe import MediaInfo
from subtitled.media.tracks import AudioChoice, choose_audio_track, list_spoken_tracks
from subtitled.plugin import InputRejectedError, Language
from subtitled.policy.coverage import (
    REMOVED_BY_USER,
    ExistingSubtitle,
    existing_subtitles,
    existing_summaries,
)
from subtitled.policy.policy import decide
from subtitled.policy.requirements import AvailableSources, Decision
from subtitled.routing.production_plan import (
    SummaryPlan,
    describe_audio_path,
    describe_text_path,
    transcription_segments,
)
from subtitled.routing.table import RoutingTable, routing_for
from subtitled.subtitles.filenames import SUMMARY_SUFFIXES, build_summary_path, parse_sidecar_name
from subtitled.transcription.language_segments import find_foreign_speech
from subtitled.transcripts.models import TrackAnalysis
from subtitled.transcripts.store import TranscriptStore


@dataclass(frozen=True, slots=True)
class MediaReport:
    """One medium as it lies there, and the decision about it."""

    media: Path
    facts: MediaInfo
    track_choice: AudioChoice
    existing_subtitles: tuple[ExistingSubtitle, ...]
    decision: Decision
    spoken_language: Language | None
    routing: RoutingTable
    available: AvailableSources


def inspect_media(
    media: Path,
    facts: MediaInfo,
    library: LibrarySettings,
    configuration: Configuration,
    *,
    fingerprint: str | None,
    transcripts: TranscriptStore,
    sidecars: SidecarRepository,
    sidecar_folder: Path | None = None,
    ignore_existing: bool = False,
    is_user_requested: bool = False,
) -> MediaReport:
    """Choose the track and decide, from what :func:`~subtitled.media.probe.probe` found.

    ``content`` is its content identity, if known: then an earlier hearing tells what is spoken.
    Sidecars are looked for in ``sidecar_folder``, by default beside the medium; what a person took
    away counts as one, unless it is a person who asks now (``by_hand``). Raises
    :class:`~subtitled.media.ffmpeg.NoAudioError` where there is nothing to listen to.
    """
    choice = choose_audio_track(facts, library.preferred_audio_languages)
    analysis = transcripts.analysis(fingerprint, choice.track.index) if fingerprint else None
    spoken = analysis.language if analysis else None
    folder = sidecar_folder or media.parent
    names = [] if ignore_existing else _folder_names(folder)
    ownership_of = partial(sidecars.ownership, fingerprint=fingerprint)
    found = existing_subtitles(media, facts, names, ownership_of, folder)
    withdrawn = () if is_user_requested or ignore_existing else _removed_by_user(sidecars, media)
    taken = tuple(one for one in withdrawn if one.format not in SUMMARY_SUFFIXES)
    existing = () if ignore_existing else (*found, *taken)
    routing = routing_for(configuration, library, facts.duration)
    written = (
        *existing_summaries(media, names, ownership_of, folder),
        *(one for one in withdrawn if one.format in SUMMARY_SUFFIXES),
    )
    material = _available_sources(facts, choice, found, analysis, routing, written)
    decision = decide(
        library,
        existing=existing,
        tagged=choice.track.language,
        spoken=spoken,
        can_make=partial(describe_audio_path, routing),
        material=material,
    )
    return MediaReport(media, facts, choice, existing, decision, spoken, routing, material)


def _available_sources(
    facts: MediaInfo,
    choice: AudioChoice,
    subtitles: Sequence[ExistingSubtitle],
    analysis: TrackAnalysis | None,
    routing: RoutingTable,
    summaries: tuple[ExistingSubtitle, ...],
) -> AvailableSources:
    other_tracks = (track for track in list_spoken_tracks(facts) if track is not choice.track)
    foreign = None
    if analysis is not None and analysis.language is not None:
        foreign = find_foreign_speech(
            analysis.language_segments, analysis.speech, analysis.language
        )
    return AvailableSources(
        tracks=tuple(
            (other_track.index, other_track.language)
            for other_track in other_tracks
            if other_track.language.is_known
        ),
        subtitles=tuple(subtitles),
        foreign_speech=foreign,
        can_translate=partial(describe_text_path, routing),
        can_detect_language=routing.language_detector is not None,
        summaries=summaries,
        generators=tuple(name for name, _ in routing.generators),
    )


def _removed_by_user(sidecars: SidecarRepository, media: Path) -> tuple[ExistingSubtitle, ...]:
    """What a person took away from beside a medium: it is not there, and not made again."""
    return tuple(
        ExistingSubtitle(
            language=one.language,
            kind=one.kind,
            origin=REMOVED_BY_USER,
            location=one.path.name,
            format=one.format,
            is_ours=True,
            secondary=parsed_name.secondary
            if (parsed_name := parse_sidecar_name(media.name, one.path.name))
            else None,
        )
        for one in sidecars.of_media(media)
        if one.status is SidecarStatus.REMOVED_BY_USER
    )


def _folder_names(folder: Path) -> list[str]:
    return [os.fsdecode(entry.name) for entry in os.scandir(folder)]


def plan_summaries(
    media: Path, seen: MediaReport
) -> tuple[tuple[SummaryPlan, ...], tuple[str, ...]]:
    """What is to be written, and why some of it cannot: too long a name is refused before anything
    is paid for it."""
    planned: list[SummaryPlan] = []
    impossible: list[str] = []
    for requirement in seen.decision.summaries:
        language = requirement.language or seen.spoken_language
        assert language is not None
        assert seen.spoken_language is not None
        parts = transcription_segments(
            seen.routing, seen.spoken_language, seen.available.foreign_speech
        )
        plan = SummaryPlan(language, requirement.files, parts)
        try:
            for ending in plan.files:
                build_summary_path(media, language, ending)
        except InputRejectedError as error:
            impossible.append(f"{plan}: {error}")
        else:
            planned.append(plan)
    return tuple(planned), tuple(impossible)


def engines_digest(configuration: Configuration, library: LibrarySettings) -> str:
    """Changes when another version of an engine or translator is installed that a library uses, or
    a translator learns a pair: what could not be made before may be made now."""
    routing = routing_for(configuration, library)
    plugins = {configuration.engines[name].plugin for name in routing.transcribing_engines}
    plugins |= {configuration.translators[name].plugin for name in _all_translators(routing)}
    versions = [one for one in list_installed() if one[0] in plugins]
    pairs = [
        (name, sorted(capabilities.language_pairs or ()))
        for name, capabilities in routing.translators
    ]
    return hashlib.sha256(repr((versions, pairs)).encode()).hexdigest()[:16]


_RESULT_SETTINGS = (
    "languages",
    "forced",
    "bilingual",
    "formats",
    "preferred_audio_languages",
    "sources",
    "counts_as_existing",
    "on_human_subtitle",
    "engines",
    "translators",
    "hallucination_filter",
    "snap_to_shots",
    "allowed_destinations",
    "routes",
    "second_opinion",
    "summaries",
)
"""Settings of a library that can change a result."""
assert set(_RESULT_SETTINGS) <= set(LibrarySettings.model_fields)


def settings_digest(configuration: Configuration, library: LibrarySettings) -> str:
    """Changes when settings change that could change an outcome, and only then."""
    routing = routing_for(configuration, library)
    components = [
        (name, configuration.engines[name].settings.model_dump_json())
        for name in routing.transcribing_engines
    ] + [
        (name, configuration.translators[name].settings.model_dump_json())
        for name in _all_translators(routing)
    ]
    policy = library.model_dump_json(include=set(_RESULT_SETTINGS))
    phrases = (
        str(configuration.settings.daemon.hallucination_phrases)
        if library.hallucination_filter
        else ""
    )
    return hashlib.sha256(repr((policy, components, phrases)).encode()).hexdigest()[:16]


def _all_translators(routing: RoutingTable) -> tuple[str, ...]:
    """Every translator that a library uses, for whatever."""
    return tuple(dict.fromkeys(name for name, _ in (*routing.translators, *routing.generators)))
