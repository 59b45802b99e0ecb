"""The buttons that ask the daemon to do something with files, with the user as who asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.queue import QUEUE_STATES
from subtitled.db.records import FileRecord

from ..file_actions import FileAction, request_action
from ..i18n import mark_text as _
from ..refusals import RefusedError
from .listing import MAX_BULK_FILES, iter_files, read_query
from .services import SiteServices, identity_of, is_visible
from .site import read_form, redirect, safe_path, text_field

ALL_MATCHES = "all"
"""The value of the field ``scope`` that means all files of the list, not only the chosen ones."""
MAX_CHOSEN = 200


@dataclass(frozen=True, slots=True)
class FileActions:
    """The route of the buttons of all pages that show files."""

    services: SiteServices

    def routes(self) -> list[Route]:
        """Return the route."""
        return [Route("/files/actions", self.act, methods=["POST"])]

    async def act(self, request: Request) -> Response:
        """Send a command for each chosen file, and lead back to the page."""
        form = await read_form(request, max_fields=MAX_CHOSEN + 20)
        try:
            action = FileAction(text_field(form, "action"))
        except ValueError:
            raise RefusedError(400, _("there is no such action")) from None
        number = await run_in_threadpool(self._send, request, form, action)
        target = safe_path(text_field(form, "back")).partition("#")[0]
        path, _mark, query = target.partition("?")
        kept = [part for part in query.split("&") if part and not part.startswith("asked=")]
        return redirect(request, f"{path}?{'&'.join([*kept, urlencode({'asked': number})])}")

    def _send(self, request: Request, form: FormData, action: FileAction) -> int:
        """Store the commands in one transaction, and return how many there are."""
        records = (
            record for record in self._chosen(request, form) if is_visible(request, record.library)
        )
        return request_action(self.services.db, action, records, identity_of(request).name)

    def _chosen(self, request: Request, form: FormData) -> Iterable[FileRecord]:
        db = self.services.db
        if text_field(form, "scope") != ALL_MATCHES:
            numbers = [str(value) for value in form.getlist("file")][:MAX_CHOSEN]
            ids = [int(text) for text in numbers if text.isascii() and text.isdigit()]
            records = (db.files.get_by_id(number) for number in ids if number < 2**63)
            return [record for record in records if record is not None]
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        states = QUEUE_STATES if fields.get("list") == "queue" else ()
        query = read_query(self.services, request, fields, states)
        if db.file_list.count(query.wanted) > MAX_BULK_FILES:
            raise RefusedError(
                400,
                _("these are more than %(number)s files. Narrow the list and try again"),
                number=MAX_BULK_FILES,
            )
        return iter_files(db, query)
