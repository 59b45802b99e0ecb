"""The review queue: which subtitles wait, those with the most expected errors first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.cursors import CursorError
from subtitled.daemon.answers.reviews import list_reviews
from subtitled.daemon.reviews import errors
from subtitled.daemon.reviews.approving_several import (
    MAX_REVIEWS,
    SeveralApprovals,
    WantedApproval,
    approve_several,
)
from subtitled.db.review_records import ReviewRecord, ReviewStatus
from subtitled.db.sidecars import SidecarStatus

from ..i18n import Text
from ..i18n import mark_text as _
from ..refusals import RefusedError
from . import labels, review_labels
from .file import find_file, sidecar_key
from .listing import NO_SUCH_PLACE
from .phrases import describe_error
from .review_access import ReviewSite, is_held, may_review, refuse, visible_filter
from .services import identity_of, is_visible, visible_libraries
from .site import read_form, redirect, render, text_field

SECONDS_PER_DOUBTFUL_CUE = 15.0
SPOT_CHECK_SECONDS = 300.0
SECONDS_PER_CUE = 5.0
"""How long a spot check takes in a short film, for each cue."""


_TICKED = re.compile(r"([0-9]{1,15})-([0-9]{1,15})")
"""The number of a review and the version that the list showed."""


@dataclass(frozen=True, slots=True)
class _ShownApproval:
    """One of several reviews that were to be approved."""

    record: ReviewRecord
    reason: Text | None = None
    """Why it was left."""
    kept: tuple[str, ...] = ()
    """Why files of other formats were left as they are."""


@dataclass(frozen=True, slots=True)
class _ShownApprovals:
    """What became of several reviews."""

    approved: tuple[_ShownApproval, ...]
    left: tuple[_ShownApproval, ...]


class ReviewQueue:
    """The page of the queue, and the button that opens the review of a subtitle."""

    def __init__(self, site: ReviewSite) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/review", self.show, methods=["GET"]),
            Route("/review/approve", self.approve, methods=["POST"]),
            Route("/files/{id:number}/review", self.open, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show a page of the queue."""
        return self._build(request, None)

    async def approve(self, request: Request) -> Response:
        """Approve the ticked reviews that have no errors, and say why the others were left."""
        form = await read_form(request)
        chosen = [str(value) for value in form.getlist("review")][:MAX_REVIEWS]
        accepts_warnings = text_field(form, "accepts_warnings") == "yes"
        return await run_in_threadpool(self._approve, request, chosen, accepts_warnings)

    def _approve(self, request: Request, chosen: list[str], accepts_warnings: bool) -> Response:
        wanted = []
        for match in filter(None, map(_TICKED.fullmatch, chosen)):
            record = self._site.services.db.reviews.get(int(match[1]))
            if record is not None and record.library and is_visible(request, record.library):
                wanted.append(WantedApproval(record.id, int(match[2])))
        result = approve_several(
            self._site.reviews,
            wanted,
            identity_of(request).actor,
            accepts_warnings=accepts_warnings,
        )
        return self._build(request, result)

    def _build(self, request: Request, result: SeveralApprovals | None) -> Response:
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
            several=None if result is None else self._describe(result),
            may_review=may_review(request),
        )

    def _describe(self, result: SeveralApprovals) -> _ShownApprovals:
        find = self._site.services.db.reviews.get
        return _ShownApprovals(
            tuple(
                _ShownApproval(record, kept=tuple(one.approval.kept))
                for one in result.approved
                if (record := find(one.review_id)) is not None
            ),
            tuple(
                _ShownApproval(record, describe_error(one.error))
                for one in result.left
                if (record := find(one.review_id)) is not None
            ),
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
