"""Approving a review, and opening it again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from subtitled.db.actors import Actor
from subtitled.db.approvals import record_approval, record_reopening
from subtitled.db.review_records import ReviewStatus
from subtitled.pipeline.approval import Approval, ApprovalRequest, approve
from subtitled.pipeline.approval import Conflict as FileConflict
from subtitled.pipeline.unlocking import unlock
from subtitled.subtitles.review.findings import Finding, Severity

from .announcing import ReviewedSubtitle, prepare_approved, prepare_reopened
from .errors import StaleVersionError, UnapprovableError
from .open_review import OpenReview, find_sidecar
from .second_reader import check_second_reader
from .service import ReviewService
from .versions import VersionTag

__all__ = ["Approval", "FileConflict", "approve_review", "reopen_review", "unlock_review"]


def approve_review(
    service: ReviewService,
    review_id: int,
    actor: Actor,
    made_on: VersionTag | None = None,
    *,
    accepts_warnings: bool = False,
    replaces_sha256: str | None = None,
) -> Approval | FileConflict:
    """Write the current version in every format of the library, signed and locked.

    Args:
        service: The service of reviews.
        review_id: The review.
        actor: Who approves.
        made_on: The version that the person saw; None approves whatever is current.
        accepts_warnings: Whether warnings were shown and accepted. Errors always bar approval.
        replaces_sha256: SHA-256 of the file of another program that the person saw and replaces,
            empty if they saw that the file is gone; None if there is none.

    Returns:
        What was written; or the conflict, if the file on disk was changed since the review began.
        Then nothing was written.

    Raises:
        StaleVersionError: There is a later version than the person saw.
        UnapprovableError: There are errors, or warnings that were not accepted.
        SecondReaderError: The person edited it, and the library wants another reader.
        SubtitledError: The files cannot be written.
    """
    review = service.load(review_id)
    if made_on is not None and made_on != VersionTag.of(review):
        raise StaleVersionError(
            f"this review has version {review.version} meanwhile", "Look at the later edits first"
        )
    _check_findings(review, accepts_warnings=accepts_warnings)
    reading = check_second_reader(review, actor)
    record = review.record
    sidecar = find_sidecar(
        service.db, review.file, record.language, record.kind, review.base.format
    )
    request = ApprovalRequest(
        sidecar=sidecar.path,
        cues=review.document.to_cues(),
        user=actor.name,
        base_sha256=_expected_digest(review) if replaces_sha256 is None else replaces_sha256,
        base_cues=review.base_document.to_cues(),
        formats=tuple(review.library.formats),
        editors=reading.editors if reading.is_wanted else (),
    )

    announce = prepare_approved(service.configuration, review, actor)

    def record_with_files(connection: sa.Connection, paths: tuple[Path, ...]) -> None:
        # Nothing is known of a file that another program replaced meanwhile.
        signature = service.db.sidecars.approval(sidecar.path)
        record_approval(
            connection,
            review_id,
            version=review.version,
            actor=actor,
            sha256=signature.sha256 if signature is not None else "",
        )
        announce(connection, paths)

    return approve(service.db, request, record_with_files)


def reopen_review(service: ReviewService, review_id: int, actor: Actor) -> OpenReview:
    """Let an approved review be edited again. Its files stay as they were approved, and locked."""
    review = service.load(review_id)
    if review.record.status is ReviewStatus.APPROVED:
        announce = prepare_reopened(service.configuration, ReviewedSubtitle.of(review), actor.name)
        service.db.reviews.reopen(review_id, announce)
    return service.load(review_id)


def unlock_review(service: ReviewService, review_id: int, actor: Actor) -> tuple[Path, ...]:
    """Reopen a review and unlock its files, so that a person may have them made again.

    Returns:
        The files that were locked.
    """
    review = service.load(review_id)
    record = review.record
    sidecar = find_sidecar(
        service.db, review.file, record.language, record.kind, review.base.format
    )
    announce = prepare_reopened(service.configuration, ReviewedSubtitle.of(review), actor.name)

    def reopen(connection: sa.Connection) -> None:
        record_reopening(connection, review_id)
        if record.status is ReviewStatus.APPROVED:
            announce(connection)

    return unlock(service.db, sidecar.path, actor.name, reopen)


def _expected_digest(review: OpenReview) -> str:
    """Return the SHA-256 that the sidecar has if no other program changed it."""
    published = review.record.published_sha256
    return review.base.sha256 if published is None else published


def _check_findings(review: OpenReview, *, accepts_warnings: bool) -> None:
    findings = review.findings
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise UnapprovableError(
            f"{_count(errors)} wrong: {_first(review, errors)}",
            "Correct them: such cues confuse players",
            errors,
        )
    warnings = [finding for finding in findings if finding.severity is Severity.WARNING]
    if warnings and not accepts_warnings:
        raise UnapprovableError(
            f"{_count(warnings)} outside the limits of the library: {_first(review, warnings)}",
            "Correct them, or accept the warnings",
            warnings,
        )


def _count(findings: Sequence[Finding]) -> str:
    number = len({finding.cue for finding in findings})
    return "1 cue is" if number == 1 else f"{number} cues are"


def _first(review: OpenReview, findings: Sequence[Finding]) -> str:
    """Return what the first findings say, with the cues by their places, as pages number them."""
    numbers = {cue.id: place for place, cue in enumerate(review.document.cues, 1)}
    shown = [f"cue {numbers[one.cue]}, {one.text}" for one in findings[:3]]
    return "; ".join(shown) + (" ..." if len(findings) > len(shown) else "")
