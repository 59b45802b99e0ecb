"""The routes that edit, judge and approve a review. Each names the version that its person saw."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.answers.plain import to_plain
from subtitled.daemon.answers.reviews import (
    describe_review,
    format_tag,
    show_edit,
)
from subtitled.daemon.reviews.approving import FileConflict, approve_review, reopen_review
from subtitled.daemon.reviews.editing import EditResult
from subtitled.daemon.reviews.learning import suggest_review_terms
from subtitled.daemon.reviews.service import ReviewService
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.db.operations import CueVerdict
from subtitled.plugin.limits import clean_text

from . import review_models as models
from .actions import run_once
from .callers import caller_of
from .idempotency import Answer
from .json_responses import answer_json
from .models import Done
from .parameters import IdempotencyKey
from .problems import ApiError
from .reviews import check_visible, review_problems
from .services import ApiServices

_TAG = re.compile(r'\s*"v(\d{1,15})-([0-9a-f]{12})"\s*')


@dataclass(frozen=True, slots=True, kw_only=True)
class _EditCall:
    """What a caller sent to edit a review."""

    request: Request
    review_id: int
    if_match: str | None
    key: str | None
    body: BaseModel


def add_review_edit_routes(api: FastAPI, services: ApiServices, service: ReviewService) -> None:
    """Add the routes."""

    def edit(call: _EditCall, apply: Callable[[VersionTag, Actor], EditResult]) -> Response:
        caller = caller_of(call.request)
        check_visible(service, caller, call.review_id)
        tag = parse_tag(call.if_match)

        def act() -> Answer:
            with review_problems():
                return Answer(200, show_edit(service, apply(tag, caller.actor), caller.actor))

        return run_once(services, call.request, call.key, call.body, act)

    @api.post(
        "/reviews/{review_id:number}/operations",
        response_model=models.EditAnswer,
        tags=["review edits"],
        summary="Edit the cues of a review",
    )
    def edit_review(
        request: Request,
        review_id: models.ReviewNumber,
        body: models.OperationBody,
        if_match: models.IfMatch = None,
        key: IdempotencyKey = None,
    ) -> Response:
        """Apply one operation, and answer once it is kept.

        It may be made on an earlier version: then it is applied if the cues that it touches are
        still as they were. Otherwise the answer is 412 and holds both versions of each cue.
        """
        call = _EditCall(
            request=request, review_id=review_id, if_match=if_match, key=key, body=body
        )
        return edit(
            call, lambda tag, actor: service.edit(review_id, body.id, body.operation, tag, actor)
        )

    @api.post(
        "/reviews/{review_id:number}/undo",
        response_model=models.EditAnswer,
        tags=["review edits"],
        summary="Undo an edit",
    )
    def undo_edit(
        request: Request,
        review_id: models.ReviewNumber,
        body: models.UndoBody,
        if_match: models.IfMatch = None,
        key: IdempotencyKey = None,
    ) -> Response:
        """Undo the caller's last edit, or that which made a version."""
        call = _EditCall(
            request=request, review_id=review_id, if_match=if_match, key=key, body=body
        )
        return edit(
            call, lambda tag, actor: service.undo(review_id, body.id, tag, actor, body.version)
        )

    @api.post(
        "/reviews/{review_id:number}/redo",
        response_model=models.EditAnswer,
        tags=["review edits"],
        summary="Redo an edit",
    )
    def redo_edit(
        request: Request,
        review_id: models.ReviewNumber,
        body: models.RedoBody,
        if_match: models.IfMatch = None,
        key: IdempotencyKey = None,
    ) -> Response:
        """Redo what the caller undid last, unless they edited since."""
        call = _EditCall(
            request=request, review_id=review_id, if_match=if_match, key=key, body=body
        )
        return edit(call, lambda tag, actor: service.redo(review_id, body.id, tag, actor))

    @api.put(
        "/reviews/{review_id:number}/verdicts/{cue}",
        response_model=models.VerdictEntry,
        tags=["review edits"],
        summary="Judge a cue",
    )
    def judge_cue(
        request: Request,
        review_id: models.ReviewNumber,
        cue: models.CueName,
        body: models.VerdictBody,
        if_match: models.IfMatch = None,
    ) -> Response:
        """Say that a cue is right or wrong. It replaces what was said before."""
        caller = caller_of(request)
        check_visible(service, caller, review_id)
        verdict = CueVerdict(
            cue=cue,
            verdict=body.verdict,
            category=body.category,
            severity=body.severity,
            note=clean_text(body.note, models.MAX_NOTE),
            actor=caller.name,
            at=time.time(),
        )
        with review_problems():
            service.set_verdict(review_id, verdict, parse_tag(if_match))
        return answer_json(to_plain(verdict))

    @api.delete(
        "/reviews/{review_id:number}/verdicts/{cue}",
        response_model=Done,
        tags=["review edits"],
        summary="Take a verdict back",
    )
    def delete_verdict(
        request: Request,
        review_id: models.ReviewNumber,
        cue: models.CueName,
        if_match: models.IfMatch = None,
    ) -> Response:
        """Delete what was said of a cue."""
        check_visible(service, caller_of(request), review_id)
        with review_problems():
            changed = service.delete_verdict(review_id, cue, parse_tag(if_match))
        return answer_json({"changed": changed})

    @api.post(
        "/reviews/{review_id:number}/approve",
        response_model=models.ApprovalAnswer,
        tags=["review edits"],
        summary="Approve a review",
    )
    def approve(
        request: Request,
        review_id: models.ReviewNumber,
        body: models.ApproveBody,
        if_match: models.IfMatch = None,
        key: IdempotencyKey = None,
    ) -> Response:
        """Write the current version in every format of the library, signed and locked.

        Errors bar it. Warnings have to be accepted. If another program changed the file meanwhile,
        nothing is written, and the answer is 409 with the version that the review began with, the
        edited and the changed one.
        """
        caller = caller_of(request)
        check_visible(service, caller, review_id)
        tag = parse_tag(if_match)

        def act() -> Answer:
            with review_problems():
                result = approve_review(
                    service,
                    review_id,
                    caller.actor,
                    tag,
                    accepts_warnings=body.accept_warnings,
                    replaces_sha256=body.replaces_sha256,
                )
            if isinstance(result, FileConflict):
                raise _file_changed(result)
            review = service.load(review_id)
            offered = [one.to_dict() for one in suggest_review_terms(service, review)]
            more = {"etag": format_tag(VersionTag.of(review)), "terms": offered}
            return Answer(200, to_plain(result) | more)

        return run_once(services, request, key, body, act)

    @api.post(
        "/reviews/{review_id:number}/reopen",
        response_model=models.ReviewEntry,
        tags=["review edits"],
        summary="Open an approved review again",
    )
    def reopen(
        request: Request,
        review_id: models.ReviewNumber,
        if_match: models.IfMatch = None,
        key: IdempotencyKey = None,
    ) -> Response:
        """Let it be edited. Its files stay as they were approved until it is approved again."""
        caller = caller_of(request)
        check_visible(service, caller, review_id)
        parse_tag(if_match)

        def act() -> Answer:
            with review_problems():
                reopened = reopen_review(service, review_id, caller.actor)
                return Answer(200, describe_review(reopened.record))

        return run_once(services, request, key, None, act)


def parse_tag(if_match: str | None) -> VersionTag:
    """Return the version that a header If-Match names.

    Raises:
        ApiError: There is no header, or it names nothing that a review can have.
    """
    hint = "Send the `etag` that GET /reviews/{id} gave"
    if if_match is None:
        raise ApiError(428, "version-needed", "an edit has to say which version it is about", hint)
    match = _TAG.fullmatch(if_match)
    if match is None:
        raise ApiError(412, "other-version", "no review has such a version", hint)
    return VersionTag(int(match[1]), match[2])


def _file_changed(conflict: FileConflict) -> ApiError:
    problem = ApiError(
        409,
        "file-changed",
        "another program changed the file since the review began; nothing was written",
        "Compare the versions, and approve with the `theirs_sha256` of theirs to replace it",
    )
    problem.details |= to_plain(conflict)
    return problem
