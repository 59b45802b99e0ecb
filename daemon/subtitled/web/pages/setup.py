"""The page on which the first admin is made, with a code that only the machine shows."""

from __future__ import annotations

import logging

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..auth.accounts import Accounts, TooManySignInsError
from ..auth.passwords import check_password
from ..auth.roles import Role
from ..auth.users import check_name
from ..i18n import RejectedInputError, Text
from ..i18n import mark_text as _
from .sign_in import begin_session
from .site import HOME, call_of, read_form, redirect, render, text_field

_log = logging.getLogger(__name__)


class SetupPage:
    """The set-up of the first admin."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def routes(self) -> list[Route]:
        """Return the routes of this page."""
        return [
            Route("/setup", self.show, methods=["GET"]),
            Route("/setup", self.set_up, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the form while there is no user."""
        if await run_in_threadpool(self._accounts.users.exist):
            return redirect(request, "/login")
        return await self._form(request, 200, "")

    async def set_up(self, request: Request) -> Response:
        """Check the code, make the admin and begin a session."""
        accounts = self._accounts
        if await run_in_threadpool(accounts.users.exist):
            return redirect(request, "/login")
        form = await read_form(request)
        name, password = text_field(form, "name"), text_field(form, "password")
        try:
            check_name(name)
            check_password(password)
        except RejectedInputError as error:
            return await self._form(request, 400, name, error.text)
        if password != text_field(form, "password_again"):
            return await self._form(request, 400, name, Text(_("The two passwords differ.")))
        if not await run_in_threadpool(accounts.setup_codes.is_valid, text_field(form, "code")):
            _log.warning("a wrong set-up code was given, from %s", call_of(request).peer.address)
            return await self._form(
                request, 403, name, Text(_("The code is wrong, or no longer valid."))
            )
        try:
            user = await accounts.hash_in_thread(
                lambda: accounts.users.add(name, password, Role.ADMIN, is_first=True)
            )
        except TooManySignInsError:
            return await self._form(request, 503, name, Text(_("The machine is busy. Try again.")))
        except RejectedInputError as error:
            return await self._form(request, 400, name, error.text)
        await run_in_threadpool(accounts.setup_codes.void)
        address = call_of(request).peer.address
        await run_in_threadpool(
            accounts.audit.administered, user.name, "became the first admin", address
        )
        return await begin_session(request, accounts, user, HOME)

    async def _form(
        self, request: Request, status: int, name: str, error: Text | None = None
    ) -> Response:
        is_in_force = await run_in_threadpool(self._accounts.setup_codes.is_in_force)
        return render(request, "setup", status, name=name, error=error, has_code=is_in_force)
