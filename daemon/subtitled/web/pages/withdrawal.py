"""The page on which what we wrote for a file is removed or brought back, after a question."""

from __future__ import annotations

from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.undo import (
    FileBusyError,
    NothingToUndoError,
    UndoAnswer,
    find_approved,
    find_upgraded,
    undo_file,
)
from subtitled.daemon.control import tell_servers_of_file
from subtitled.db.records import FileRecord
from subtitled.db.sidecars import SidecarRecord, SidecarStatus

from ..i18n import mark_text as _
from ..refusals import RefusedError
from . import labels
from .file import find_file, sidecar_key
from .services import SiteServices, identity_of
from .site import read_form, redirect, render, text_field

RESTORE = "restore"


class WithdrawalPage:
    """The page that asks before a subtitle of ours is removed or brought back."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        """Return the routes of the page."""
        return [
            Route("/files/{id:number}/undo", self.ask, methods=["GET"]),
            Route("/files/{id:number}/undo", self.undo, methods=["POST"]),
            Route("/files/{id:number}/servers", self.tell_servers, methods=["POST"]),
        ]

    def ask(self, request: Request) -> Response:
        """Show what would be removed or brought back, with a button."""
        record, fields = find_file(self._services, request), request.query_params
        is_restored = fields.get("action", "") == RESTORE
        return self._page(request, record, is_restored, fields.get("sidecar", ""))

    async def undo(self, request: Request) -> Response:
        """Remove the subtitles that we wrote, or bring them back, and show what became of them."""
        form = await read_form(request)
        is_restored, chosen = text_field(form, "action") == RESTORE, text_field(form, "sidecar")
        return await run_in_threadpool(self._undo, request, is_restored, chosen)

    async def tell_servers(self, request: Request) -> Response:
        """Have the media servers told again of what we wrote for the file."""
        await read_form(request)

        def tell() -> int:
            record = find_file(self._services, request)
            tell_servers_of_file(self._services.db, record, identity_of(request).name)
            return record.id

        number = await run_in_threadpool(tell)
        return redirect(request, f"/files/{number}?asked=1")

    def _undo(self, request: Request, is_restored: bool, chosen: str) -> Response:
        record = find_file(self._services, request)
        path = self._path_of(record, chosen)
        actor = identity_of(request).name
        try:
            answer = undo_file(
                self._services.configuration,
                self._services.db,
                path,
                restore=is_restored,
                actor=actor,
            )
        except FileBusyError:
            raise RefusedError(409, _("the file has a job. Cancel it, then try again")) from None
        except NothingToUndoError:
            raise RefusedError(409, _("we wrote no subtitles for this file")) from None
        return self._page(request, record, is_restored, chosen, answer)

    def _path_of(self, record: FileRecord, chosen: str) -> Path:
        """Return the sidecar that was chosen, or the file itself if none was."""
        if not chosen:
            return record.path
        for sidecar in self._services.db.sidecars.of_media(record.path):
            if sidecar_key(sidecar) == chosen:
                return sidecar.path
        raise RefusedError(404, _("we wrote no subtitles for this file"))

    def _page(
        self,
        request: Request,
        record: FileRecord,
        is_restored: bool,
        chosen: str,
        answer: UndoAnswer | None = None,
    ) -> Response:
        sidecars = self._services.db.sidecars.of_media(record.path)
        if chosen:
            sidecars = [one for one in sidecars if sidecar_key(one) == chosen]
        approved = [] if is_restored else find_approved(self._services.db, sidecars)
        upgraded = [] if is_restored or approved else find_upgraded(sidecars)
        return render(
            request,
            "undo",
            labels=labels,
            record=record,
            is_restored=is_restored,
            chosen=chosen,
            concerned=approved or upgraded or concerned_by(sidecars, is_restored),
            is_approved=bool(approved),
            is_upgraded=bool(upgraded),
            answer=answer,
        )


def concerned_by(sidecars: list[SidecarRecord], is_restored: bool) -> list[SidecarRecord]:
    """Return the sidecars that are there if they would be removed, else those that are not."""
    return [one for one in sidecars if (one.status is SidecarStatus.PRESENT) != is_restored]
