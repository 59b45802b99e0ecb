"""All cues of a review in one small answer, for a list of them."""

from __future__ import annotations

from typing import Any

from subtitled.db.actors import Actor
from subtitled.subtitles.quality_estimation.weights import FLAGGED

from ..reviews.open_review import OpenReview
from ..reviews.service import ReviewService
from ..reviews.versions import VersionTag
from ..reviews.ways import Way, find_open_gaps, find_seen, is_reworked, plan_route
from .reviews import format_tag, next_steps


def show_list(service: ReviewService, review: OpenReview, actor: Actor) -> dict[str, Any]:
    """Return the cues with what a list shows of each, as JSON has it.

    Values, reasons and notes are left out: those of one cue are in
    :func:`.review_cue.show_cue`.

    Args:
        service: The service of reviews.
        review: The review.
        actor: The person, for what they can undo.
    """
    document, base = review.document, review.base_document.by_id
    estimates, elsewhere = service.estimates.find(review)
    probabilities = {str(one.index + 1): one.probability for one in estimates}
    verdicts = service.db.operations.verdicts_of(review.record.id)
    verdict_by_cue = {one.cue: str(one.verdict) for one in verdicts}
    findings: dict[str, list[list[str]]] = {}
    for finding in review.findings:
        findings.setdefault(finding.cue, []).append([str(finding.rule), str(finding.severity)])
    cues = []
    for cue in document.cues:
        before = base.get(cue.id)
        # A corrected text is no longer the one that was estimated.
        is_estimated = before is not None and before.lines == cue.lines
        doubt = probabilities.get(cue.id) if is_estimated else None
        cues.append(
            {
                "id": cue.id,
                "start": cue.start,
                "end": cue.end,
                "text": cue.text,
                "doubt": None if doubt is None else round(doubt, 2),
                "verdict": verdict_by_cue.get(cue.id),
                "changed": cue != before,
                "reworked": is_reworked(cue, before),
                "findings": findings.get(cue.id, []),
            }
        )
    seen = find_seen(document, review.base_document, verdicts)
    return {
        "version": review.version,
        "etag": format_tag(VersionTag.of(review)),
        "status": str(review.record.status),
        "is_estimated": review.has_current_estimate,
        "flagged_from": FLAGGED,
        "cues": cues,
        "ways": {
            str(way): list(plan_route(way, document, probabilities, seen).cues)
            for way in (Way.WORST, Way.SPOT)
        },
        "gaps": find_open_gaps(elsewhere, document),
        **next_steps(service, review, actor),
    }
