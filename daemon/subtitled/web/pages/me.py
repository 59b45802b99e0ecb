"""The page of the user who has signed in: role, password and sessions."""

from __future__ import annotations

import math
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..auth.accounts import Accounts, TooManySignInsError
from ..auth.identity import Identity, IdentityKind
from ..i18n import RejectedInputError, Text
from ..i18n import mark_text as _
from . import labels
from .sign_in import TOO_MANY_TRIES, throttled_address
from .site import call_of, read_form, redirect, render, text_field

OTHER_SESSIONS = "others"
"""The value of the field that ends all sessions but this one."""


class MePage:
    """The page of the user."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def routes(self) -> list[Route]:
        """Return the routes of this page."""
        return [
            Route("/me", self.show, methods=["GET"]),
            Route("/me/password", self.change_password, methods=["POST"]),
            Route("/me/sessions", self.end_sessions, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the page."""
        return await self._page(request)

    async def change_password(self, request: Request) -> Response:
        """Change the password, and end all other sessions of the user."""
        identity, accounts = _identity(request), self._accounts
        if identity.user_id is None:
            return await self._page(
                request, 403, error=Text(_("Only who signed in has a password here."))
            )
        form = await read_form(request)
        old, new = text_field(form, "password"), text_field(form, "new_password")
        if new != text_field(form, "new_password_again"):
            return await self._page(request, 400, error=Text(_("The two new passwords differ.")))
        address = throttled_address(request)
        wait = await run_in_threadpool(accounts.throttle.begin_try, identity.name, address)
        if wait > 0:
            error = Text(TOO_MANY_TRIES, {"seconds": math.ceil(wait)})
            return await self._page(request, 429, error=error)
        user_id, session_id = identity.user_id, identity.session_id

        def change() -> bool:
            if accounts.users.find_by_password(identity.name, old) is None:
                return False
            accounts.users.set_password(user_id, new, kept_session=session_id)
            return True

        try:
            is_changed = await accounts.hash_in_thread(change)
        except TooManySignInsError:
            return await self._page(request, 503, error=Text(_("The machine is busy. Try again.")))
        except RejectedInputError as error:
            return await self._page(request, 400, error=error.text)
        if not is_changed:
            return await self._page(request, 403, error=Text(_("The old password is wrong.")))
        await run_in_threadpool(accounts.throttle.record_success, identity.name, address)
        await self._record(request, "changed the own password; all other sessions ended")
        return await self._page(
            request, notice=Text(_("The password is changed. Other sessions ended."))
        )

    async def end_sessions(self, request: Request) -> Response:
        """End one session of the user, or all others."""
        identity, sessions = _identity(request), self._accounts.sessions
        if identity.user_id is None:
            return await self._page(request, 403, error=Text(_("There is no session.")))
        chosen = text_field(await read_form(request), "session")
        if chosen == OTHER_SESSIONS:
            await run_in_threadpool(
                sessions.end_all, identity.user_id, kept_session=identity.session_id
            )
        elif chosen in {
            one.id for one in await run_in_threadpool(sessions.list_of, identity.user_id)
        }:
            await run_in_threadpool(sessions.end, chosen)
        await self._record(request, "ended own sessions")
        return redirect(request, "/me")

    async def _record(self, request: Request, what: str) -> None:
        name, address = _identity(request).name, call_of(request).peer.address
        await run_in_threadpool(self._accounts.audit.administered, name, what, address)

    async def _page(
        self,
        request: Request,
        status: int = 200,
        *,
        error: Text | None = None,
        notice: Text | None = None,
    ) -> Response:
        identity = _identity(request)
        sessions: list[Any] = []
        if identity.user_id is not None:
            sessions = await run_in_threadpool(self._accounts.sessions.list_of, identity.user_id)
        return render(
            request,
            "me",
            status,
            labels=labels,
            sessions=sessions,
            has_password=identity.kind is IdentityKind.SESSION,
            error=error,
            notice=notice,
        )


def _identity(request: Request) -> Identity:
    """Return who calls. The wall lets nobody else in."""
    identity = call_of(request).identity
    assert identity is not None
    return identity
