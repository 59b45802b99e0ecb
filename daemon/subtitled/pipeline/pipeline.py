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

from subtitled.jobcontext.context import JobContext
from subtitled.jobcontext.job import Job, JobResult, StepRunner
from subtitled.jobcontext.services import Services
from subtitled.library.following import replace_namesakes
from subtitled.library.records import FileState
from subtitled.library.wishes import unmade
from subtitled.media.probe import MediaFacts, probe
from subtitled.plugin import Kind, Language, Published, Subtitle
from subtitled.routing.production_plan import PLAN, Plan, planned
from subtitled.subtitles.formats import render
from subtitled.subtitles.names import sidecar_path
from subtitled.subtitles.ownership import Provenance
from subtitled.subtitles.publish import can_write, file_sha256, publish
from subtitled.summaries.steps import SummarySteps
from subtitled.transcription.track_analysis import TrackAnalyser

from .fulfilment import Producer, render_bilingual
from .planning import Examination, examine, planned_summaries

_SHORT = Language("en")
"""Stands for a language that is not known yet where only the length of a name matters."""
_FACTS: TypeAdapter[MediaFacts] = TypeAdapter(MediaFacts)


def run_job(
    job: Job, services: Services, steps: StepRunner, made: list[Published] | None = None
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
        return JobResult(FileState.NO_SPEECH, "nobody speaks in it")
    plan = PLAN.validate_python(steps.run("decide", partial(_decide, ctx, facts)))
    producer = Producer(ctx, analyser, facts, track)
    refused = list(plan.impossible)
    done: list[str] = []
    for wish in plan.wishes:
        produced = producer.produce(wish)
        if produced.silent and wish.kind is Kind.FULL and wish.below is None:
            return JobResult(
                FileState.NO_SPEECH,
                "nothing that was said could be recognised",
                analyser.spoken_language(track),
                tuple(made),
            )
        if produced.subtitle is None:
            refused += (f"{wish}: {why}" for why in produced.refused)
            continue
        subtitle, how = produced.subtitle, produced.how
        done.append(str(wish))
        for fmt in wish.formats:
            path = steps.run(
                f"publish {wish}.{fmt}",
                partial(_publish, ctx, fmt, subtitle, how, produced.below),
            )
            sidecar = Path(os.fsdecode(bytes.fromhex(path)))
            made.append(Published(job.media, sidecar, wish.language, wish.kind))
    written = SummarySteps(ctx, analyser, track, producer.words).write(plan.summaries)
    done, refused = [*done, *written.done], [*refused, *written.refused]
    result = _result(done, refused, analyser.spoken_language(track), tuple(made))
    return replace(result, deferred_error=written.deferred_error)


def _result(
    done: list[str], refused: list[str], spoken: Language | None, made: tuple[Published, ...]
) -> JobResult:
    impossible = "; ".join(refused)
    if done:
        reason = f"made {', '.join(done)}" + (f"; {impossible}" if impossible else "")
        return JobResult(FileState.DONE, reason, spoken, made)
    if impossible:
        return JobResult(FileState.UNSATISFIABLE, impossible, spoken)
    return JobResult(FileState.NOTHING_TO_DO, "everything wanted is there", spoken)


# The steps. Each may be run again without harm.


def _probe(ctx: JobContext) -> Any:
    ctx.progress("looking at the file", 0.0)
    return _FACTS.dump_python(probe(ctx.job.media), mode="json")


def _choose(ctx: JobContext, facts: MediaFacts) -> dict[str, Any] | None:
    """The index of the main track and whether it must be analysed before anything can be
    decided; or why nothing that is missing can be made; or None if nothing is missing."""
    job, seen = ctx.job, _examine(ctx, facts)
    if not job.force and not seen.decision.is_work:
        impossible = list(seen.decision.impossible)
        return {"impossible": impossible} if impossible else None
    can_write(job.folder or job.media.parent)
    for wish in seen.decision.make:  # a name that would be too long is refused here, unpaid
        for fmt in wish.formats:
            below = (wish.below.language or _SHORT) if wish.below else None
            language = wish.language or _SHORT
            sidecar_path(job.media, language, wish.kind, fmt, below, job.library.names)
    return {"track": seen.choice.track.index, "listen": seen.decision.needs_listening}


def _decide(ctx: JobContext, facts: MediaFacts) -> Any:
    """What is to be made and by which paths, as JSON."""
    seen = _examine(ctx, facts)
    wishes, impossible = [], list(seen.decision.impossible)
    for wish in seen.decision.make:
        spoken = seen.spoken or wish.language
        assert spoken is not None
        one = planned(seen.routes, wish, spoken, seen.material.foreign)
        if one.possible:
            wishes.append(one)
        else:
            impossible.append(f"{one}: {unmade(spoken)}")
    summaries, unnamed = planned_summaries(ctx.job.media, seen)
    plan = Plan(tuple(wishes), (*impossible, *unnamed), summaries)
    return PLAN.dump_python(plan, mode="json")


def _publish(
    ctx: JobContext, fmt: str, subtitle: Subtitle, how: str, below: Subtitle | None = None
) -> str:
    """Write one sidecar and remember it; its path as hexadecimal bytes: not all are text.
    With ``below``, what that says stands below what ``subtitle`` says."""
    job, db = ctx.job, ctx.services.db
    target, kind = subtitle.language, subtitle.kind
    ctx.progress(f"writing {target}.{fmt}", 1.0)
    ctx.ensure_unchanged()
    lower = below.language if below else None
    path = sidecar_path(job.media, target, kind, fmt, lower, job.library.names)
    if job.folder is not None:
        path = job.folder / path.name
    ours = db.sidecars.replaceable(path, job.fingerprint)
    if job.force and path.exists():
        ours = file_sha256(path)
    content = (
        render_bilingual(subtitle, below, fmt, job.library) if below else render(subtitle, fmt)
    )
    made = Provenance.of(content, path.name, job.fingerprint, target, fmt, how, kind)
    publish(path, content, ours=ours, provenance=made)
    db.sidecars.record(path, job.media, made, by_hand=job.user_requested)
    replace_namesakes(db, job.media, path)
    return os.fsencode(path).hex()


def _examine(ctx: JobContext, facts: MediaFacts) -> Examination:
    job, services = ctx.job, ctx.services
    return examine(
        job.media,
        facts,
        job.library,
        services.config,
        content=job.fingerprint,
        transcripts=services.store,
        sidecars=services.db.sidecars,
        sidecar_folder=job.folder,
        ignore_existing=job.force,
        by_hand=job.user_requested,
    )
