"""The routes with the sound, the pictures and the waveform of a review."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.reviews import media, media_source
from subtitled.daemon.reviews.media import ReviewMedia
from subtitled.daemon.reviews.service import ReviewService
from subtitled.media.clips import SoundFormat
from subtitled.plugin.limits import MAX_SECONDS

from ..media_parts import answer_part, choose_sound_format
from . import review_models as models
from .callers import caller_of
from .json_responses import answer_json
from .models import Output
from .parameters import Input
from .problems import ApiError
from .reviews import check_visible, review_problems

_SECONDS: dict[str, Any] = {"ge": 0, "le": MAX_SECONDS, "allow_inf_nan": False}
_TIMES = "In seconds of the media file, by the clock of the cues."


class SpanQuery(Input):
    """A span of the media file."""

    start: float = Field(description=_TIMES, **_SECONDS)
    end: float = Field(description="After `start`. What is behind the end is left out.", **_SECONDS)


class SoundQuery(SpanQuery):
    """A span, and how its sound is wanted."""

    format: SoundFormat | None = Field(
        None, description="AAC in MP4, or WAV; by default what `Accept` names, else MP4."
    )


class PeaksQuery(SpanQuery):
    """A span, and how finely its waveform is wanted."""

    per_second: int = Field(
        media.PEAKS_PER_SECOND,
        ge=1,
        le=media.MAX_PEAKS_PER_SECOND,
        description="How many steps a second has.",
    )


class StillQuery(Input):
    """A moment of the media file."""

    at: float = Field(description=_TIMES, **_SECONDS)


class PeaksAnswer(Output):
    """The waveform of a span."""

    start: float
    end: float
    per_second: int
    peaks: list[list[float]] = Field(
        description="The highest samples of all steps, then the lowest; each from -1 to 1."
    )


def _files(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """Describe an answer that is a file."""
    content = {
        media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in media_types
    }
    return {
        200: {"description": "The file.", "content": content},
        206: {"description": "The part of the file that `Range` names.", "content": content},
        304: {"description": "The caller has it: its `ETag` is in `If-None-Match`."},
    }


def add_review_media_routes(api: FastAPI, service: ReviewService, parts: ReviewMedia) -> None:
    """Add the routes."""

    @api.get(
        "/reviews/{review_id:number}/sound",
        response_class=Response,
        responses=_files("audio/mp4", "audio/wav"),
        tags=["reviews"],
        summary="Hear a span of a review",
    )
    def read_sound(
        request: Request, review_id: models.ReviewNumber, query: Annotated[SoundQuery, Query()]
    ) -> Response:
        """Return the sound of the track that was transcribed, of two minutes at most."""
        check_visible(service, caller_of(request), review_id)
        wanted = query.format or choose_sound_format(request)
        with media_problems():
            part = parts.read_sound(review_id, query.start, query.end, wanted)
        return answer_part(request, part)

    @api.get(
        "/reviews/{review_id:number}/still",
        response_class=Response,
        responses=_files("image/jpeg"),
        tags=["reviews"],
        summary="See a picture of a review",
    )
    def read_still(
        request: Request, review_id: models.ReviewNumber, query: Annotated[StillQuery, Query()]
    ) -> Response:
        """Return the picture that is on screen at a time, with at most 480 lines."""
        check_visible(service, caller_of(request), review_id)
        with media_problems():
            part = parts.read_still(review_id, query.at)
        return answer_part(request, part)

    @api.get(
        "/reviews/{review_id:number}/clip",
        response_class=Response,
        responses=_files("video/mp4"),
        tags=["reviews"],
        summary="See and hear a span of a review",
    )
    def read_clip(
        request: Request, review_id: models.ReviewNumber, query: Annotated[SpanQuery, Query()]
    ) -> Response:
        """Return picture and sound, of a minute at most, as H.264 with at most 480 lines."""
        check_visible(service, caller_of(request), review_id)
        with media_problems():
            part = parts.read_clip(review_id, query.start, query.end)
        return answer_part(request, part)

    @api.get(
        "/reviews/{review_id:number}/peaks",
        response_model=PeaksAnswer,
        tags=["reviews"],
        summary="Read the waveform of a span of a review",
    )
    def read_peaks(
        request: Request, review_id: models.ReviewNumber, query: Annotated[PeaksQuery, Query()]
    ) -> Response:
        """Return the highest and lowest samples of each step, of two minutes at most."""
        check_visible(service, caller_of(request), review_id)
        with media_problems():
            peaks = parts.read_peaks(review_id, query.start, query.end, query.per_second)
        body = {
            "start": peaks.span.start,
            "end": peaks.span.end,
            "per_second": peaks.per_second,
            "peaks": [peaks.high, peaks.low],
        }
        return answer_json(body, headers={"Cache-Control": "private, max-age=300"})


@contextmanager
def media_problems() -> Iterator[None]:
    """Tell the errors of sound and pictures as problems."""
    try:
        with review_problems():
            yield
    except media_source.ReviewMediaError as error:
        status, name = _PROBLEMS[type(error)]
        raise ApiError(status, name, error.message, error.hint or _HINT) from None


_HINT = "Review the text without it"
_PROBLEMS: dict[type[media_source.ReviewMediaError], tuple[int, str]] = {
    media_source.MediaAwayError: (409, "media-away"),
    media_source.UnplayableMediaError: (409, "unplayable"),
    media_source.InvalidSpanError: (422, "invalid-span"),
}
