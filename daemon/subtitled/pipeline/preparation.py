"""The first steps of a job: probing, choosing and analysing the main track, and the plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from subtitled.db.records import FileState
from subtitled.jobcontext.context import JobContext
from subtitled.jobcontext.job import JobResult
from subtitled.library.exclusions import is_in_disc
from subtitled.media.probe import MediaInfo, probe_media
from subtitled.media.track_selection import select_tracks
from subtitled.plugin import InputRejectedError, Language, TransientError
from subtitled.plugin.paths import display_path
from subtitled.policy.requirements import NOBODY_SPEAKS, Origin, no_route
from subtitled.routing.production_plan import JOB_PLAN, JobPlan, plan_target
from subtitled.routing.table import RouteKind
from subtitled.subtitles.filenames import build_sidecar_path
from subtitled.subtitles.publish import check_writable
from subtitled.transcription.early_start import is_new, prepare_glossary, start_engine_early
from subtitled.transcription.track_analysis import TrackAnalyser, pcm_path
from subtitled.transcripts.models import Selection

from .first_parts import serve_first_parts
from .fulfilment import Producer
from .partial_subtitle import PartialSubtitles
from .planning import InspectionRequest, MediaReport, inspect_media
from .source_correction import CorrectionRequests
from .spoken_tracks import is_unanalysed_set
from .summary_planning import plan_summaries

_SHORT = Language("en")
"""Stands for a language that is not known yet, where only the length of a name matters."""
_FACTS: TypeAdapter[MediaInfo] = TypeAdapter(MediaInfo)
NOTHING_MISSING = "everything wanted is there"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedJob:
    """A job whose main track is analysed, with what is to be produced."""

    ctx: JobContext
    facts: MediaInfo
    analyser: TrackAnalyser
    track: int
    """The index of the main track."""
    plan: JobPlan

    def create_producer(self) -> Producer:
        """Create a producer of its subtitles."""
        return Producer(
            ctx=self.ctx, analyser=self.analyser, facts=self.facts, main_track=self.track
        )

    def plan_again(self) -> JobPlan:
        """Return the plan for the language that the analysis found."""
        return _plan(self.ctx, self.facts, "decide again")

    def planned_again(self) -> PreparedJob:
        """Return the job with that plan."""
        return replace(self, plan=self.plan_again())


def prepare_job(
    ctx: JobContext, partials: PartialSubtitles | None = None
) -> PreparedJob | JobResult:
    """Run the steps before anything is produced.

    Args:
        ctx: The job.
        partials: Its sidecars that grow while somebody watches; None if none may.

    Returns:
        The prepared job, or its result if there is nothing to produce.

    Raises:
        SubtitledError: A step failed.
    """
    steps, analyser = ctx.steps, TrackAnalyser(ctx)
    if not ctx.job.uses_stored_words_only and is_new(ctx.services, ctx.job.fingerprint):
        start_engine_early(ctx.services, ctx.job.library, ctx.job.fingerprint)
        prepare_glossary(ctx)
    facts = _FACTS.validate_python(steps.run("probe", partial(_probe, ctx)))
    analyser.find_engine = partial(_find_engine, ctx, facts)
    step, listened_to = "choose track", set[int]()
    while True:
        choice = steps.run(step, partial(_choose, ctx, facts))
        if choice is None:
            return JobResult(state=FileState.UP_TO_DATE, reason=NOTHING_MISSING)
        if "silent" in choice:
            return JobResult(state=FileState.NO_SPEECH, reason=choice["silent"])
        if "impossible" in choice:
            reason = "; ".join(choice["impossible"])
            return JobResult(state=FileState.IMPOSSIBLE, reason=reason)
        track = choice["track"]
        if partials is not None and not listened_to:
            serve_first_parts(partial(examine, ctx, facts), partials, ctx, facts, track)
        if not choice["needs_analysis"]:
            break
        if track in listened_to:
            return JobResult(state=FileState.NO_SPEECH, reason=NOBODY_SPEAKS)
        if analyser.analyse(facts, track, main=not listened_to) is not None:
            analyser.analyse_versions(facts, track)
            break
        # Nobody speaks on it. Perhaps somebody does on another.
        listened_to.add(track)
        step = f"choose track after {track}"
    plan = _plan(ctx, facts, "decide")
    return PreparedJob(ctx=ctx, facts=facts, analyser=analyser, track=track, plan=plan)


def _plan(ctx: JobContext, facts: MediaInfo, step: str) -> JobPlan:
    return JOB_PLAN.validate_python(ctx.steps.run(step, partial(_decide, ctx, facts)))


# The steps. Each can be repeated safely.


def _probe(ctx: JobContext) -> Any:
    """Return the streams of the file with the audio tracks and channels that its library names.

    If others were named before, what was found in them is forgotten.
    """
    ctx.progress("probing the file", 0.0)
    library, store, fingerprint = ctx.job.library, ctx.services.store, ctx.job.fingerprint
    facts = select_tracks(probe_media(ctx.job.media), library.tracks, library.channels)
    selection = Selection(library.tracks, library.channels)
    if not ctx.job.uses_stored_words_only and store.selection(fingerprint) != selection:
        for track in store.tracks(fingerprint):
            pcm_path(ctx.services.scratch, fingerprint, track).unlink(missing_ok=True)
        store.change_selection(fingerprint, selection)
    return _FACTS.dump_python(facts, mode="json")


def _choose(ctx: JobContext, facts: MediaInfo) -> dict[str, Any] | None:
    """Choose the main track.

    Returns:
        ``track`` and whether it ``needs_analysis`` before a decision, ``impossible`` with the
        reasons why nothing that is missing can be produced, ``silent`` with the reason if nobody
        speaks and nothing else can be made, or None if nothing is missing.
    """
    job, report = ctx.job, examine(ctx, facts)
    _remember_statement(ctx, report.track_choice.track.index)
    if not report.decision.has_work and (report.decision.is_silent or not job.force):
        impossible = list(report.decision.unsatisfiable)
        if impossible:
            return {"impossible": impossible}
        return {"silent": NOBODY_SPEAKS} if report.decision.is_silent else None
    folder = job.output_folder or job.media.parent
    if is_in_disc(folder):
        raise InputRejectedError(
            f"{display_path(folder)} is part of a disc, and nothing is written into its structure",
            "Name another folder with --output-dir, or make one file of the film",
        )
    check_writable(folder)
    # A name that is too long is refused here, before anything is paid for.
    for requirement in report.decision.requirements:
        for fmt in requirement.formats:
            below = (requirement.secondary.language or _SHORT) if requirement.secondary else None
            language = requirement.language or _SHORT
            build_sidecar_path(
                job.media, language, requirement.kind, fmt, below, job.library.filenames
            )
    track = report.track_choice.track
    is_unanalysed = is_unanalysed_set(
        facts, track, partial(ctx.services.store.analysis, job.fingerprint)
    )
    return {
        "track": track.index,
        "needs_analysis": report.decision.needs_analysis or is_unanalysed,
    }


def _remember_statement(ctx: JobContext, track: int) -> None:
    """Store the language that the caller says is spoken, also if nothing is missing in it."""
    store, spoken = ctx.services.store, ctx.job.spoken
    analysis = store.analysis(ctx.job.fingerprint, track)
    if spoken is not None and analysis is not None and analysis.speech:
        store.save_analysis(ctx.job.fingerprint, track, analysis.with_statement(spoken))


def _decide(ctx: JobContext, facts: MediaInfo) -> Any:
    """Decide what is produced and by which paths, as JSON."""
    report = examine(ctx, facts)
    if report.spoken_language is None and report.decision.needs_analysis:
        # The track was analysed before the configuration changed.
        raise TransientError(
            "the engines that can tell the spoken language changed during the job",
            "It is planned again at the next try",
        )
    requirements, impossible = [], list(report.decision.unsatisfiable)
    for requirement in report.decision.requirements:
        spoken = report.spoken_language or requirement.language
        assert spoken is not None
        target = plan_target(report.routing, requirement, spoken, report.available.foreign_speech)
        if target.is_possible:
            requirements.append(target)
        else:
            impossible.append(f"{target}: {no_route(spoken)}")
    for upgrade in report.decision.upgrades:
        assert upgrade.language is not None
        spoken = report.spoken_language or upgrade.language
        target = plan_target(report.routing, upgrade, spoken, report.available.foreign_speech)
        if target.is_possible:
            requirements.append(replace(target, is_upgrade=True))
    summaries, unwritable = plan_summaries(ctx.job.media, report)
    plan = JobPlan(
        tuple(requirements), (*impossible, *unwritable), summaries, report.approved_source
    )
    return JOB_PLAN.dump_python(plan, mode="json")


def _find_engine(ctx: JobContext, facts: MediaInfo, spoken: Language) -> str | None:
    """Return the engine whose transcript of the main track the first subtitle is made of.

    Args:
        ctx: The job.
        facts: The tracks of the media file.
        spoken: The language that is probably spoken.
    """
    report = examine(ctx, facts, spoken)
    for requirement in report.decision.requirements:
        target = plan_target(report.routing, requirement, spoken, report.available.foreign_speech)
        for path in target.paths:
            route = path.segments[0].route if len(path.segments) == 1 else None
            if path.source.origin is not Origin.AUDIO or not path.source.is_main or route is None:
                return None
            return None if route.kind is RouteKind.TRANSLATE_SPEECH else route.engine
    return None


def examine(ctx: JobContext, facts: MediaInfo, spoken: Language | None = None) -> MediaReport:
    """Return what the file of a job has and needs now, or would if a language is spoken in it."""
    job, services = ctx.job, ctx.services
    request = InspectionRequest(
        media=job.media,
        facts=facts,
        library=job.library,
        fingerprint=job.fingerprint,
        sidecar_folder=job.output_folder,
        ignore_existing=job.force,
        is_user_requested=job.user_requested,
        stated_language=job.spoken or spoken,
        corrections=CorrectionRequests.read(services.db, job.media, job.fingerprint),
        upgrades=tuple(services.db.upgrades.requested(job.media)),
    )
    db = services.db
    return inspect_media(request, services.config, services.store, db.sidecars, db.judgements)
