"""The page on which a subtitle is approved, after a look at what the cue rules say of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.reviews import errors
from subtitled.daemon.reviews.approving import (
    FileConflict,
    approve_review,
    reopen_review,
    unlock_review,
)
from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.daemon.reviews.second_reader import describe_second_reading
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.review_records import ReviewStatus
from subtitled.plugin import SubtitledError
from subtitled.subtitles.review.findings import Finding, Severity

from ..i18n import RejectedInputError, Text
from ..refusals import RefusedError
from . import review_labels
from .phrases import describe_error
from .review_access import ReviewSite, is_held, refuse, visible_filter
from .review_differences import Difference, find_differences
from .review_forms import parse_version, write_version
from .services import identity_of
from .site import read_form, redirect, render, text_field

MAX_FINDINGS = 100
"""How many errors and how many warnings the page lists."""
MAX_DIFFERENCES = 200
_DIGEST = re.compile(r"[0-9a-f]{64}|")


class ReviewApproval:
    """The page of the approval, and the buttons that open and unlock an approved subtitle."""

    def __init__(self, site: ReviewSite) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/review/{id:number}/approve", self.ask, methods=["GET"]),
            Route("/review/{id:number}/approve", self.approve, methods=["POST"]),
            Route("/review/{id:number}/reopen", self.reopen, methods=["POST"]),
            Route("/review/{id:number}/unlock", self.unlock, methods=["POST"]),
        ]

    def ask(self, request: Request) -> Response:
        """Show errors and warnings, with a button if there are no errors."""
        return self._page(request, self._site.load(request))

    async def approve(self, request: Request) -> Response:
        """Approve it, and show the next one of the queue."""
        form = await read_form(request)
        return await run_in_threadpool(self._approve, request, form)

    async def reopen(self, request: Request) -> Response:
        """Let an approved review be edited again."""
        await read_form(request)

        def act() -> int:
            number = self._site.find_record(request).id
            reopen_review(self._site.reviews, number, identity_of(request).actor)
            return number

        return await self._change(request, act, "reopened")

    async def unlock(self, request: Request) -> Response:
        """Unlock the files of an approved subtitle, so that they may be made again."""
        await read_form(request)

        def act() -> int:
            number = self._site.find_record(request).id
            unlock_review(self._site.reviews, number, identity_of(request).actor)
            return number

        return await self._change(request, act, "unlocked")

    async def _change(self, request: Request, act: Callable[[], int], done: str) -> Response:
        try:
            number = await run_in_threadpool(act)
        except errors.ReviewError as error:
            raise refuse(409, error) from None
        return redirect(request, f"/review/{number}?done={done}")

    def _approve(self, request: Request, form: FormData) -> Response:
        review = self._site.load(request)
        if review.record.status is ReviewStatus.APPROVED:
            return self._lead_on(request, review.record.id)  # the form was sent twice
        replaces = text_field(form, "replaces")
        try:
            result = approve_review(
                self._site.reviews,
                review.record.id,
                identity_of(request).actor,
                parse_version(text_field(form, "version")),
                accepts_warnings=text_field(form, "accepts_warnings") == "yes",
                replaces_sha256=(
                    replaces if "replaces" in form and _DIGEST.fullmatch(replaces) else None
                ),
            )
        except RejectedInputError as error:
            raise RefusedError(400, error.text.template) from None
        except SubtitledError as error:
            return self._page(request, self._site.load(request), describe_error(error))
        if isinstance(result, FileConflict):
            return self._page(request, self._site.load(request), "", result)
        self._site.kept.remember(review.record.id, tuple(result.kept))
        return self._lead_on(request, review.record.id)

    def _lead_on(self, request: Request, approved: int) -> Response:
        """Lead to the next file of the queue, or to the empty queue."""
        name = identity_of(request).name
        page = self._site.services.db.reviews.page(visible_filter(request, ReviewStatus.OPEN))
        others = [record for record in page if record.id != approved]
        free = [one for one in others if not (is_held(one) and one.holder != name)]
        if not free:
            return redirect(request, f"/review?approved={approved}")
        return redirect(request, f"/review/{free[0].id}?approved={approved}")

    def _page(
        self,
        request: Request,
        review: OpenReview,
        error: Text | str = "",
        conflict: FileConflict | None = None,
    ) -> Response:
        differences = list[Difference]()
        if conflict is not None and conflict.theirs is not None:
            found_places = find_differences(conflict.base, conflict.mine, conflict.theirs)
            differences = [place for place in found_places if not place.is_agreed]
        found = {
            severity: _of(review.findings, severity)
            for severity in (Severity.ERROR, Severity.WARNING)
        }
        return render(
            request,
            "review_approve",
            409 if error or conflict is not None else 200,
            labels=review_labels,
            review=review,
            record=review.record,
            numbers={cue.id: place for place, cue in enumerate(review.document.cues, 1)},
            cues=review.document.by_id,
            current_version=write_version(VersionTag.of(review)),
            found={
                severity: (len({one.cue for one in all_}), all_[:MAX_FINDINGS], len(all_))
                for severity, all_ in found.items()
            },
            is_open=review.record.status is ReviewStatus.OPEN,
            conflict=conflict,
            differences=differences[:MAX_DIFFERENCES],
            difference_count=len(differences),
            error=error,
            reading=describe_second_reading(review, identity_of(request).actor),
        )


def _of(findings: Sequence[Finding], severity: Severity) -> list[Finding]:
    return [finding for finding in findings if finding.severity is severity]
