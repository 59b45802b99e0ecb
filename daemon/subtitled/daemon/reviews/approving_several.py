"""Approving several reviews at once: those that cannot be approved are named with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from subtitled.db.actors import Actor
from subtitled.db.review_records import ReviewStatus
from subtitled.plugin import SubtitledError

from .approving import Approval, FileConflict, approve_review
from .errors import ReviewLockedError
from .service import ReviewService
from .versions import VersionTag

MAX_REVIEWS = 200
"""Most reviews that are approved at once."""


@dataclass(frozen=True, slots=True)
class WantedApproval:
    """A review that a person wants to approve."""

    review_id: int
    version: int | None = None
    """The version that the person saw; None approves the current one."""


@dataclass(frozen=True, slots=True)
class ApprovedReview:
    """A review that was approved."""

    review_id: int
    approval: Approval


@dataclass(frozen=True, slots=True)
class UnapprovedReview:
    """A review that was not approved, and why."""

    review_id: int
    error: SubtitledError


@dataclass(frozen=True, slots=True)
class SeveralApprovals:
    """What became of several reviews, in the order in which they were named."""

    approved: tuple[ApprovedReview, ...]
    left: tuple[UnapprovedReview, ...]


class FileChangedError(SubtitledError):
    """Another program changed the file of a review, so that a person has to compare both."""


def approve_several(
    service: ReviewService,
    wanted: Iterable[WantedApproval],
    actor: Actor,
    *,
    accepts_warnings: bool = False,
) -> SeveralApprovals:
    """Approve each review that has no errors. The others stay as they are.

    Args:
        service: The service of reviews.
        wanted: The reviews. One that is named twice is approved once.
        actor: Who approves.
        accepts_warnings: Whether cues outside the limits of the library are accepted.
    """
    approved, left = list[ApprovedReview](), list[UnapprovedReview]()
    for one in {item.review_id: item for item in wanted}.values():
        try:
            result = _approve(service, one, actor, accepts_warnings=accepts_warnings)
        except SubtitledError as error:
            left.append(UnapprovedReview(one.review_id, error))
        else:
            approved.append(ApprovedReview(one.review_id, result))
    return SeveralApprovals(tuple(approved), tuple(left))


def _approve(
    service: ReviewService, wanted: WantedApproval, actor: Actor, *, accepts_warnings: bool
) -> Approval:
    review = service.load(wanted.review_id)
    if review.record.status is ReviewStatus.APPROVED:
        raise ReviewLockedError(
            f"{review.record.approved_by} approved this subtitle already", "Nothing is left to do"
        )
    seen = None
    if wanted.version is not None:
        seen = replace(VersionTag.of(review), version=wanted.version)
    result = approve_review(
        service, wanted.review_id, actor, seen, accepts_warnings=accepts_warnings
    )
    if isinstance(result, FileConflict):
        raise FileChangedError(
            "another program changed the file since the review began; nothing was written",
            "Approve it on its own page, which shows both versions",
        )
    return result
