"""The page of one review: its cues, and a form for the current one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.review_cue import describe_alternatives
from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.daemon.reviews.second_reader import describe_second_reading
from subtitled.daemon.reviews.source_text import SourceReader
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.review_records import ReviewStatus

from ..i18n import Text
from . import review_labels
from .review_access import ReviewSite, is_held, may_review
from .review_editor import build_editor
from .review_forms import CueForm, is_cue_name, write_version
from .review_view import build_view
from .services import identity_of
from .site import render


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPage:
    """Which cue is to be shown, and what is to be told above it."""

    way: str
    """The way through the cues."""
    cue: str
    """The current cue; empty for the first one of the way that was not seen."""
    done: str = ""
    """What was done before, for the notice."""
    typed: CueForm | None = None
    """What a person typed that could not be kept, which is shown again."""
    error: Text | str = ""
    """Why it could not be kept."""


class ReviewPage:
    """The page of one review."""

    def __init__(self, site: ReviewSite) -> None:
        self._site = site
        self._sources = SourceReader(site.services.configuration, site.services.db)

    def routes(self) -> list[Route]:
        """Return the route of the page."""
        return [Route("/review/{id:number}", self.show, methods=["GET"])]

    def show(self, request: Request) -> Response:
        """Show the cues in the way that the address names, and the current one."""
        fields = request.query_params
        cue = fields.get("cue", "")
        asked = AskedPage(
            way=fields.get("way", ""),
            cue=cue if is_cue_name(cue) else "",
            done=fields.get("done", ""),
        )
        return self.build(request, self._site.load(request), asked)

    def build(
        self, request: Request, review: OpenReview, asked: AskedPage, status: int = 200
    ) -> Response:
        """Build the page of a review as it is now."""
        view = build_view(
            self._site.reviews, review, identity_of(request).actor, asked.way, asked.cue
        )
        source = self._sources.read(review)
        beside: list[Any] = []
        if source is not None and view.current is not None:
            shown = view.current.cue
            beside = source.spoken_during(shown.start, shown.end)
        alternatives = []
        if view.current is not None:
            recognised = self._site.reviews.words.read(review)
            place = view.current.number - 1
            alternatives = describe_alternatives(review, recognised, place)
        is_open = review.record.status is ReviewStatus.OPEN
        may_edit = is_open and may_review(request)
        return render(
            request,
            "review",
            status,
            labels=review_labels,
            view=view,
            review=review,
            record=review.record,
            current_version=write_version(VersionTag.of(review)),
            token=uuid.uuid4().hex,
            may_review=may_review(request),
            may_edit=may_edit,
            editor=build_editor(request, review, may_edit=may_edit),
            source=source,
            beside=beside,
            alternatives=alternatives,
            done=asked.done,
            holder=review.record.holder if is_held(review.record) else None,
            reading=describe_second_reading(review, identity_of(request).actor),
            approved=self._site.find_approved(request),
            typed=asked.typed,
            error=asked.error,
        )
