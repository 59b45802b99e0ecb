"""The page with which another engine is asked about the passage of a cue."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.review_passages import show_passages
from subtitled.daemon.reviews.errors import ReviewError
from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.daemon.reviews.passages import ask_engine

from . import review_labels
from .review_access import ReviewSite
from .review_forms import is_cue_name
from .services import identity_of
from .site import read_form, redirect, render, text_field


class ReviewPassages:
    """The page."""

    def __init__(self, site: ReviewSite) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/review/{id:number}/ask", self.show, methods=["GET"]),
            Route("/review/{id:number}/ask", self.ask, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show the engines, and how far each passage is."""
        review = self._site.load(request)
        return self._page(request, review, request.query_params.get("cue", ""))

    async def ask(self, request: Request) -> Response:
        """Ask an engine, and show how far it is."""
        form = await read_form(request)
        cue, engine = text_field(form, "cue"), text_field(form, "engine")
        return await run_in_threadpool(self._ask, request, cue, engine)

    def _ask(self, request: Request, cue: str, engine: str) -> Response:
        review = self._site.load(request)
        number = review.record.id
        try:
            ask_engine(self._site.reviews, number, [cue], engine, identity_of(request).actor)
        except ReviewError as error:
            return self._page(request, review, cue, 409, error)
        return redirect(request, f"/review/{number}/ask?{urlencode({'cue': cue})}")

    def _page(
        self,
        request: Request,
        review: OpenReview,
        cue: str,
        status: int = 200,
        error: ReviewError | None = None,
    ) -> Response:
        known = review.document.by_id.get(cue) if is_cue_name(cue) else None
        listed = show_passages(self._site.reviews, review)
        return render(
            request,
            "review_passages",
            status,
            labels=review_labels,
            record=review.record,
            cue=known,
            engines=listed["engines"],
            passages=listed["items"],
            error=error,
        )
