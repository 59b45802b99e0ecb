"""The page of the health: processes, engines, media servers, libraries, and checks on request."""

from __future__ import annotations

import threading

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.health import DoctorAnswer, describe_health, run_doctor
from subtitled.daemon.answers.log import LOG_LEVELS, read_log
from subtitled.daemon.control import reset_engine, tell_server_again
from subtitled.db.commands import CommandKind

from ..auth.access import Access
from ..i18n import Text
from ..i18n import mark_text as _
from ..refusals import RefusedError
from . import labels
from .services import SiteServices, identity_of, is_visible, visible_libraries
from .site import read_form, render, text_field

NEWEST_LINES = 15
"""How many log lines the page itself shows."""
MAX_LINES = 500


class HealthPage:
    """The page of the health, and that of the log."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services
        self._is_checking = threading.Lock()

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        return [
            Route("/health-page", self.show, methods=["GET"]),
            Route("/health-page/actions", self.act, methods=["POST"]),
            Route("/health-page/check", self.check, methods=["POST"]),
            Route("/health-page/log", self.show_log, methods=["GET"]),
        ]

    def show(self, request: Request) -> Response:
        """Show what is known."""
        return self._page(request)

    def show_log(self, request: Request) -> Response:
        """Show the last log lines of this process, with those of one job or of a level."""
        fields = request.query_params
        level = fields.get("level", "")
        job, search = fields.get("job", "").strip(), fields.get("search", "").strip()
        wanted = level if level in LOG_LEVELS else "debug"
        return render(
            request,
            "log",
            labels=labels,
            lines=read_log(level=wanted, job=job, search=search, limit=MAX_LINES).lines,
            levels=tuple(LOG_LEVELS),
            fields={"level": wanted, "job": job, "search": search},
        )

    def check(self, request: Request) -> Response:
        """Run the doctor, one at a time, and show what it found."""
        if not self._is_checking.acquire(blocking=False):
            error = Text(_("Somebody else has the machine checked at the moment. Try again."))
            return self._page(request, 503, error=error)
        try:
            configuration = self._services.configuration
            checks = run_doctor(configuration, configuration.path)
        finally:
            self._is_checking.release()
        return self._page(request, checks=checks)

    async def act(self, request: Request) -> Response:
        """Try an engine again, tell a server again, or scan a library."""
        form = await read_form(request)
        action, name = text_field(form, "action"), text_field(form, "name")
        notice = await run_in_threadpool(self._do, request, action, name)
        return await run_in_threadpool(lambda: self._page(request, notice=notice))

    def _do(self, request: Request, action: str, name: str) -> Text:
        """Do what was asked for, and return what to say of it."""
        configuration, db = self._services.configuration, self._services.db
        actor = identity_of(request).name
        if action == "scan":
            if name and name not in visible_libraries(self._services, request):
                raise RefusedError(400, _("there is no such library"))
            self._require(request, name or None)
            libraries = configuration.settings.libraries
            db.commands.enqueue(CommandKind.SCAN, libraries[name].path if name else None, actor)
            return Text(_("The daemon scans it within seconds."))
        self._require(request, None)
        if action == "reset-engine" and name in configuration.engines:
            reset_engine(db, name, actor)
            return Text(_("The engine %(name)s is tried again."), {"name": name})
        if action == "tell-server" and name in configuration.servers:
            tell_server_again(db, name, actor)
            return Text(_("%(name)s is told again of what it has not confirmed."), {"name": name})
        raise RefusedError(400, _("there is no such action"))

    def _require(self, request: Request, library: str | None) -> None:
        """Check that the user may steer a library, or with None what all libraries share."""
        if not is_visible(request, library):
            raise RefusedError(403, _("your account is bound to other libraries"))

    def _page(
        self,
        request: Request,
        status: int = 200,
        *,
        checks: DoctorAnswer | None = None,
        notice: Text | None = None,
        error: Text | None = None,
    ) -> Response:
        services, identity = self._services, identity_of(request)
        may_act = Access.OPERATOR.is_granted_to(identity)
        sees_log = Access.ADMIN.is_granted_to(identity)
        return render(
            request,
            "health",
            status,
            labels=labels,
            answer=describe_health(services.configuration, services.db),
            libraries=visible_libraries(services, request),
            checks=checks.results if checks is not None else None,
            notice=notice,
            error=error,
            may_act=may_act,
            steers_all=may_act and is_visible(request, None),
            lines=read_log(limit=NEWEST_LINES).lines if sees_log else None,
        )
