"""The buttons that pause and resume the work."""

from __future__ import annotations

import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.control import pause_work, resume_work

from ..i18n import mark_text as _
from ..refusals import RefusedError
from .services import SiteServices, identity_of, is_visible
from .site import read_form, redirect, text_field

PAUSE_HOURS = ("0", "1", "2", "4", "8", "24")
"""How long a pause may last; 0 is until somebody resumes the work."""


class PauseActions:
    """The route of the buttons."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route("/queue/pauses", self.act, methods=["POST"])]

    async def act(self, request: Request) -> Response:
        """Pause or resume a library, or everything."""
        form = await read_form(request)
        library, action = text_field(form, "library"), text_field(form, "action")
        hours = text_field(form, "hours") or "0"
        if library and library not in self._services.configuration.settings.libraries:
            raise RefusedError(400, _("there is no such library"))
        if action not in ("pause", "resume") or hours not in PAUSE_HOURS:
            raise RefusedError(400, _("there is no such action"))
        if not is_visible(request, library or None):
            raise RefusedError(403, _("your account is bound to other libraries"))
        until = time.time() + 3600 * int(hours) if hours != "0" else None
        await run_in_threadpool(self._apply, identity_of(request).name, action, library, until)
        return redirect(request, "/queue")

    def _apply(self, actor: str, action: str, library: str, until: float | None) -> None:
        db = self._services.db
        if action == "pause":
            pause_work(db, library, until, actor)
        else:
            resume_work(db, library, actor)
