"""The routes of notes on the cues of a review."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.answers.review_notes import describe_note, show_notes
from subtitled.daemon.reviews.notes import MAX_NOTE_CHARACTERS, add_note, resolve_note
from subtitled.daemon.reviews.service import ReviewService
from subtitled.subtitles.review.operations import MAX_ID_CHARACTERS

from . import review_models as models
from .actions import run_once
from .callers import caller_of
from .idempotency import Answer
from .json_responses import answer_json
from .models import Done, Output
from .parameters import MAX_NUMBER, IdempotencyKey, Input, JsonNumber
from .reviews import check_visible, find_review, review_problems
from .services import ApiServices

_NoteNumber = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="The `id` of a thread.")]


class NoteBody(Input):
    """A note."""

    text: str = Field(max_length=MAX_NOTE_CHARACTERS)
    cue: str = Field(
        "", max_length=MAX_ID_CHARACTERS, description="The id of the cue, unless it is an answer."
    )
    answers: JsonNumber | None = Field(None, description="The `id` of the note that it answers.")


class ResolvedBody(Input):
    """Whether a thread is resolved."""

    resolved: bool = Field(strict=True)


class NoteEntry(Output):
    """A note."""

    id: int
    cue: str
    text: str
    by: str
    at: float


class ThreadEntry(NoteEntry):
    """A note with the answers to it."""

    number: int | None = Field(description="The place of the cue from 1; null if it is gone.")
    start: float | None
    resolved_by: str | None
    resolved_at: float | None
    answers: list[NoteEntry]


class NoteList(Output):
    """The notes of a review, those of its first cue first."""

    items: list[ThreadEntry]


def add_note_routes(api: FastAPI, services: ApiServices, service: ReviewService) -> None:
    """Add the routes."""

    @api.get(
        "/reviews/{review_id:number}/notes",
        response_model=NoteList,
        tags=["reviews"],
        summary="List the notes of a review",
    )
    def list_notes(request: Request, review_id: models.ReviewNumber) -> Response:
        """Return the threads, each with who wrote what and when, and who resolved it."""
        review = find_review(service, caller_of(request), review_id)
        headers = {"Cache-Control": "private, no-store"}
        return answer_json(show_notes(service, review), headers=headers)

    @api.post(
        "/reviews/{review_id:number}/notes",
        status_code=201,
        response_model=NoteEntry,
        tags=["review edits"],
        summary="Write a note on a cue",
    )
    def write_note(
        request: Request, review_id: models.ReviewNumber, body: NoteBody, key: IdempotencyKey = None
    ) -> Response:
        """Write a note, or an answer, which opens its thread again. It is no edit."""
        caller = caller_of(request)
        check_visible(service, caller, review_id)

        def act() -> Answer:
            with review_problems():
                note = add_note(
                    service, review_id, body.text, caller.actor, cue=body.cue, answers=body.answers
                )
            return Answer(201, describe_note(note))

        return run_once(services, request, key, body, act)

    @api.put(
        "/reviews/{review_id:number}/notes/{note_id}",
        response_model=Done,
        tags=["review edits"],
        summary="Resolve a note",
    )
    def resolve(
        request: Request, review_id: models.ReviewNumber, note_id: _NoteNumber, body: ResolvedBody
    ) -> Response:
        """Say that a thread is resolved, or open it again."""
        caller = caller_of(request)
        check_visible(service, caller, review_id)
        with review_problems():
            resolve_note(service, review_id, note_id, caller.actor, is_resolved=body.resolved)
        return answer_json({"changed": True})
