"""The page of one file: all that is known of it, and the buttons to steer it."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.history import HistoryFilter, list_history
from subtitled.db.records import FINAL_STATES, FileRecord

from . import labels
from .services import SiteServices, is_visible
from .site import render

SHOWN_ENTRIES = 20
"""How many entries of its history the page shows."""


class FilePage:
    """The page of one file."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        """Return the route of the page."""
        return [Route("/files/{id:int}", self.show, methods=["GET"])]

    def show(self, request: Request) -> Response:
        """Show what is known, without looking at the file itself."""
        db = self._services.db
        record = find_file(self._services, request)
        history = list_history(db, HistoryFilter(file_id=record.id), limit=SHOWN_ENTRIES)
        return render(
            request,
            "file",
            labels=labels,
            record=record,
            is_at_rest=record.state in FINAL_STATES,
            requirements=db.overview.requirements_of(record.id),
            coverage=db.overview.coverage_of(record.id),
            sidecars=db.sidecars.of_media(record.path),
            deliveries=db.deliveries.of_media(record.path),
            history=history,
            asked=request.query_params.get("asked", ""),
        )


def find_file(services: SiteServices, request: Request) -> FileRecord:
    """Return the file that the address names.

    Raises:
        HTTPException: There is none, or the user may not see it.
    """
    number: int = request.path_params["id"]
    record = services.db.files.get_by_id(number) if number < 2**63 else None
    if record is None or not is_visible(request, record.library):
        raise HTTPException(404, "there is no such file. It may have been moved or deleted")
    return record
