"""The workflow from a media file to its sidecars, a plain function over durable steps.

Everything slow or external is a step with a small JSON result. Only those results decide which
steps follow, so a workflow that continues after a crash takes the same way.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from subtitled.db.records import FileState
from subtitled.jobcontext.context import JobContext
from subtitled.jobcontext.job import Job, JobResult, StepRunner
from subtitled.jobcontext.services import Services
from subtitled.library.moves import remove_renamed_duplicates
from subtitled.media.probe import MediaInfo
from subtitled.plugin import Language, SubtitleKind, SubtitlePublished
from subtitled.plugin.paths import display_path
from subtitled.routing.makers import find_makers
from subtitled.routing.production_plan import JobPlan
from subtitled.subtitles.filenames import build_sidecar_path
from subtitled.subtitles.ownership import SidecarDescription, Signature
from subtitled.subtitles.publish import (
    ForeignFileError,
    compute_sha256,
    publish_sidecar,
)
from subtitled.summaries.steps import SummarySteps

from .fulfilment import MAX_NEW_PLANS, MainLanguageError, Producer
from .locks import SidecarIdentity, find_lock
from .partial_subtitle import PartialSubtitles
from .preparation import NOTHING_MISSING, examine, prepare_job
from .produced import Produced
from .quality_estimates import keep_estimate
from .rendering import render_produced
from .resync import resync_others
from .shared_names import describe_owner, find_other_owner
from .upgrading import upgrade_targets

BESIDE_TAG = "subtitled"
"""The tag in the name of our sidecar where a file that is no subtitle has the usual name."""


def run_job(
    job: Job, services: Services, steps: StepRunner, made: list[SubtitlePublished] | None = None
) -> JobResult:
    """Run a job from end to end.

    Args:
        job: The media file and what its library wants.
        services: What the job uses.
        steps: How its steps are run.
        made: A list that takes what is published, even if the job fails afterwards.

    Returns:
        The state of the file and why.

    Raises:
        SubtitledError: Something failed. Its hint says what to do.
    """
    made = [] if made is None else made
    ctx = JobContext(job, services, steps)
    with PartialSubtitles(ctx) as partials:
        return _run(ctx, made, partials)


def _run(ctx: JobContext, made: list[SubtitlePublished], partials: PartialSubtitles) -> JobResult:
    done: list[str] = []
    silent = set[int]()
    while True:
        prepared = prepare_job(ctx, partials)
        if isinstance(prepared, JobResult):
            return prepared
        analyser, track, plan = prepared.analyser, prepared.track, prepared.plan
        producer = prepared.create_producer()
        for plans_left in reversed(range(MAX_NEW_PLANS + 1)):
            try:
                with producer.translating_early(plan, done):
                    produced = _produce_targets(ctx, producer, plan, done, made, partials)
                break
            except MainLanguageError:
                # The plan was for another language. What was published stays, but what an engine
                # translated from another reading of the speech is made again.
                done[:] = [name for name in done if name not in producer.translated_speech]
                if not plans_left:
                    raise
                plan = prepared.plan_again()
        is_more_silent = not producer.silent_tracks <= silent
        silent |= producer.silent_tracks
        if done or not is_more_silent or len(silent) == len(prepared.facts.audio_tracks):
            break
        # The plan followed the tag of a track on which nobody speaks. Perhaps somebody does on
        # another.
    if produced.is_silent:
        reason, spoken = "no speech could be recognised", analyser.spoken_language(track)
        return JobResult(state=FileState.NO_SPEECH, reason=reason, spoken=spoken, made=tuple(made))
    summaries = SummarySteps(ctx, analyser, track, producer.words).write(plan.summaries)
    made += resync_others(ctx, prepared.facts, track)
    done, refused = [*done, *summaries.done], [*produced.refused, *summaries.refused]
    result = _result(done, refused, produced.kept, analyser.spoken_language(track), tuple(made))
    return replace(result, deferred_error=summaries.deferred_error)


@dataclass(frozen=True, slots=True)
class _TargetsResult:
    """What became of the targets of a plan."""

    refused: tuple[str, ...]
    kept: tuple[str, ...] = ()
    """Why subtitles that were made again stay as they were."""
    is_silent: bool = False
    """Whether no speech was recognised, which ends the job."""


def _produce_targets(
    ctx: JobContext,
    producer: Producer,
    plan: JobPlan,
    done: list[str],
    made: list[SubtitlePublished],
    partials: PartialSubtitles,
) -> _TargetsResult:
    """Produce and publish the targets of a plan that are not in ``done``, and add them to it.

    Raises:
        MainLanguageError: The plan is for another spoken language.
    """
    producer.approved_source = plan.approved_source
    refused = list(plan.unsatisfiable)
    for target in plan.targets:
        if target.is_upgrade or str(target) in done:
            continue
        with partials.following(target, producer.facts.duration):
            produced = producer.produce(target)
        if produced.silent and target.kind is SubtitleKind.FULL and target.secondary is None:
            return _TargetsResult(tuple(refused), is_silent=True)
        if produced.subtitle is None:
            refused += (f"{target}: {reason}" for reason in produced.refused)
            continue
        is_published = False
        for fmt in target.formats:
            published = ctx.steps.run(
                f"publish {target}.{fmt}",
                partial(_publish, ctx, producer, fmt, produced),
            )
            if "approved" in published:
                # A person approved it while this job ran, so there is nothing left to do.
                if ctx.job.force:
                    refused.append(f"{target}: {published['approved']}")
                continue
            if "taken" in published:
                refused.append(f"{target}: {published['taken']}")
                continue
            sidecar = Path(os.fsdecode(bytes.fromhex(published["path"])))
            made.append(SubtitlePublished(ctx.job.media, sidecar, target.language, target.kind))
            is_published = True
        if is_published:
            done.append(str(target))
            if produced.is_translated_speech:
                producer.translated_speech.add(str(target))
    kept = upgrade_targets(ctx, producer, plan, done, made)
    return _TargetsResult(tuple(refused), kept)


def _result(
    done: list[str],
    refused: list[str],
    kept: tuple[str, ...],
    spoken: Language | None,
    made: tuple[SubtitlePublished, ...],
) -> JobResult:
    impossible = "; ".join(refused)
    if done:
        reason = "; ".join(filter(None, (f"made {', '.join(done)}", impossible, *kept)))
        return JobResult(state=FileState.DONE, reason=reason, spoken=spoken, made=made)
    if impossible:
        reason = "; ".join((impossible, *kept))
        return JobResult(state=FileState.IMPOSSIBLE, reason=reason, spoken=spoken)
    reason = "; ".join(kept) or NOTHING_MISSING
    return JobResult(state=FileState.UP_TO_DATE, reason=reason, spoken=spoken)


# The step of each sidecar. It can be repeated safely.


def _publish(ctx: JobContext, producer: Producer, fmt: str, produced: Produced) -> dict[str, str]:
    """Publish and record one sidecar.

    Args:
        ctx: The job.
        producer: What produced its subtitle.
        fmt: The format of the sidecar.
        produced: Its subtitle.

    Returns:
        ``path`` as hexadecimal bytes, since not every path is valid text; or why it is locked,
        since a person ``approved`` it meanwhile; or why the name is ``taken``, since another media
        file of the same stem or a person has got it meanwhile. The state is then one that is
        decided again when that sidecar is removed.
    """
    job, db, facts = ctx.job, ctx.services.db, producer.facts
    subtitle, below, how = produced.subtitle, produced.below, produced.how
    assert subtitle is not None and produced.path is not None
    target, kind = subtitle.language, subtitle.kind
    ctx.progress(f"writing {target}.{fmt}", 1.0)
    ctx.ensure_unchanged()
    secondary = below.language if below else None
    path = build_sidecar_path(job.media, target, kind, fmt, secondary, job.library.filenames)
    if job.output_folder is not None:
        path = job.output_folder / path.name
    owner = find_other_owner(db.sidecars, path, job.media, job.fingerprint)
    if owner is not None and not job.force:
        return {"taken": describe_owner(display_path(Path(path.name)), owner)}
    identity = SidecarIdentity(language=target, kind=kind, secondary=secondary)
    lock = find_lock(db.sidecars, job.media, job.fingerprint, path, identity)
    if lock is not None:
        return {"approved": lock}
    own_digest = db.sidecars.own_digest(path, job.fingerprint)
    if own_digest is None and not job.force and _is_no_substitute(ctx, facts, path, target):
        # It is somebody else's and stays, so ours gets a name beside it.
        settings = job.library.filenames.model_copy(update={"tag": BESIDE_TAG})
        name = build_sidecar_path(job.media, target, kind, fmt, secondary, settings).name
        path = path.with_name(name)
        own_digest = db.sidecars.own_digest(path, job.fingerprint)
    if job.force and path.exists():
        own_digest = compute_sha256(path)
    content, subtitle = render_produced(produced, fmt, job.library)
    description = SidecarDescription(
        name=path.name,
        fingerprint=job.fingerprint,
        language=target,
        kind=kind,
        format=fmt,
        variant=how,
        makers=find_makers(ctx.services.config, produced.path),
    )
    signature = Signature.create(content, description)
    try:
        publish_sidecar(path, content, own_digest=own_digest, signature=signature)
    except ForeignFileError as error:
        lock = find_lock(db.sidecars, job.media, job.fingerprint, path, identity)
        if lock is not None:
            return {"approved": lock}
        return {"taken": f"{error.message}; {error.hint}"}
    db.sidecars.record_written(path, job.media, signature, is_user_requested=job.user_requested)
    keep_estimate(ctx, path, subtitle, producer.text_source(produced))
    remove_renamed_duplicates(db, job.media, path)
    return {"path": os.fsencode(path).hex()}


def _is_no_substitute(ctx: JobContext, facts: MediaInfo, path: Path, target: Language) -> bool:
    """Return whether a human file is there that is no subtitle in the language of its name."""
    return os.path.lexists(path) and any(
        existing.location == path.name
        and not existing.is_ours
        and not existing.is_edited
        and (
            bool(existing.problem)
            or existing.language is None
            or not existing.language.satisfies(target)
        )
        for existing in examine(ctx, facts).existing_subtitles
    )
