"""Making subtitles of ours again: the old one stays until the new one is there and no worse.

The new text is rendered, read back and compared with the file that it would replace. Only then is
that file kept in the state folder and replaced. Each step can be repeated: a crash leaves the old
file or the new one, complete, and the copy of the old one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from subtitled.db.sidecars import SidecarRecord, SidecarStatus
from subtitled.jobcontext.context import JobContext
from subtitled.library.archive import SidecarArchive
from subtitled.plugin import InputRejectedError, SubtitlePublished, TransientError
from subtitled.plugin.paths import display_path
from subtitled.policy.cue_rules import cue_rules_for
from subtitled.routing.makers import find_first_makers, find_makers
from subtitled.routing.production_plan import JobPlan, TargetPlan
from subtitled.subtitles.evaluation.versions import find_worsening, measure_version
from subtitled.subtitles.formats import TIMED_FORMATS, read_subtitle
from subtitled.subtitles.makers import Makers
from subtitled.subtitles.ownership import SidecarDescription, Signature
from subtitled.subtitles.publish import ForeignFileError, publish_sidecar
from subtitled.subtitles.quality_estimation import estimate_quality

from .fulfilment import Producer
from .locks import SidecarIdentity, find_lock, read_sidecar
from .produced import Produced
from .quality_estimates import keep_estimate
from .quality_evidence import TextSource, gather_evidence
from .rendering import render_produced


def upgrade_targets(
    ctx: JobContext,
    producer: Producer,
    plan: JobPlan,
    done: list[str],
    made: list[SubtitlePublished],
) -> tuple[str, ...]:
    """Make again the subtitles of a plan that are there.

    Args:
        ctx: The job.
        producer: Produces its subtitles.
        plan: What the job does.
        done: Takes what was replaced.
        made: Takes the files that were replaced.

    Returns:
        Why others stay as they are.

    Raises:
        MainLanguageError: The plan is for another spoken language.
        SubtitledError: Something that may work later, or concerns every subtitle.
    """
    kept = []
    for target in plan.targets:
        if not target.is_upgrade:
            continue
        produced = _produce(producer, target)
        if isinstance(produced, str):
            step = partial(_keep, ctx, target, produced)
        else:
            step = partial(_replace, ctx, producer, target, produced)
        outcome = ctx.steps.run(f"upgrade {target}", step)
        if outcome.get("kept"):
            kept.append(f"{target}: {outcome['kept']}")
        for name in outcome.get("paths", ()):
            sidecar = Path(os.fsdecode(bytes.fromhex(name)))
            made.append(SubtitlePublished(ctx.job.media, sidecar, target.language, target.kind))
        if outcome.get("paths"):
            done.append(f"{target} again by {outcome['by']}")
    return tuple(kept)


def _produce(producer: Producer, target: TargetPlan) -> Produced | str:
    """Return what was produced, or why nothing was. The old subtitle is there in any case."""
    try:
        produced = producer.produce(target)
    except InputRejectedError as error:
        return str(error)
    if produced.subtitle is None:
        return "; ".join(produced.refused) or "no speech could be recognised"
    return produced


@dataclass(frozen=True, slots=True)
class _Replacement:
    """A file with the content that may replace it."""

    record: SidecarRecord
    content: bytes
    found: bytes | None
    """What is on the disk now."""

    @property
    def is_old(self) -> bool:
        """Whether the file is as it was recorded."""
        return _digest(self.found) == self.record.sha256

    @property
    def is_written(self) -> bool:
        """Whether it is the new one already, because a crash came before that was recorded."""
        return self.found == self.content


# The steps. Each can be repeated safely.


def _keep(ctx: JobContext, target: TargetPlan, reason: str) -> dict[str, object]:
    """Record that nothing could be made, so that what is there stays."""
    makers = find_first_makers(ctx.services.config, target)
    return _record_kept(ctx, _requested(ctx, target), makers, reason)


def _record_kept(
    ctx: JobContext, records: list[SidecarRecord], makers: Makers, reason: str
) -> dict[str, object]:
    note = f"{makers} made nothing better: {reason}"
    ctx.services.db.upgrades.record_kept([record.path for record in records], makers, note)
    return {"kept": f"kept as it is; {note}"} if records else {}


def _replace(
    ctx: JobContext, producer: Producer, target: TargetPlan, produced: Produced
) -> dict[str, object]:
    """Replace the files of a subtitle by what was produced, if that is no worse.

    Returns:
        The ``paths`` that were replaced, as hexadecimal bytes, and ``by`` what; or why the files
        were ``kept``. Nothing, if no file is to be replaced any more.
    """
    ctx.ensure_unchanged()
    path = produced.path
    assert path is not None
    makers = find_makers(ctx.services.config, path)
    tried = find_first_makers(ctx.services.config, target)
    records = _requested(ctx, target)
    if records and all(record.makers == makers for record in records):
        return _record_kept(ctx, records, tried, "; ".join(produced.refused))
    files = []
    for record in records:
        content, _ = render_produced(produced, record.format, ctx.job.library)
        file = _Replacement(record, content, read_sidecar(record.path))
        if (file.is_old or file.is_written) and _lock_of(ctx, record) is None:
            files.append(file)
    source = producer.text_source(produced)
    is_decided = any(file.is_written for file in files) or bool(_replaced(ctx, target, makers))
    if files and not is_decided:
        worse = _compare(ctx, files[0], source)
        if worse is not None:
            return _record_kept(ctx, records, tried, worse)
    for file in files:
        _replace_one(ctx, file, makers, produced.how)
    replaced = _replaced(ctx, target, makers)
    for record in replaced:
        _, subtitle = render_produced(produced, record.format, ctx.job.library)
        keep_estimate(ctx, record.path, subtitle, source)
    return {"paths": [os.fsencode(record.path).hex() for record in replaced], "by": str(makers)}


def _requested(ctx: JobContext, target: TargetPlan) -> list[SidecarRecord]:
    """Return the files of a subtitle that are to be replaced, the best to compare first."""
    order = (*TIMED_FORMATS, "txt")
    requested = ctx.services.db.upgrades.requested(ctx.job.media)
    return sorted(
        _of_target(requested, target),
        key=lambda record: (order.index(record.format), record.path),
    )


def _replaced(ctx: JobContext, target: TargetPlan, makers: Makers) -> list[SidecarRecord]:
    """Return the files of a subtitle that were replaced, before an interruption too."""
    return [
        record
        for record in _of_target(ctx.services.db.sidecars.of_media(ctx.job.media), target)
        if record.makers == makers
        and record.status is SidecarStatus.PRESENT
        and not record.is_upgrade_requested
    ]


def _of_target(records: Iterable[SidecarRecord], target: TargetPlan) -> list[SidecarRecord]:
    below = target.secondary.language if target.secondary is not None else None
    identity = SidecarIdentity(language=target.language, kind=target.kind, secondary=below)
    return [
        record
        for record in records
        if record.format in target.formats and SidecarIdentity.of_record(record) == identity
    ]


def _lock_of(ctx: JobContext, record: SidecarRecord) -> str | None:
    job, identity = ctx.job, SidecarIdentity.of_record(record)
    return find_lock(ctx.services.db.sidecars, job.media, job.fingerprint, record.path, identity)


def _compare(ctx: JobContext, file: _Replacement, source: TextSource) -> str | None:
    """Return in what the new content is worse than the old, as both read back; None if it is not.

    Nothing is measured of a text without times, and of one that cannot be read.
    """
    record, db = file.record, ctx.services.db
    try:
        new = read_subtitle(file.content, record.format, None, record.language).cues
    except InputRejectedError as error:
        return str(error)
    if record.format not in TIMED_FORMATS:
        return None if new else "it has no text"
    assert file.found is not None
    try:
        old = read_subtitle(file.found, record.format, None, record.language).cues
    except InputRejectedError:
        return None
    rules = source.rules or cue_rules_for(ctx.job.library, record.language, translation=False)
    store = ctx.services.store
    new_evidence = gather_evidence(store, source, new)
    old_evidence = gather_evidence(store, source, old)
    # What other engines understood speaks against the new text as much as against the old one.
    without_others = replace(new_evidence, other_readings=())
    estimated = estimate_quality(new, without_others).expected_errors
    return find_worsening(
        measure_version(old, old_evidence, rules, db.upgrades.estimated_errors(record)),
        measure_version(new, new_evidence, rules, estimated),
    )


def _replace_one(ctx: JobContext, file: _Replacement, makers: Makers, how: str) -> None:
    """Keep a file in the state folder, replace it, read it back and record that.

    It stays if somebody else changes it at the last moment.

    Raises:
        SubtitledError: It cannot be written, or does not read back as it was written.
    """
    job, db, record = ctx.job, ctx.services.db, file.record
    archive, fmt = SidecarArchive(db), record.format
    if file.is_old and not file.is_written:
        assert file.found is not None
        archive.keep(file.found, fmt)
    description = SidecarDescription(
        name=record.path.name,
        fingerprint=job.fingerprint,
        language=record.language,
        kind=record.kind,
        format=fmt,
        variant=how,
        makers=makers,
    )
    signature = Signature.create(file.content, description)
    try:
        publish_sidecar(record.path, file.content, own_digest=record.sha256, signature=signature)
    except ForeignFileError:
        return
    if read_sidecar(record.path) != file.content:
        raise TransientError(
            f"{display_path(record.path)} does not read back as it was written",
            "Check the disk. The version before is kept in the state folder",
        )
    kept = None if file.is_old and file.is_written else _kept_version(archive, record)
    db.sidecars.record_written(
        record.path,
        job.media,
        signature,
        is_user_requested=record.is_user_requested,
        replaced=kept,
    )
    if record.replaced is not None and record.replaced.sha256 != record.sha256:
        archive.discard(record.replaced.sha256, record)


def _kept_version(archive: SidecarArchive, record: SidecarRecord) -> Signature | None:
    """Return the signature of the version that is replaced, if its content is kept."""
    content = archive.find(record.sha256, record.format)
    return record.to_signature(len(content)) if content is not None else None


def _digest(content: bytes | None) -> str:
    return hashlib.sha256(content).hexdigest() if content is not None else ""
