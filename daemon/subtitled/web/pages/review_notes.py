"""The page with the notes of a review, where people answer and resolve them."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.review_notes import show_notes
from subtitled.daemon.reviews.errors import ReviewError
from subtitled.daemon.reviews.notes import add_note, resolve_note
from subtitled.daemon.reviews.open_review import OpenReview

from .review_access import ReviewSite, may_review
from .review_forms import is_cue_name
from .services import identity_of
from .site import read_form, redirect, render, text_field

RESOLVE, REOPEN = "resolve", "reopen"


class ReviewNotes:
    """The page."""

    def __init__(self, site: ReviewSite) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/review/{id:number}/notes", self.show, methods=["GET"]),
            Route("/review/{id:number}/notes", self.write, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show the notes."""
        return self._page(request, self._site.load(request), request.query_params.get("cue", ""))

    async def write(self, request: Request) -> Response:
        """Write a note or an answer, or resolve a thread."""
        form = await read_form(request)
        fields = {name: text_field(form, name) for name in ("cue", "text", "note", "action")}
        return await run_in_threadpool(self._write, request, fields)

    def _write(self, request: Request, fields: dict[str, str]) -> Response:
        review = self._site.load(request)
        number, actor = review.record.id, identity_of(request).actor
        note = fields["note"]
        thread = int(note) if note.isascii() and note.isdecimal() and len(note) < 19 else None
        try:
            if fields["action"] in (RESOLVE, REOPEN):
                is_resolved = fields["action"] == RESOLVE
                resolve_note(
                    self._site.reviews, number, thread or 0, actor, is_resolved=is_resolved
                )
            else:
                add_note(
                    self._site.reviews,
                    number,
                    fields["text"],
                    actor,
                    cue=fields["cue"],
                    answers=thread,
                )
        except ReviewError as error:
            return self._page(request, review, fields["cue"], fields["text"], error)
        return redirect(request, f"/review/{number}/notes?{urlencode({'cue': fields['cue']})}")

    def _page(
        self,
        request: Request,
        review: OpenReview,
        cue: str,
        typed: str = "",
        error: ReviewError | None = None,
    ) -> Response:
        return render(
            request,
            "review_notes",
            200 if error is None else 409,
            record=review.record,
            cue=review.document.by_id.get(cue) if is_cue_name(cue) else None,
            threads=show_notes(self._site.reviews, review)["items"],
            may_review=may_review(request),
            typed=typed,
            error=error,
        )
