"""The state of one media file and what has to be done about it.

The daemon, ``plan``, ``explain`` and the workflow all call :func:`inspect_media`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from subtitled.config.library_settings import ORIGINAL
from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.config.settings import LibrarySettings
from subtitled.db.judgements import JudgementRepository
from subtitled.db.sidecars import SidecarRecord, SidecarRepository, SidecarStatus
from subtitled.db.state_folder import REMOVED_FOLDER
from subtitled.library.subtitle_names import list_names
from subtitled.media.errors import unreadable_error
from subtitled.media.probe import MediaInfo
from subtitled.media.track_selection import select_tracks
from subtitled.media.tracks import AudioChoice, choose_audio_track
from subtitled.plugin import Language
from subtitled.policy.approved_source import ApprovedSource
from subtitled.policy.coverage import (
    REMOVED_BY_USER,
    ExistingSubtitle,
    existing_subtitles,
    existing_summaries,
)
from subtitled.policy.policy import decide
from subtitled.policy.requirements import (
    AvailableSources,
    Decision,
    ForeignSpeech,
    Requirement,
)
from subtitled.routing.makers import find_first_makers
from subtitled.routing.production_plan import (
    describe_audio_path,
    describe_text_path,
    plan_target,
)
from subtitled.routing.table import RoutingTable, routing_for
from subtitled.subtitles.filenames import SUMMARY_SUFFIXES, parse_sidecar_name
from subtitled.subtitles.judgement import MediaLength
from subtitled.subtitles.makers import Makers
from subtitled.subtitles.ownership import Ownership
from subtitled.transcription.known_language import (
    LanguageMeans,
    describe_new_means,
    find_means,
    known_language,
)
from subtitled.transcription.language_segments import find_foreign_speech
from subtitled.transcripts.models import TrackAnalysis
from subtitled.transcripts.store import TranscriptStore

from .corrected_speech import mark_other_readings
from .locks import approved_names, refuse_locked
from .shared_names import find_taken_names, leave_taken_names
from .source_correction import (
    NO_REQUESTS,
    CorrectionRequests,
    SpokenTrack,
    find_approved_source,
    mark_translations,
)
from .spoken_tracks import list_other_tracks
from .text_judge import TextJudge
from .upgrade_decisions import UpgradeQuestion, add_upgrades


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReport:
    """What a media file has, and the decision about what it needs."""

    media: Path
    facts: MediaInfo
    track_choice: AudioChoice
    existing_subtitles: tuple[ExistingSubtitle, ...]
    decision: Decision
    spoken_language: Language | None
    routing: RoutingTable
    available: AvailableSources
    approved_source: ApprovedSource | None = None
    """What a person approved of the speech, of which translations are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionRequest:
    """Which media file is inspected, and how."""

    media: Path
    facts: MediaInfo
    """What :func:`~subtitled.media.probe.probe_media` found."""
    library: LibrarySettings
    """The settings of its library."""
    fingerprint: str | None
    """The fingerprint, if known. A stored analysis then tells the spoken language."""
    sidecar_folder: Path | None = None
    """Where sidecars lie; by default beside the media file."""
    ignore_existing: bool = False
    """Decide as if there were no subtitles but approved ones."""
    is_user_requested: bool = False
    """Whether a person asks now. What a person removed before is then not counted as existing."""
    corrections: CorrectionRequests = NO_REQUESTS
    """What people asked for after corrections, and what they edit."""
    stated_language: Language | None = None
    """The language that a caller says is spoken; None: it is what was found."""
    upgrades: tuple[SidecarRecord, ...] = ()
    """The sidecars that are to be made again."""


