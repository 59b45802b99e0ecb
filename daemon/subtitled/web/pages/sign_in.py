"""The pages with which users sign in and out."""

from __future__ import annotations

import logging
import math

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..auth.accounts import Accounts, TooManySignInsError
from ..auth.authenticator import cookie_name
from ..auth.identity import IdentityKind
from ..auth.sessions import MAX_SECONDS
from ..auth.users import User
from ..i18n import Text
from ..i18n import mark_text as _
from .site import HOME, call_of, read_form, redirect, render, safe_path, text_field

_log = logging.getLogger(__name__)

TOO_MANY_TRIES = _("Too many tries. Wait %(seconds)s seconds and try again.")
BUSY_SECONDS = 5
"""What ``Retry-After`` says if too many sign-ins wait."""


class SignInPages:
    """Sign-in and sign-out."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            Route("/login", self.show, methods=["GET"]),
            Route("/login", self.sign_in, methods=["POST"]),
            Route("/logout", self.sign_out, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the form, or lead on who has signed in."""
        target = safe_path(request.query_params.get("next", HOME))
        identity = call_of(request).identity
        if identity is not None and identity.is_ambient:
            return redirect(request, target)
        if not await run_in_threadpool(self._accounts.users.exist):
            return redirect(request, "/setup")
        return render(request, "login", target=target, name="", error="")

    async def sign_in(self, request: Request) -> Response:
        """Check name and password, and begin a session."""
        form = await read_form(request)
        name, password = text_field(form, "name"), text_field(form, "password")
        target = safe_path(text_field(form, "next"))
        accounts, address = self._accounts, throttled_address(request)
        wait = await run_in_threadpool(accounts.throttle.begin_try, name, address)
        if wait > 0:
            seconds = math.ceil(wait)
            error = Text(TOO_MANY_TRIES, {"seconds": seconds})
            return _retry_later(
                render(request, "login", 429, target=target, name=name, error=error), seconds
            )
        try:
            user = await accounts.hash_in_thread(
                lambda: accounts.users.find_by_password(name, password)
            )
        except TooManySignInsError:
            error = Text(_("Too many people sign in at the moment. Try again."))
            return _retry_later(
                render(request, "login", 503, target=target, name=name, error=error), BUSY_SECONDS
            )
        if user is None:
            # The name is not logged: some people type their password there.
            _log.warning("a sign-in failed, from %s", call_of(request).peer.address)
            error = Text(_("The name or the password is wrong."))
            return render(request, "login", 401, target=target, name=name, error=error)
        await run_in_threadpool(accounts.throttle.record_success, name, address)
        return await begin_session(request, accounts, user, target)

    async def sign_out(self, request: Request) -> Response:
        """End the session, here and in the browser."""
        call = call_of(request)
        if call.identity is not None and call.identity.kind is IdentityKind.SESSION:
            await run_in_threadpool(self._accounts.sessions.end, call.identity.session_id)
        response = redirect(request, "/login")
        response.delete_cookie(
            cookie_name(call.peer.scheme, call.base_path),
            path=call.base_path or "/",
            secure=call.peer.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return response


async def begin_session(request: Request, accounts: Accounts, user: User, target: str) -> Response:
    """Begin a session with a new cookie, end the one of the old cookie, and lead to a page."""
    call = call_of(request)
    if call.identity is not None and call.identity.kind is IdentityKind.SESSION:
        await run_in_threadpool(accounts.sessions.end, call.identity.session_id)
    agent = call.headers.get("user-agent", "")
    token = await run_in_threadpool(accounts.sessions.create, user, call.peer.address, agent)
    await run_in_threadpool(accounts.audit.signed_in, user.name, call.peer.address)
    response = redirect(request, target)
    response.set_cookie(
        cookie_name(call.peer.scheme, call.base_path),
        token,
        max_age=int(MAX_SECONDS),
        path=call.base_path or "/",
        secure=call.peer.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response


def throttled_address(request: Request) -> str | None:
    """Return the address whose failures are counted; None if others share it."""
    peer = call_of(request).peer
    return None if peer.is_shared else peer.address


def _retry_later(response: Response, seconds: int) -> Response:
    response.headers["Retry-After"] = str(seconds)
    return response
