"""Keeping the quality estimate of a published sidecar."""

from __future__ import annotations

from subtitled.db.review_records import CueEstimate, SubtitleEstimate
from subtitled.jobcontext.context import JobContext
from subtitled.plugin import Subtitle
from subtitled.subtitles.quality_estimation import FileEstimate, estimate_quality

from .quality_evidence import TextSource, gather_evidence


def keep_estimate(ctx: JobContext, subtitle: Subtitle, source: TextSource, sha256: str) -> None:
    """Estimate how likely the cues of a published sidecar are wrong, and store that.

    A file that is in no library is in no review queue, so nothing is estimated for it.

    Args:
        ctx: The job.
        subtitle: What was published.
        source: How it was made.
        sha256: The content of the sidecar.
    """
    job, services = ctx.job, ctx.services
    file = services.db.files.get(job.media)
    if file is None or job.output_folder is not None:
        return
    evidence = gather_evidence(services.store, source, subtitle.cues)
    estimate = estimate_quality(subtitle.cues, evidence)
    services.db.reviews.keep_estimate(
        SubtitleEstimate(
            file_id=file.id,
            language=subtitle.language,
            kind=subtitle.kind,
            sha256=sha256,
            expected_errors=estimate.expected_errors,
            flagged=estimate.flagged_count,
            cue_count=len(subtitle.cues),
            cues=_reasoned_cues(estimate),
            elsewhere=[gap.to_json() for gap in estimate.gaps],
        )
    )


def _reasoned_cues(estimate: FileEstimate) -> list[CueEstimate]:
    return [
        CueEstimate(
            index=cue.index,
            probability=cue.probability,
            reasons=[reason.to_json() for reason in cue.reasons],
        )
        for cue in estimate.cues
        if cue.reasons or cue.is_flagged
    ]
