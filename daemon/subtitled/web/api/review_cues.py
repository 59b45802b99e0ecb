"""The routes that read the cues of a review: the list, one cue, words, shot changes, previews."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.answers.review_cue import show_cue, show_preview, show_shots, show_words
from subtitled.daemon.answers.review_list import show_list
from subtitled.daemon.reviews.media import ReviewMedia
from subtitled.daemon.reviews.media_source import InvalidSpanError
from subtitled.daemon.reviews.previewing import preview_edit
from subtitled.daemon.reviews.service import ReviewService
from subtitled.daemon.reviews.source_text import SourceReader
from subtitled.plugin import TimeSpan

from . import review_cue_models as shapes
from . import review_models as models
from .callers import caller_of
from .json_responses import answer_compressed, answer_json, encode_json
from .review_edits import parse_tag
from .review_media import SpanQuery, media_problems
from .reviews import check_visible, find_review, review_problems

MAX_WORDS_SECONDS = 600.0
"""Longest span of which the words are read at once."""
_NOT_KEPT = {"Cache-Control": "private, no-store"}


def add_review_cue_routes(api: FastAPI, service: ReviewService, parts: ReviewMedia) -> None:
    """Add the routes."""
    sources = SourceReader(service.configuration, service.db)

    @api.get(
        "/reviews/{review_id:number}/list",
        response_model=shapes.CueList,
        tags=["reviews"],
        summary="List the cues of a review",
    )
    def list_cues(request: Request, review_id: models.ReviewNumber) -> Response:
        """Return all cues with what a list shows: times, text, verdict, doubt and findings."""
        caller = caller_of(request)
        review = find_review(service, caller, review_id)
        return answer_compressed(request, encode_json(show_list(service, review, caller.actor)))

    @api.get(
        "/reviews/{review_id:number}/cues/{cue}",
        response_model=shapes.CueDetails,
        tags=["reviews"],
        summary="Show one cue of a review",
    )
    def read_cue(request: Request, review_id: models.ReviewNumber, cue: models.CueName) -> Response:
        """Return a cue with its reasons, words, the readings of other engines, and its source."""
        review = find_review(service, caller_of(request), review_id)
        with review_problems():
            body = show_cue(service, review, cue, sources.read(review))
        return answer_json(body, headers=_NOT_KEPT)

    @api.get(
        "/reviews/{review_id:number}/words",
        response_model=shapes.WindowWords,
        tags=["reviews"],
        summary="List the words of a span of a review",
    )
    def list_words(
        request: Request, review_id: models.ReviewNumber, query: Annotated[SpanQuery, Query()]
    ) -> Response:
        """Return the words that the text was made of, with their times, of ten minutes at most."""
        review = find_review(service, caller_of(request), review_id)
        with media_problems():
            if not 0 < query.end - query.start <= MAX_WORDS_SECONDS:
                raise InvalidSpanError(
                    f"the span has to be longer than 0 s, and {MAX_WORDS_SECONDS:g} s at most",
                    "Ask for several spans",
                )
        body = show_words(service.words.read(review), TimeSpan(query.start, query.end))
        return answer_json(body, headers=_NOT_KEPT)

    @api.get(
        "/reviews/{review_id:number}/shots",
        response_model=shapes.ShotsAnswer,
        tags=["reviews"],
        summary="List the shot changes of a span of a review",
    )
    def list_shots(
        request: Request, review_id: models.ReviewNumber, query: Annotated[SpanQuery, Query()]
    ) -> Response:
        """Return shot changes, of two minutes at most. The picture may have to be decoded."""
        review = find_review(service, caller_of(request), review_id)
        with media_problems():
            shots = parts.read_shots(review_id, query.start, query.end)
        return answer_json(
            show_shots(shots, review), headers={"Cache-Control": "private, max-age=300"}
        )

    @api.post(
        "/reviews/{review_id:number}/preview",
        response_model=shapes.PreviewAnswer,
        tags=["review edits"],
        summary="Try an edit of a review",
    )
    def preview(
        request: Request,
        review_id: models.ReviewNumber,
        body: shapes.PreviewBody,
        if_match: models.IfMatch = None,
    ) -> Response:
        """Return what an operation would do, with the values of its cues. Nothing is kept."""
        check_visible(service, caller_of(request), review_id)
        tag = parse_tag(if_match)
        with review_problems():
            tried = preview_edit(service, review_id, body.operation, tag)
        return answer_json(show_preview(service, tried), headers=_NOT_KEPT)
