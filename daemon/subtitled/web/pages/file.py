"""The page of one file: all that is known of it, and the buttons to steer it."""

from __future__ import annotations

import hashlib
import os
import threading

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.file import Explanation, describe_file, explain_file
from subtitled.daemon.answers.log import read_log_of_file
from subtitled.db.records import FINAL_STATES, FileRecord
from subtitled.db.review_records import ReviewFilter, ReviewStatus
from subtitled.db.sidecars import SidecarRecord
from subtitled.plugin import Language, SubtitleKind

from ..auth.access import Access
from ..i18n import mark_text as _
from ..refusals import RefusedError
from . import labels
from .services import SiteServices, identity_of, is_visible
from .site import render

MAX_LOOKS = 2
"""How many files may be looked at at the same time. Each look reads a file and runs ffprobe."""


class FilePage:
    """The page of one file."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services
        self._looks = threading.BoundedSemaphore(MAX_LOOKS)

    def routes(self) -> list[Route]:
        """Return the routes of the page."""
        return [
            Route("/files/{id:number}", self.show, methods=["GET"]),
            Route("/files/{id:number}/look", self.look, methods=["GET"]),
        ]

    def show(self, request: Request) -> Response:
        """Show what is known, without looking at the file itself."""
        return self._page(request, None)

    def look(self, request: Request) -> Response:
        """Look at the file, and show what was found too."""
        record = find_file(self._services, request)
        if not self._looks.acquire(blocking=False):
            raise RefusedError(
                503, _("others look at files at the moment. Try again in some seconds")
            )
        try:
            explanation = explain_file(self._services.configuration, self._services.db, record.path)
        finally:
            self._looks.release()
        return self._page(request, explanation)

    def _page(self, request: Request, look: Explanation | None) -> Response:
        services = self._services
        record, identity = find_file(services, request), identity_of(request)
        answer = describe_file(services.configuration, services.db, record)
        jobs = {record.job_id or "", *(entry.job_id for entry in answer.history)} - {""}
        sees_log = Access.ADMIN.is_granted_to(identity)
        return render(
            request,
            "file",
            labels=labels,
            record=record,
            answer=answer,
            sidecar_key=sidecar_key,
            lines=read_log_of_file(record.path, jobs).lines if sees_log else None,
            may_act=Access.OPERATOR.is_granted_to(identity),
            may_review=Access.REVIEWER.is_granted_to(identity),
            reviews=self._reviews_of(record),
            has_servers=bool(services.configuration.servers),
            look=look,
            is_at_rest=record.state in FINAL_STATES,
            asked=request.query_params.get("asked", ""),
        )

    def _reviews_of(self, record: FileRecord) -> dict[tuple[Language, SubtitleKind], int]:
        """Return the reviews of the subtitles that are there, by language and kind."""
        reviews = self._services.db.reviews
        return {
            (one.language, one.kind): one.id
            for status in ReviewStatus
            for one in reviews.page(ReviewFilter(status=status, file_id=record.id), None, 200)
        }


def find_file(services: SiteServices, request: Request) -> FileRecord:
    """Return the file that the address names.

    Raises:
        RefusedError: There is none, or the user may not see it.
    """
    number: int = request.path_params["id"]
    record = services.db.files.get_by_id(number) if number < 2**63 else None
    if record is None or not is_visible(request, record.library):
        raise RefusedError(404, _("there is no such file. It may have been moved or deleted"))
    return record


def sidecar_key(sidecar: SidecarRecord) -> str:
    """Return what names a sidecar in an address, whatever the bytes of its path."""
    return hashlib.sha256(os.fsencode(sidecar.path)).hexdigest()[:16]
