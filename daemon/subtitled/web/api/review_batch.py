"""The route that approves several reviews at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI
from pydantic import BeforeValidator, Field
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.answers.plain import to_plain
from subtitled.daemon.reviews.approving_several import (
    MAX_REVIEWS,
    WantedApproval,
    approve_several,
)
from subtitled.daemon.reviews.service import ReviewService

from .actions import run_once
from .callers import caller_of
from .idempotency import Answer
from .models import Output
from .parameters import MAX_NUMBER, IdempotencyKey, Input, JsonNumber, check_json_number
from .reviews import is_visible_review
from .services import ApiServices

_Version = Annotated[int, Field(ge=0, le=MAX_NUMBER), BeforeValidator(check_json_number)]


class NamedReview(Input):
    """A review that is to be approved."""

    id: JsonNumber
    version: _Version | None = Field(
        None, description="The version that the person saw; by default the current one."
    )


class ApproveSeveralBody(Input):
    """Which reviews are to be approved."""

    reviews: list[NamedReview] = Field(min_length=1, max_length=MAX_REVIEWS)
    accept_warnings: bool = Field(
        False, strict=True, description="Errors bar approval all the same."
    )


class ApprovedEntry(Output):
    """A review that was approved."""

    id: int
    paths: list[str] = Field(description="The sidecars that were written.")
    kept: list[str] = Field(description="Why files of other formats were left as they are.")


class LeftEntry(Output):
    """A review that was not approved."""

    id: int
    reason: str
    hint: str


class SeveralApprovalsAnswer(Output):
    """What became of several reviews."""

    approved: list[ApprovedEntry]
    left: list[LeftEntry]


def add_review_batch_routes(api: FastAPI, services: ApiServices, service: ReviewService) -> None:
    """Add the route."""

    @api.post(
        "/reviews/approve",
        response_model=SeveralApprovalsAnswer,
        tags=["review edits"],
        summary="Approve several reviews",
    )
    def approve_reviews(
        request: Request, body: ApproveSeveralBody, key: IdempotencyKey = None
    ) -> Response:
        """Approve those that have no errors, and say of the others why they were left."""
        caller = caller_of(request)

        def act() -> Answer:
            seen = [one for one in body.reviews if is_visible_review(service, caller, one.id)]
            result = approve_several(
                service,
                [WantedApproval(one.id, one.version) for one in seen],
                caller.actor,
                accepts_warnings=body.accept_warnings,
            )
            unseen = {one.id for one in body.reviews} - {one.id for one in seen}
            left = [
                {"id": one.review_id, "reason": one.error.message, "hint": one.error.hint}
                for one in result.left
            ]
            left += [
                {"id": number, "reason": "there is no such review", "hint": "Read GET /reviews"}
                for number in sorted(unseen)
            ]
            approved = [
                {
                    "id": one.review_id,
                    "paths": to_plain(one.approval.paths),
                    "kept": list(one.approval.kept),
                }
                for one in result.approved
            ]
            return Answer(200, {"approved": approved, "left": left})

        return run_once(services, request, key, body, act)
