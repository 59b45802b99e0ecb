"""The routes that ask another engine about a passage of a review, and say how far it is."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.answers.review_passages import describe_passage, show_passages
from subtitled.daemon.reviews.passages import ask_engine
from subtitled.daemon.reviews.service import ReviewService
from subtitled.db.passages import PassageStatus
from subtitled.subtitles.review.operations import MAX_ID_CHARACTERS

from . import review_models as models
from .actions import run_once
from .callers import caller_of
from .idempotency import Answer
from .json_responses import answer_json
from .models import Output
from .parameters import IdempotencyKey, Input, Name
from .reviews import check_visible, find_review, review_problems
from .services import ApiServices

MAX_PASSAGE_CUES = 100
_CueId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$", max_length=MAX_ID_CHARACTERS)]


class PassageBody(Input):
    """A passage that an engine is asked about."""

    engine: Name = Field(description="The name of an engine of the configuration.")
    cues: Annotated[list[_CueId], Field(min_length=1, max_length=MAX_PASSAGE_CUES)] = Field(
        description="The ids of the cues. The passage is from the first of them to the last."
    )


class PassageEntry(Output):
    """A passage, and what became of it."""

    id: int
    start: float
    end: float
    engine: str
    status: PassageStatus
    text: str = Field(description="What the engine understood.")
    reason: str = Field(description="Why it waits or failed.")
    hint: str = Field(description="What can be done about that.")
    by: str
    at: float
    ended_at: float | None


class AskableEntry(Output):
    """An engine of the configuration."""

    name: str
    destination: str = Field(description="Where it sends the sound; `local` if nowhere.")
    refusal: str = Field(description="Why it may not be asked; empty if it may.")
    hint: str


class PassageList(Output):
    """The engines, and the passages that they were asked about, the last first."""

    engines: list[AskableEntry]
    items: list[PassageEntry]


def add_passage_routes(api: FastAPI, services: ApiServices, service: ReviewService) -> None:
    """Add the routes."""

    @api.get(
        "/reviews/{review_id:number}/passages",
        response_model=PassageList,
        tags=["reviews"],
        summary="List passages that other engines were asked about",
    )
    def list_passages(request: Request, review_id: models.ReviewNumber) -> Response:
        """Return which engines may be asked, and how far what was asked is."""
        review = find_review(service, caller_of(request), review_id)
        headers = {"Cache-Control": "private, no-store"}
        return answer_json(show_passages(service, review), headers=headers)

    @api.post(
        "/reviews/{review_id:number}/passages",
        status_code=202,
        response_model=PassageEntry,
        tags=["review edits"],
        summary="Ask another engine about a passage",
    )
    def ask_about_passage(
        request: Request,
        review_id: models.ReviewNumber,
        body: PassageBody,
        key: IdempotencyKey = None,
    ) -> Response:
        """Have an engine transcribe a passage in the background.

        Its words are then among the `alternatives` of the cues. What was asked before and has not
        failed is not asked again.
        """
        caller = caller_of(request)
        check_visible(service, caller, review_id)

        def act() -> Answer:
            with review_problems():
                asked = ask_engine(service, review_id, body.cues, body.engine, caller.actor)
            return Answer(202, describe_passage(asked))

        return run_once(services, request, key, body, act)
