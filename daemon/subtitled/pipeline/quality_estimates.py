"""Keeping the quality estimate of the sidecar that a review begins with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from subtitled.db.review_records import CueEstimate, SubtitleEstimate
from subtitled.db.sidecars import SidecarRecord, SidecarStatus
from subtitled.jobcontext.context import JobContext
from subtitled.plugin import Language, Subtitle, SubtitleKind
from subtitled.subtitles.formats import TIMED_FORMATS
from subtitled.subtitles.quality_estimation import FileEstimate, estimate_quality

from .locks import SidecarIdentity
from .quality_evidence import TextSource, gather_evidence


def choose_reviewed(
    sidecars: Iterable[SidecarRecord],
    language: Language,
    kind: SubtitleKind,
    wanted_format: str | None = None,
) -> SidecarRecord | None:
    """Return the sidecar that a review begins with; None if none is present and has times.

    Args:
        sidecars: The sidecars of a media file.
        language: The language of the review.
        kind: Its kind.
        wanted_format: The format to choose if there are several.
    """

    def rank(sidecar: SidecarRecord) -> tuple[bool, bool, int]:
        is_bilingual = SidecarIdentity.of_record(sidecar).secondary is not None
        return sidecar.format != wanted_format, is_bilingual, TIMED_FORMATS.index(sidecar.format)

    candidates = [
        sidecar
        for sidecar in sidecars
        if sidecar.language == language
        and sidecar.kind is kind
        and sidecar.status is SidecarStatus.PRESENT
        and sidecar.format in TIMED_FORMATS
    ]
    return min(candidates, key=rank, default=None)


def keep_estimate(ctx: JobContext, path: Path, subtitle: Subtitle, source: TextSource) -> None:
    """Estimate how likely the cues of a published sidecar are wrong, and store that.

    One review is about all formats of a subtitle, and begins with one of them. The others are not
    estimated. A file that is in no library is in no review queue, so nothing is estimated for it.

    Args:
        ctx: The job.
        path: The sidecar.
        subtitle: Its cues as they were published, in the language of the review.
        source: How they were made.
    """
    job, services = ctx.job, ctx.services
    file = services.db.files.get(job.media)
    if file is None or job.output_folder is not None:
        return
    sidecars = services.db.sidecars.of_media(job.media)
    reviewed = choose_reviewed(sidecars, subtitle.language, subtitle.kind)
    if reviewed is None or reviewed.path != path:
        return
    evidence = gather_evidence(services.store, source, subtitle.cues)
    estimate = estimate_quality(subtitle.cues, evidence)
    services.db.reviews.keep_estimate(
        SubtitleEstimate(
            file_id=file.id,
            language=subtitle.language,
            kind=subtitle.kind,
            sha256=reviewed.sha256,
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
