"""The page of what happened, filtered by file, event, library and person."""

from __future__ import annotations

import contextlib
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.cursors import CursorError
from subtitled.daemon.answers.history import HistoryEvent, HistoryFilter, list_history

from ..auth.roles import Role
from ..refusals import RefusedError
from . import labels
from .listing import NO_SUCH_PLACE
from .services import (
    SiteServices,
    choose_library,
    identity_of,
    is_visible,
    visible_libraries,
)
from .site import render

_ABOUT_USERS = (HistoryEvent.SIGNED_IN, HistoryEvent.ADMINISTERED)


class HistoryPage:
    """The page of the history."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        """Return the route of the page."""
        return [Route("/history", self.show, methods=["GET"])]

    def show(self, request: Request) -> Response:
        """Show one page of the history."""
        services, fields = self._services, request.query_params
        event = fields.get("event", "")
        file_text = fields.get("file", "")
        is_file = file_text.isascii() and file_text.isdigit() and len(file_text) < 19
        wanted = HistoryFilter(
            file_id=int(file_text) if is_file else None,
            events=_choose_events(request, event),
            library=choose_library(services, request, fields.get("library", "")),
            actor=fields.get("actor", "").strip() or None,
            since=_read_day(fields.get("since", "")),
        )
        try:
            page = list_history(services.db, wanted, fields.get("after") or None)
        except CursorError:
            raise RefusedError(400, NO_SUCH_PLACE) from None
        return render(
            request,
            "history",
            events={one: labels.EVENTS[one] for one in _visible_events(request)},
            labels=labels,
            page=page,
            libraries=visible_libraries(services, request),
            sees_all=is_visible(request, None),
            is_first="after" not in fields,
            fields={
                "file": wanted.file_id or "",
                "event": event if len(wanted.events) == 1 else "",
                "library": wanted.library or "",
                "actor": wanted.actor or "",
                "since": fields.get("since", "") if wanted.since is not None else "",
            },
        )


def _visible_events(request: Request) -> list[HistoryEvent]:
    """Return the events that the user may see. Those about users are for admins."""
    role = identity_of(request).role
    is_admin = role is not None and role.includes(Role.ADMIN)
    return [event for event in HistoryEvent if is_admin or event not in _ABOUT_USERS]


def _choose_events(request: Request, wanted: str) -> tuple[HistoryEvent, ...]:
    """Return the events to show: the one that the address names, else all visible ones."""
    visible = _visible_events(request)
    chosen = [event for event in visible if event == wanted]
    return tuple(chosen or visible)


def _read_day(text: str) -> float | None:
    """Return when a day such as ``2026-11-01`` begins; None if the text names none."""
    with contextlib.suppress(ValueError, OverflowError, OSError):
        return datetime.strptime(text, "%Y-%m-%d").astimezone().timestamp()
    return None