def inspect_media(
    request: InspectionRequest,
    configuration: Configuration,
    transcripts: TranscriptStore,
    sidecars: SidecarRepository,
    judgements: JudgementRepository,
) -> MediaReport:
    """Choose the main track and decide what is missing.

    Args:
        request: The media file.
        configuration: The configuration with its engines and translators.
        transcripts: The store of analyses.
        sidecars: The repository of sidecars.
        judgements: What is known of the texts that others made.

    Raises:
        NoAudioError: The file has no audio track, or none that its library names.
        SubtitledError: Its folder, or a file beside it, cannot be read.
    """
    try:
        return _inspect(request, configuration, transcripts, sidecars, judgements)
    except OSError as error:
        named = error.filename if isinstance(error.filename, str | bytes) else request.media
        raise unreadable_error(Path(os.fsdecode(named)), error) from error


def _inspect(
    request: InspectionRequest,
    configuration: Configuration,
    transcripts: TranscriptStore,
    sidecars: SidecarRepository,
    judgements: JudgementRepository,
) -> MediaReport:
    media, library = request.media, request.library
    facts = select_tracks(request.facts, library.tracks, library.channels)
    fingerprint, ignore_existing = request.fingerprint, request.ignore_existing
    silent = transcripts.silent_tracks(fingerprint) if fingerprint else ()
    choice = choose_audio_track(facts, library.preferred_audio_languages, silent)
    analysis = transcripts.analysis(fingerprint, choice.track.index) if fingerprint else None
    routing = routing_for(configuration, library, facts.duration)
    means = find_means(configuration, library, routing)
    if request.stated_language is not None and analysis is not None:
        analysis = analysis.with_statement(request.stated_language)
    spoken = request.stated_language or known_language(analysis, means)
    folder = request.sidecar_folder or media.parent
    names = _folder_names(media, request.sidecar_folder)
    if ignore_existing:
        # What a person approved is never made again, not even for a person.
        names = approved_names(sidecars, media, fingerprint, folder, names)
    taken = find_taken_names(sidecars, media, fingerprint, folder, names)
    names = [name for name in names if name not in taken]

    def ownership_of(path: Path) -> Ownership:
        return sidecars.ownership(path, fingerprint, judgements.content_hash(path))

    judge = TextJudge(
        judgements=judgements, media=media, facts=facts, fingerprint=fingerprint, folder=folder
    )
    existing_files = judge.judge(
        existing_subtitles(media, facts, names, ownership_of, folder),
        _media_length(facts, analysis),
        _relevant_languages(library, spoken, choice.track.language),
    )
    approved_source = find_approved_source(
        existing_files,
        folder,
        SpokenTrack.find(
            (fingerprint, choice.track.index), analysis, configuration, routing, transcripts
        ),
        sidecars,
        resolve_state_dir(configuration.settings) / REMOVED_FOLDER,
    )
    if approved_source is not None:
        existing_files = mark_translations(
            existing_files,
            folder,
            approved_source,
            sidecars,
            request.corrections,
            is_automatic=library.translate_corrections,
        )
    existing_files = mark_other_readings(
        existing_files, folder, analysis, sidecars, request.corrections
    )
    removed = (
        () if request.is_user_requested or ignore_existing else _removed_by_user(sidecars, media)
    )
    removed_subtitles = tuple(item for item in removed if item.format not in SUMMARY_SUFFIXES)
    existing = (*existing_files, *removed_subtitles)
    if ignore_existing:
        existing = tuple(item for item in existing_files if item.is_approved)
    summaries = (
        *existing_summaries(media, names, ownership_of, folder),
        *(item for item in removed if item.format in SUMMARY_SUFFIXES),
    )

    def find_analysis(track: int) -> TrackAnalysis | None:
        return transcripts.analysis(fingerprint, track) if fingerprint else None

    material = replace(
        _available_sources(existing_files, analysis, routing, summaries),
        tracks=list_other_tracks(facts, choice, find_analysis),
        is_silent=choice.track.index in silent,
        can_detect_language=bool(means.identifiers),
        language_news=describe_new_means(analysis, means) if spoken is None else "",
    )
    decide_about = partial(
        decide,
        library,
        tagged=_guess_language(choice.track.language, means),
        spoken=spoken,
        can_make=partial(describe_audio_path, routing),
        material=material,
    )
    decision = decide_about(existing)
    if request.upgrades and not ignore_existing:
        decision = add_upgrades(
            decision,
            UpgradeQuestion(
                requested=request.upgrades,
                existing=existing,
                begun=request.corrections.begun,
                spoken=spoken,
                decide=decide_about,
                find_makers=partial(
                    _find_makers, configuration, routing, spoken, material.foreign_speech
                ),
            ),
        )
    if ignore_existing:
        decision = refuse_locked(decision, existing, spoken, sidecars, folder)
    if spoken is not None or not decision.needs_analysis:
        decision = leave_taken_names(decision, media, taken)
    return MediaReport(
        media=media,
        facts=facts,
        track_choice=choice,
        existing_subtitles=existing,
        decision=decision,
        spoken_language=spoken,
        routing=routing,
        available=material,
        approved_source=approved_source,
    )


