"""The routes that read reviews, open one, and say who works on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.answers.cursors import CursorError
from subtitled.daemon.answers.reviews import (
    describe_cue,
    describe_findings,
    describe_operation,
    describe_review,
    list_reviews,
    show_review,
)
from subtitled.daemon.reviews import errors
from subtitled.daemon.reviews.notes import NoteError
from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.daemon.reviews.passages import PassageError
from subtitled.daemon.reviews.service import ReviewService
from subtitled.db.review_records import ReviewFilter
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.review.resolving import InvalidOperationError

from . import review_models as models
from .actions import run_once
from .callers import Caller, caller_of
from .idempotency import Answer
from .json_responses import answer_json, link_header
from .lists import wrong_cursor
from .models import Done
from .parameters import IdempotencyKey, SubtitleName
from .problems import ApiError, not_found
from .services import ApiServices
from .subtitles import find_subtitle

_TEXT_TYPES = {"json": "application/json"}


def add_review_routes(api: FastAPI, services: ApiServices, service: ReviewService) -> None:
    """Add the routes."""
    db = services.db

    @api.get(
        "/reviews", response_model=models.ReviewPageAnswer, tags=["reviews"], summary="List reviews"
    )
    def list_all_reviews(
        request: Request, query: Annotated[models.ReviewQuery, Query()]
    ) -> Response:
        """Return one page of the queue, the subtitles with the most expected errors first."""
        wanted = ReviewFilter(
            status=query.status,
            libraries=caller_of(request).choose_named(query.library),
            language=query.language,
            kind=query.kind,
            holder=query.holder,
            file_id=query.file,
        )
        try:
            page = list_reviews(db, wanted, query.after, query.limit)
        except CursorError as error:
            raise wrong_cursor(error) from None
        body: dict[str, object] = {
            "items": [review.to_dict() for review in page.reviews],
            "next": page.next_cursor,
        }
        if query.count:
            body["count"] = db.reviews.count(wanted)
        return answer_json(body, headers=link_header(request, page.next_cursor))

    @api.post(
        "/subtitles/{subtitle_id}/review",
        response_model=models.ReviewEntry,
        tags=["reviews"],
        summary="Open the review of a subtitle",
    )
    def open_review(
        request: Request, subtitle_id: SubtitleName, key: IdempotencyKey = None
    ) -> Response:
        """Return the review of a subtitle that we published. There is one for all its formats."""
        record, row = find_subtitle(services, caller_of(request), subtitle_id)

        def act() -> Answer:
            if row.language is None or row.kind not in set(SubtitleKind):
                raise not_found("subtitle of ours", "Name one whose `language` is known")
            with review_problems():
                opened = service.open(record, Language(row.language), SubtitleKind(row.kind))
            return Answer(200, describe_review(opened))

        return run_once(services, request, key, None, act)

    @api.get(
        "/reviews/{review_id:number}",
        response_model=models.ReviewDetails,
        tags=["reviews"],
        summary="Show a review",
    )
    def read_review(request: Request, review_id: models.ReviewNumber) -> Response:
        """Return the cues with estimates, verdicts and findings; the version is in `ETag`."""
        caller = caller_of(request)
        review = find_review(service, caller, review_id)
        body = show_review(service, review, caller.actor)
        headers = {"ETag": body["etag"], "Cache-Control": "private, no-store"}
        return answer_json(body, headers=headers)

    @api.get(
        "/reviews/{review_id:number}/text",
        response_class=Response,
        responses={
            200: {
                "content": {
                    "text/plain": {"schema": {"type": "string"}},
                    "application/json": {"schema": {}},
                }
            }
        },
        tags=["reviews"],
        summary="Export the edited text of a review",
    )
    def export_review(
        request: Request,
        review_id: models.ReviewNumber,
        query: Annotated[models.ReviewTextQuery, Query()],
    ) -> Response:
        """Return the current version as a subtitle file."""
        check_visible(service, caller_of(request), review_id)
        media_type = _TEXT_TYPES.get(query.format, "text/plain; charset=utf-8")
        headers = {
            "Content-Disposition": f'attachment; filename="review-{review_id}.{query.format}"'
        }
        with review_problems():
            content = service.export(review_id, query.format)
        return Response(content, 200, headers, media_type)

    @api.get(
        "/reviews/{review_id:number}/operations",
        response_model=models.OperationList,
        tags=["reviews"],
        summary="List what was done in a review",
    )
    def list_operations(
        request: Request,
        review_id: models.ReviewNumber,
        query: Annotated[models.LogQuery, Query()],
    ) -> Response:
        """Return operations after a version, each with the cues before and after it."""
        review = find_review(service, caller_of(request), review_id)
        log = review.log[query.since : query.since + query.limit]
        return answer_json(
            {"items": [describe_operation(one) for one in log], "version": review.version}
        )

    @api.post(
        "/reviews/{review_id:number}/holder",
        response_model=models.ReviewEntry,
        tags=["reviews"],
        summary="Take a review",
    )
    def take_review(
        request: Request, review_id: models.ReviewNumber, key: IdempotencyKey = None
    ) -> Response:
        """Tell others that you work on it, for a quarter of an hour after your last edit."""
        caller = caller_of(request)
        check_visible(service, caller, review_id)

        def act() -> Answer:
            with review_problems():
                return Answer(200, describe_review(service.take(review_id, caller.actor)))

        return run_once(services, request, key, None, act)

    @api.delete(
        "/reviews/{review_id:number}/holder",
        response_model=Done,
        tags=["reviews"],
        summary="Release a review",
    )
    def release_review(request: Request, review_id: models.ReviewNumber) -> Response:
        """Tell others that you do not work on it any more."""
        caller = caller_of(request)
        check_visible(service, caller, review_id)
        return answer_json({"changed": service.release(review_id, caller.actor)})


def find_review(service: ReviewService, caller: Caller, review_id: int) -> OpenReview:
    """Return a review that the caller may see.

    Raises:
        ApiError: There is none, or its sidecar cannot be read.
    """
    check_visible(service, caller, review_id)
    with review_problems():
        return service.load(review_id)


def check_visible(service: ReviewService, caller: Caller, review_id: int) -> None:
    """Check that there is a review that the caller may see.

    Raises:
        ApiError: There is none.
    """
    if not is_visible_review(service, caller, review_id):
        raise not_found("review", "Take its number from GET /reviews")


def is_visible_review(service: ReviewService, caller: Caller, review_id: int) -> bool:
    """Return whether there is a review that the caller may see."""
    record = service.db.reviews.get(review_id)
    return record is not None and record.library is not None and caller.sees(record.library)


@contextmanager
def review_problems() -> Iterator[None]:
    """Tell the errors of reviews as problems."""
    try:
        yield
    except InvalidOperationError as error:
        raise ApiError(422, "invalid-operation", error.message, _hint(error)) from None
    except errors.ReviewError as error:
        status, name = _PROBLEMS[type(error)]
        problem = ApiError(status, name, error.message, _hint(error))
        if isinstance(error, errors.ChangedMeanwhileError):
            problem.details["version"] = error.conflict.version
            problem.details["cues"] = [
                {
                    "cue": cue.cue,
                    "base": describe_cue(cue.base),
                    "mine": describe_cue(cue.mine),
                    "theirs": describe_cue(cue.theirs),
                }
                for cue in error.conflict.cues
            ]
        if isinstance(error, errors.UnapprovableError):
            problem.details["findings"] = describe_findings(error.findings)
        raise problem from None


_PROBLEMS: dict[type[errors.ReviewError], tuple[int, str]] = {
    errors.ReviewNotFoundError: (404, "not-found"),
    errors.UnreadableSidecarError: (409, "unreadable"),
    errors.ReviewLockedError: (409, "approved"),
    errors.ReviewTakenError: (409, "taken"),
    errors.StaleVersionError: (412, "other-version"),
    errors.ChangedMeanwhileError: (412, "changed-meanwhile"),
    errors.NothingToRevertError: (409, "nothing-to-revert"),
    errors.OperationIdUsedError: (422, "key-used-before"),
    errors.UnapprovableError: (409, "unapprovable"),
    errors.SecondReaderError: (409, "second-reader-needed"),
    PassageError: (409, "not-asked"),
    NoteError: (422, "invalid-note"),
}


def _hint(error: errors.ReviewError | InvalidOperationError) -> str:
    return error.hint or "Read the review again"
