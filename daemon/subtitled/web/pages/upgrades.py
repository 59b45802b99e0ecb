"""The page of what made our subtitles, on which those of a lesser engine are made again."""

from __future__ import annotations

import re
from functools import partial

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.upgrades import (
    UnknownMakerError,
    UpgradeAnswer,
    count_makers,
    plan_upgrades,
    request_upgrades,
    withdraw_upgrades,
)
from subtitled.subtitles.makers import MadeBy

from ..i18n import mark_text as _
from ..refusals import RefusedError
from .filters import format_query
from .services import SiteServices, identity_of, visible_libraries
from .site import read_form, redirect, render, text_field
from .slow_pages import OneAtATime

PATH = "/coverage/upgrades"
MAX_NAME = 200
"""Longest name of what made subtitles, in characters."""
_COUNT = re.compile(r"[0-9]{1,9}")
DONE = ("asked", "stopped")
"""The fields of the address that say what a button did, with the number of files."""


class UpgradesPage:
    """The page of what made our subtitles."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services
        self._one_at_a_time = OneAtATime()

    def routes(self) -> list[Route]:
        """Return the routes of the page."""
        return [
            Route(PATH, self.show, methods=["GET"]),
            Route(PATH, self.change, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show what made our subtitles, and what an upgrade of some would do."""
        return await self._one_at_a_time.call(partial(self._show, request))

    def _show(self, request: Request) -> Response:
        services, fields = self._services, request.query_params
        library, chosen = fields.get("library", ""), fields.get("made_by", "")
        libraries = self._choose(request, library)
        numbers = {name: fields.get(name, "") for name in DONE}
        return render(
            request,
            "upgrades",
            page=PATH,
            library=library,
            makers=count_makers(services.db, libraries),
            progress=services.db.upgrades.progress(libraries),
            chosen=chosen,
            plan=self._plan(chosen, libraries),
            done={name: int(text) for name, text in numbers.items() if _COUNT.fullmatch(text)},
        )

    def _plan(self, chosen: str, libraries: list[str]) -> UpgradeAnswer | None:
        """Return what would be made again; None if nothing is chosen, or nothing was made by it."""
        if not chosen:
            return None
        services, meant = self._services, _read_made_by(chosen)
        try:
            return plan_upgrades(services.configuration, services.db, [meant], libraries)
        except UnknownMakerError:
            return None

    async def change(self, request: Request) -> Response:
        """Have subtitles made again, or take back what was asked for."""
        form = await read_form(request)
        actions = {"upgrade": self._upgrade, "withdraw": self._withdraw}
        action = actions.get(text_field(form, "action"))
        if action is None:
            raise RefusedError(400, _("there is no such action"))
        done = await self._one_at_a_time.call(partial(action, request, form))
        return redirect(request, PATH + done)

    def _upgrade(self, request: Request, form: FormData) -> str:
        services, library = self._services, text_field(form, "library")
        libraries, meant = (
            self._choose(request, library),
            _read_made_by(text_field(form, "made_by")),
        )
        actor = identity_of(request).name
        try:
            answer = request_upgrades(
                services.configuration, services.db, [meant], libraries, actor
            )
        except UnknownMakerError:  # all of it was made again or removed meanwhile
            return format_query({"library": library, "asked": "0"})
        return format_query({"library": library, "asked": answer.total.files})

    def _withdraw(self, request: Request, form: FormData) -> str:
        library = text_field(form, "library")
        libraries = self._choose(request, library)
        files = withdraw_upgrades(self._services.db, libraries, identity_of(request).name)
        return format_query({"library": library, "stopped": files})

    def _choose(self, request: Request, library: str) -> list[str]:
        """Return the library that was named, or all that the user may see."""
        visible = visible_libraries(self._services, request)
        if not library:
            return visible
        if library not in visible:
            raise RefusedError(404, _("there is no such library"))
        return [library]


def _read_made_by(text: str) -> MadeBy:
    try:
        return MadeBy(text[:MAX_NAME])
    except ValueError:
        raise RefusedError(400, _("this names no engine and no model")) from None