def _find_makers(
    configuration: Configuration,
    routing: RoutingTable,
    spoken: Language | None,
    foreign: ForeignSpeech | None,
    requirement: Requirement,
) -> Makers:
    """Return what would make a subtitle."""
    likely = spoken or requirement.language
    assert likely is not None
    return find_first_makers(configuration, plan_target(routing, requirement, likely, foreign))


def _guess_language(tag: Language, means: LanguageMeans) -> Language:
    """Return what to take for the spoken language while nobody looked for it; perhaps ``und``."""
    if tag.is_known or means.identifiers or means.assumed is None:
        return tag
    return means.assumed


def _media_length(facts: MediaInfo, analysis: TrackAnalysis | None) -> MediaLength:
    if analysis is None:
        return MediaLength(facts.duration, has_video=facts.has_video)
    return MediaLength(
        facts.duration,
        sum(span.end - span.start for span in analysis.speech),
        max((span.end for span in analysis.speech), default=0.0),
        facts.has_video,
    )


def _relevant_languages(
    library: LibrarySettings, spoken: Language | None, tagged: Language
) -> tuple[Language, ...]:
    """Return the languages of texts that can change the decision, the most likely first."""
    assumed = spoken or tagged
    wanted = chain(library.languages, library.forced, *library.bilingual)
    named = (Language(code) for code in wanted if code != ORIGINAL)
    known = [assumed] if assumed.is_known else []
    return tuple(dict.fromkeys((*known, *named, *library.sources.pivot_languages)))


def _available_sources(
    subtitles: Sequence[ExistingSubtitle],
    analysis: TrackAnalysis | None,
    routing: RoutingTable,
    summaries: tuple[ExistingSubtitle, ...],
) -> AvailableSources:
    foreign = None
    if analysis is not None and analysis.language is not None:
        foreign = find_foreign_speech(
            analysis.language_segments, analysis.speech, analysis.language
        )
    return AvailableSources(
        subtitles=tuple(subtitles),
        foreign_speech=foreign,
        can_translate=partial(describe_text_path, routing),
        summaries=summaries,
        generators=tuple(name for name, _ in routing.generators),
    )


def _removed_by_user(sidecars: SidecarRepository, media: Path) -> tuple[ExistingSubtitle, ...]:
    """Return what a person removed beside a media file.

    It counts as existing and is not made again.
    """
    return tuple(
        ExistingSubtitle(
            language=sidecar.language,
            kind=sidecar.kind,
            origin=REMOVED_BY_USER,
            location=sidecar.path.name,
            format=sidecar.format,
            is_ours=True,
            secondary=parsed_name.secondary
            if (parsed_name := parse_sidecar_name(media.name, sidecar.path.name))
            else None,
        )
        for sidecar in sidecars.of_media(media)
        if sidecar.status is SidecarStatus.REMOVED_BY_USER
    )


def _folder_names(media: Path, sidecar_folder: Path | None) -> list[str]:
    """Return the names beside a media file with its folders of subtitles, or in another folder."""
    if sidecar_folder is None:
        return list_names(media)
    return [os.fsdecode(entry.name) for entry in os.scandir(sidecar_folder)]
