"""The routes that take back what we wrote for a file, and tell the media servers of it again."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.answers.undo import FileBusyError, NothingToUndoError, undo_file
from subtitled.daemon.control import tell_servers_of_file
from subtitled.daemon.reviews.approving import unlock_review
from subtitled.daemon.reviews.service import ReviewService

from . import models
from .actions import run_once
from .callers import Caller, caller_of
from .files import find_file
from .idempotency import Answer
from .parameters import SUBTITLE_PATTERN, FileNumber, IdempotencyKey, Input
from .problems import ApiError
from .review_models import ReviewNumber
from .reviews import check_visible, review_problems
from .services import ApiServices
from .subtitles import find_subtitle


class WithdrawalBody(Input):
    """What is taken back or restored."""

    restore: bool = Field(
        False, strict=True, description="Whether to restore what was removed, by hand too."
    )
    subtitle: str | None = Field(
        None,
        pattern=SUBTITLE_PATTERN,
        description="The `id` of an entry of `/files/{id}/subtitles`; without it, all of the file.",
    )


def add_withdrawal_routes(api: FastAPI, services: ApiServices, reviews: ReviewService) -> None:
    """Add the routes."""
    db = services.db

    @api.post(
        "/files/{file_id:number}/undo",
        response_model=models.UndoAnswerModel,
        tags=["actions"],
        summary="Take back what we wrote for a file",
    )
    def undo_sidecars(
        request: Request, file_id: FileNumber, body: WithdrawalBody, key: IdempotencyKey = None
    ) -> Response:
        """Do what `subtitled undo` does. Where a person approved a subtitle, ours is there again.

        What is removed is kept in the state folder. Subtitles of others are not touched.
        """
        caller = caller_of(request)

        def act() -> Answer:
            path = _choose_path(services, caller, file_id, body.subtitle)
            try:
                answer = undo_file(
                    services.configuration,
                    db,
                    path,
                    restore=body.restore,
                    actor=caller.name,
                )
            except FileBusyError as error:
                hint = "Cancel its job, then send this again"
                raise ApiError(409, "file-busy", error.message, hint) from None
            except NothingToUndoError as error:
                raise _nothing_to_undo(error.message) from None
            return Answer(200, {"items": answer.to_list(), "restored": answer.is_restored})

        return run_once(services, request, key, body, act)

    @api.post(
        "/files/{file_id:number}/servers",
        status_code=202,
        response_model=models.Done,
        tags=["actions"],
        summary="Tell the media servers of a file again",
    )
    def tell_of_file(request: Request, file_id: FileNumber, key: IdempotencyKey = None) -> Response:
        """Tell every media server again of the subtitles that we wrote for a file."""
        caller = caller_of(request)

        def act() -> Answer:
            record = find_file(services, caller, file_id)
            return Answer(202, {"changed": tell_servers_of_file(db, record, caller.name) > 0})

        return run_once(services, request, key, None, act)

    @api.post(
        "/reviews/{review_id:number}/unlock",
        response_model=models.Done,
        tags=["review edits"],
        summary="Unlock an approved subtitle",
    )
    def unlock(request: Request, review_id: ReviewNumber, key: IdempotencyKey = None) -> Response:
        """Let its files be made again, if somebody asks for it. They stay as they are."""
        caller = caller_of(request)
        check_visible(reviews, caller, review_id)

        def act() -> Answer:
            with review_problems():
                unlocked = unlock_review(reviews, review_id, caller.actor)
                return Answer(200, {"changed": bool(unlocked)})

        return run_once(services, request, key, None, act)


def _choose_path(
    services: ApiServices, caller: Caller, file_id: int, subtitle_id: str | None
) -> Path:
    """Return the media file, or the sidecar of ours that was named.

    Raises:
        ApiError: There is no such file or subtitle, or it is not ours.
    """
    record = find_file(services, caller, file_id)
    if subtitle_id is None:
        return record.path
    owner, row = find_subtitle(services, caller, subtitle_id)
    sidecar = record.path.parent / row.location
    if owner.id != record.id or services.db.sidecars.get(sidecar) is None:
        raise _nothing_to_undo("we did not write this subtitle")
    return sidecar


def _nothing_to_undo(message: str) -> ApiError:
    return ApiError(409, "nothing-to-undo", message, "See GET /files/{id} for what we wrote")
