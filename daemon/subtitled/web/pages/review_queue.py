"""The review queue: which subtitles wait, those with the most expected errors first."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.cursors import CursorError
from subtitled.daemon.answers.reviews import list_reviews
from subtitled.daemon.reviews import errors
from subtitled.db.review_records import ReviewRecord, ReviewStatus
from subtitled.db.sidecars import SidecarStatus

from ..i18n import mark_text as _
from ..refusals import RefusedError
from . import labels, review_labels
from .file import find_file, sidecar_key
from .listing import NO_SUCH_PLACE
from .review_access import ReviewSite, is_held, may_review, refuse, visible_filter
from .services import visible_libraries
from .site import read_form, redirect, render, text_field

SECONDS_PER_DOUBTFUL_CUE = 15.0
SPOT_CHECK_SECONDS = 300.0
SECONDS_PER_CUE = 5.0
"""How long a spot check takes in a short film, for each cue."""


class ReviewQueue:
    """The page of the queue, and the button that opens the review of a subtitle."""

    def __init__(self, site: ReviewSite) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/review", self.show, methods=["GET"]),
            Route("/files/{id:number}/review", self.open, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show a page of the queue."""
        given, services = request.query_params, self._site.services
        status = (
            ReviewStatus.APPROVED
            if given.get("state") == ReviewStatus.APPROVED
            else ReviewStatus.OPEN
        )
        language = given.get("language", "").strip()[:40]
        libraries = visible_libraries(services, request)
        library = given.get("library", "")
        library = library if library in libraries else ""
        wanted = visible_filter(request, status, library, language or None)
        try:
            page = list_reviews(services.db, wanted, given.get("after") or None)
        except CursorError:
            raise RefusedError(400, NO_SUCH_PLACE) from None
        return render(
            request,
            "reviews",
            labels=labels,
            review_labels=review_labels,
            page=page,
            fields={
                "state": status if status is not ReviewStatus.OPEN else "",
                "library": library,
                "language": language,
            },
            is_first=not given.get("after"),
            libraries=libraries,
            minutes=estimate_minutes,
            holder=lambda record: record.holder if is_held(record) else None,
            approved=self._site.find_approved(request),
            may_review=may_review(request),
        )

    async def open(self, request: Request) -> Response:
        """Open the review of a subtitle of ours, and show it."""
        form = await read_form(request)
        number = await run_in_threadpool(self._open, request, text_field(form, "sidecar"))
        return redirect(request, f"/review/{number}")

    def _open(self, request: Request, chosen: str) -> int:
        record = find_file(self._site.services, request)
        for sidecar in self._site.services.db.sidecars.of_media(record.path):
            if sidecar_key(sidecar) == chosen and sidecar.status is SidecarStatus.PRESENT:
                try:
                    return self._site.reviews.open(record, sidecar.language, sidecar.kind).id
                except errors.ReviewError as error:
                    raise refuse(409, error) from None
        raise RefusedError(404, _("we wrote no subtitles for this file"))


def estimate_minutes(record: ReviewRecord) -> int:
    """Return how long the doubtful cues and a spot check take, in minutes."""
    spot_check = min(SPOT_CHECK_SECONDS, record.cue_count * SECONDS_PER_CUE)
    return max(1, round((record.flagged * SECONDS_PER_DOUBTFUL_CUE + spot_check) / 60))
