"""The page of what the daemon does now, why it waits, and what comes next."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.now import describe_now

from . import labels
from .services import SiteServices, count_states, identity_of, is_visible
from .site import render

MAX_UPCOMING = 6


class NowPage:
    """The first page."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        """Return the route of the page."""
        return [Route("/", self.show, methods=["GET"])]

    def show(self, request: Request) -> Response:
        """Show the page."""
        services = self._services
        answer = describe_now(services.configuration, services.db)
        # Reasons, times and problems are about all libraries.
        sees_all = identity_of(request).libraries is None
        return render(
            request,
            "now",
            labels=labels,
            is_running=answer.daemon is not None,
            pauses=[p for p in answer.pauses if is_visible(request, p.library or None)],
            jobs=[job for job in answer.jobs if is_visible(request, job.record.library)],
            reasons=answer.reasons if sees_all else (),
            upcoming=answer.upcoming[:MAX_UPCOMING] if sees_all else (),
            backlog=answer.backlog if sees_all else None,
            newest=[entry for entry in answer.newest if is_visible(request, entry.library)],
            counts=count_states(services, request),
            problems=answer.problems if sees_all else (),
        )
