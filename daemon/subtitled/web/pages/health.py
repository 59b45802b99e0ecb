"""The page of the health: processes, engines, media servers, and the doctor on request."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.status import describe_status
from subtitled.daemon.doctor import check_machine
from subtitled.plugin import CheckResult

from ..auth.roles import Role
from . import labels
from .services import SiteServices, identity_of
from .site import render


class HealthPage:
    """The page of the health."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services
        self._is_checking = threading.Lock()

    def routes(self) -> list[Route]:
        """Return the routes of the page."""
        return [
            Route("/health-page", self.show, methods=["GET"]),
            Route("/health-page/check", self.check, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show what is known."""
        return self._page(request, None)

    def check(self, request: Request) -> Response:
        """Run the doctor, one at a time, and show what it found."""
        if not self._is_checking.acquire(blocking=False):
            return self._page(request, None, 503)
        try:
            configuration = self._services.configuration
            checks = check_machine(configuration, configuration.path)
        finally:
            self._is_checking.release()
        return self._page(request, checks)

    def _page(
        self, request: Request, checks: Sequence[CheckResult] | None, status: int = 200
    ) -> Response:
        services = self._services
        answer = describe_status(services.configuration, services.db)
        role = identity_of(request).role
        return render(
            request,
            "health",
            status,
            labels=labels,
            answer=answer,
            engines={
                name: answer.breakers.get(name) for name in sorted(services.configuration.engines)
            },
            checks=checks,
            is_busy=status == 503,
            may_check=role is not None and role.includes(Role.OPERATOR),
        )
