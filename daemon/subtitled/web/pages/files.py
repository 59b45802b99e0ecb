"""The list of files, and the queue, which is the list of those that are not at rest."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.file_list import count_files
from subtitled.daemon.answers.queue import QUEUE_STATES
from subtitled.db.file_list import FileSort
from subtitled.db.records import FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobs.pauses import active_pauses

from . import labels
from .listing import MAX_BULK_FILES, UNEXAMINED, read_page, read_query
from .services import SiteServices, count_states, is_visible, visible_libraries
from .site import render


class FilesPage:
    """The list of all files."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        """Return the routes of the lists."""
        return [
            Route("/files", self.show, methods=["GET"]),
            Route("/queue", self.show_queue, methods=["GET"]),
        ]

    def show(self, request: Request) -> Response:
        """Show one page of the list."""
        return self._render(request, "files", ())

    def show_queue(self, request: Request) -> Response:
        """Show one page of the queue."""
        return self._render(request, "queue", QUEUE_STATES)

    def _render(self, request: Request, name: str, states: tuple[FileState, ...]) -> Response:
        services, db, now = self._services, self._services.db, time.time()
        query = read_query(services, request, request.query_params, states)
        page = read_page(db, query)
        return render(
            request,
            name,
            labels=labels,
            page=page,
            fields=query.to_fields(),
            list_name=name,
            is_first=query.after is None,
            libraries=visible_libraries(services, request),
            sees_all=is_visible(request, None),
            states=states or tuple(FileState),
            sorts=tuple(FileSort),
            unexamined=UNEXAMINED,
            max_bulk=MAX_BULK_FILES,
            asked=request.query_params.get("asked", ""),
            counts=count_states(services, request) if name == "queue" else {},
            count=count_files(db, query.wanted, page if query.after is None else None),
            pauses=[p for p in active_pauses(db.kv, now) if is_visible(request, p.library or None)],
            breakers=CircuitBreakers(db.kv).open_states() if name == "queue" else {},
        )
