"""From one media file to its sidecars: the workflow, as a plain function over durable steps.

Everything slow or external is a step, and every step's result is small JSON. What the steps find
out decides which steps follow, so that a workflow taken up again after a crash runs the same way.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from subtitled.db.records import FileState
from subtitled.jobcontext.context import JobContext
from subtitled.jobcontext.job import Job, JobResult, StepRunner
from subtitled.jobcontext.services import Services
from subtitled.library.moves import remove_renamed_duplicates
from subtitled.media.probe import MediaInfo, probe_media
from subtitled.plugin import Language, Subtitle, SubtitleKind, SubtitlePublished
from subtitled.policy.requirements import no_route
from subtitled.routing.production_plan import JOB_PLAN, JobPlan, plan_target
from subtitled.subtitles.filenames import build_sidecar_path
from subtitled.subtitles.formats import render_subtitle
from subtitled.subtitles.ownership import Signature
from subtitled.subtitles.publish import check_writable, compute_sha256, publish_sidecar
from subtitled.summaries.steps import SummarySteps
from subtitled.transcription.track_analysis import TrackAnalyser

from .fulfilment import Producer, pair_and_render
from .planning import MediaReport, inspect_media, plan_summaries

_SHORT = Language("en")
"""Stands for a language that is not known yet where only the length of a name matters."""
_FACTS: TypeAdapter[MediaInfo] = TypeAdapter(MediaInfo)


def run_job(
    job: Job, services: Services, steps: StepRunner, made: list[SubtitlePublished] | None = None
) -> JobResult:
    """Do one job from end to end; ``made`` takes what is published, however it ends.

    Raises :class:`~subtitled.plugin.Problem` with the cure.
    """
    made = [] if made is None else made
    ctx = JobContext(job, services, steps)
    analyser = TrackAnalyser(ctx)
    facts = _FACTS.validate_python(steps.run("probe", partial(_probe, ctx)))
    chosen = steps.run("choose track", partial(_choose, ctx, facts))
    if chosen is None:
        return _result([], [], None, ())
    if "impossible" in chosen:
        return _result([], chosen["impossible"], None, ())
    track = chosen["track"]
    if chosen["listen"] and analyser.analyse(facts, track) is None:
        return JobResult(FileState.NO_SPEECH, "no speech found")
    plan = JOB_PLAN.validate_python(steps.run("decide", partial(_decide, ctx, facts)))
    producer = Producer(ctx, analyser, facts, track)
    refused = list(plan.unsatisfiable)
    done: list[str] = []
    for requirement in plan.targets:
        produced = producer.produce(requirement)
        if (
            produced.silent
            and requirement.kind is SubtitleKind.FULL
            and requirement.secondary is None
        ):
            return JobResult(
                FileState.NO_SPEECH,
                "nothing that was said could be recognised",
                analyser.spoken_language(track),
                tuple(made),
            )
        if produced.subtitle is None:
            refused += (f"{requirement}: {reason}" for reason in produced.refused)
            continue
        subtitle, how = produced.subtitle, produced.how
        done.append(str(requirement))
        for fmt in requirement.formats:
            path = steps.run(
                f"publish {requirement}.{fmt}",
                partial(_publish, ctx, fmt, subtitle, how, produced.below),
            )
            sidecar = Path(os.fsdecode(bytes.fromhex(path)))
            made.append(
                SubtitlePublished(job.media, sidecar, requirement.language, requirement.kind)
            )
    written = SummarySteps(ctx, analyser, track, producer.words).write(plan.summaries)
    done, refused = [*done, *written.done], [*refused, *written.refused]
    result = _result(done, refused, analyser.spoken_language(track), tuple(made))
    return replace(result, deferred_error=written.deferred_error)


def _result(
    done: list[str],
    refused: list[str],
    spoken: Language | None,
    made: tuple[SubtitlePublished, ...],
) -> JobResult:
    impossible = "; ".join(refused)
    if done:
        reason = f"made {', '.join(done)}" + (f"; {impossible}" if impossible else "")
        return JobResult(FileState.DONE, reason, spoken, made)
    if impossible:
        return JobResult(FileState.IMPOSSIBLE, impossible, spoken)
    return JobResult(FileState.UP_TO_DATE, "everything wanted is there", spoken)


# The steps. Each may be run again without harm.


def _probe(ctx: JobContext) -> Any:
    ctx.progress("looking at the file", 0.0)
    return _FACTS.dump_python(probe_media(ctx.job.media), mode="json")


def _choose(ctx: JobContext, facts: MediaInfo) -> dict[str, Any] | None:
    """The index of the main track and whether it must be analysed before anything can be
    decided; or why nothing that is missing can be made; or None if nothing is missing."""
    job, seen = ctx.job, _examine(ctx, facts)
    if not job.force and not seen.decision.has_work:
        impossible = list(seen.decision.unsatisfiable)
        return {"impossible": impossible} if impossible else None
    check_writable(job.output_folder or job.media.parent)
    for (
        requirement
    ) in seen.decision.requirements:  # a name that would be too long is refused here, unpaid
        for fmt in requirement.formats:
            below = (requirement.secondary.language or _SHORT) if requirement.secondary else None
            language = requirement.language or _SHORT
            build_sidecar_path(
                job.media, language, requirement.kind, fmt, below, job.library.filenames
            )
    return {"track": seen.track_choice.track.index, "listen": seen.decision.needs_analysis}


def _decide(ctx: JobContext, facts: MediaInfo) -> Any:
    """What is to be made and by which paths, as JSON."""
    seen = _examine(ctx, facts)
    requirements, impossible = [], list(seen.decision.unsatisfiable)
    for requirement in seen.decision.requirements:
        spoken = seen.spoken_language or requirement.language
        assert spoken is not None
        one = plan_target(seen.routing, requirement, spoken, seen.available.foreign_speech)
        if one.is_possible:
            requirements.append(one)
        else:
            impossible.append(f"{one}: {no_route(spoken)}")
    summaries, unnamed = plan_summaries(ctx.job.media, seen)
    plan = JobPlan(tuple(requirements), (*impossible, *unnamed), summaries)
    return JOB_PLAN.dump_python(plan, mode="json")


def _publish(
    ctx: JobContext, fmt: str, subtitle: Subtitle, how: str, below: Subtitle | None = None
) -> str:
    """Write one sidecar and remember it; its path as hexadecimal bytes: not all are text.
    With ``secondary``, what that says stands secondary what ``subtitle`` says."""
    job, db = ctx.job, ctx.services.db
    target, kind = subtitle.language, subtitle.kind
    ctx.progress(f"writing {target}.{fmt}", 1.0)
    ctx.ensure_unchanged()
    lower = below.language if below else None
    path = build_sidecar_path(job.media, target, kind, fmt, lower, job.library.filenames)
    if job.output_folder is not None:
        path = job.output_folder / path.name
    ours = db.sidecars.own_digest(path, job.fingerprint)
    if job.force and path.exists():
        ours = compute_sha256(path)
    fingerprint = (
        pair_and_render(subtitle, below, fmt, job.library)
        if below
        else render_subtitle(subtitle, fmt)
    )
    made = Signature.create(fingerprint, path.name, job.fingerprint, target, fmt, how, kind)
    publish_sidecar(path, fingerprint, own_digest=ours, signature=made)
    db.sidecars.record_written(path, job.media, made, is_user_requested=job.user_requested)
    remove_renamed_duplicates(db, job.media, path)
    return os.fsencode(path).hex()


def _examine(ctx: JobContext, facts: MediaInfo) -> MediaReport:
    job, services = ctx.job, ctx.services
    return inspect_media(
        job.media,
        facts,
        job.library,
        services.config,
        fingerprint=job.fingerprint,
        transcripts=services.store,
        sidecars=services.db.sidecars,
        sidecar_folder=job.output_folder,
        ignore_existing=job.force,
        is_user_requested=job.user_requested,
    )
