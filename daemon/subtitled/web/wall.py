"""The wall: the outer layer of the port. It lets in what the role table grants, and nothing else.

The order is: host, who calls, what the route needs, whether another page sends it, and the headers
of the answer. A route behind it need not check anything, and finds who calls in its request.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from subtitled.plugin import SubtitledError

from .access_table import AccessTable
from .auth.access import Access
from .auth.authenticator import Authenticator, Credentials
from .auth.csrf import (
    SAFE_METHODS,
    TOKEN_FIELD,
    TOKEN_HEADER,
    find_foreign_origin,
    is_csrf_token,
    is_from_browser,
    shows_basic,
)
from .auth.identity import Identity, IdentityKind
from .auth.proxies import Peer
from .headers import NONCE_STATE, add_security_headers
from .hosts import AllowedHosts
from .i18n import mark_text as _
from .refusals import (
    API_PREFIX,
    FOREIGN_PAGE,
    NOT_ALLOWED,
    NOT_SIGNED_IN,
    TOO_LARGE,
    TOO_SLOW,
    UNKNOWN_HOST,
    WRONG_CSRF_TOKEN,
    Refusal,
    build_refusal,
    wants_page,
)

_log = logging.getLogger(__name__)

HEALTH_PATH = "/health"
"""The only route that answers under any host, for checks of containers."""
MAX_FORM_BYTES = 256 * 1024
"""Largest form of a page."""
FORM_TIMEOUT_SECONDS = 10.0
_FORM_TYPE = "application/x-www-form-urlencoded"
_FOR_PROGRAMS = (Access.WEBHOOKS, Access.METRICS, Access.TRANSCRIBE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as the wall sees it. Routes find it as ``request.state.call``."""

    path: str
    """The path below the base path."""
    method: str
    headers: Headers
    peer: Peer
    base_path: str
    identity: Identity | None = None


class Wall:
    """The outer ASGI layer."""

    def __init__(
        self,
        inner: ASGIApp,
        table: AccessTable,
        authenticator: Authenticator,
        hosts: AllowedHosts,
        base_path: str = "",
    ) -> None:
        self._inner = inner
        self._table = table
        self._authenticator = authenticator
        self._hosts = hosts
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it in."""
        if scope["type"] != "http":
            return
        path = self._path_of(scope)
        headers = Headers(scope=scope)
        call = Call(
            path=path,
            method=scope["method"],
            headers=headers,
            peer=self._authenticator.peer_of(scope),
            base_path=self._base_path,
        )
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_security_headers(MutableHeaders(scope=message), state.get(NONCE_STATE))
            await send(message)

        try:
            answer, call, receive = await self._judge(scope, call, receive)
        except SubtitledError as error:
            _log.error("%s", error)
            answer = self._refuse(_USERS_UNREADABLE, call)
        if answer is not None:
            await answer(scope, receive, send_with_headers)
            return
        state["call"] = call
        state["identity"] = call.identity
        scope["root_path"] = self._base_path
        scope["path"] = self._base_path + path
        await self._inner(scope, receive, send_with_headers)

    def _path_of(self, scope: Scope) -> str:
        """Return the path below the base path, whether or not a proxy has cut that off."""
        path = str(scope["path"])
        if self._base_path and (path + "/").startswith(self._base_path + "/"):
            return path[len(self._base_path) :] or "/"
        return path

    async def _judge(
        self, scope: Scope, call: Call, receive: Receive
    ) -> tuple[Response | None, Call, Receive]:
        """Return the answer to a request that is not let in, else None and what to go on with."""
        if "transfer-encoding" in call.headers and "content-length" in call.headers:
            # A proxy may have read another length, so no further request is read.
            return self._refuse(_TWO_LENGTHS, call, {"Connection": "close"}), call, receive
        is_own_host = self._hosts.allows(call.peer.host) and self._hosts.allows(
            call.headers.get("host", "")
        )
        if call.path != HEALTH_PATH and not is_own_host:
            return self._refuse(UNKNOWN_HOST, call), call, receive
        access = self._table.find(call.path, call.method)
        if is_own_host:
            call = await self._identified(scope, call, access)
        if access is None or not access.is_granted_to(call.identity):
            return await self._turn_away(call, access), call, receive
        if call.method in SAFE_METHODS:
            return self._check_reader(call), call, receive
        refusal, receive = await self._check_page(call, access, receive)
        return (self._refuse(refusal, call) if refusal else None), call, receive

    async def _identified(self, scope: Scope, call: Call, access: Access | None) -> Call:
        is_for_programs = access in _FOR_PROGRAMS or call.path == HEALTH_PATH
        credentials = Credentials(
            call.headers, QueryParams(scope["query_string"]), call.peer, is_for_programs
        )
        identity = await run_in_threadpool(self._authenticator.identify, credentials)
        return replace(call, identity=identity)

    async def _turn_away(self, call: Call, access: Access | None) -> Response:
        """Answer a caller who may not use a route. What does not exist is told only to users.

        Nothing without a row in the role table reaches the application, which might take another
        spelling of a path for its own.
        """
        identity = call.identity
        if identity is not None and identity.kind is not IdentityKind.LOCAL:
            if access is not None:
                return self._refuse(NOT_ALLOWED, call)
            if methods := self._table.methods_of(call.path):
                return self._refuse(_WRONG_METHOD, call, {"Allow": ", ".join(sorted(methods))})
            return self._refuse(_NOT_FOUND, call)
        if access is Access.WEBHOOKS and is_from_browser(call.headers):
            return self._refuse(FOREIGN_PAGE, call)
        is_page = call.method in ("GET", "HEAD") and wants_page(call.headers)
        if is_page and not call.path.startswith(API_PREFIX):
            return await self._send_to_sign_in(call)
        return self._refuse(NOT_SIGNED_IN, call, {"WWW-Authenticate": _challenge(call)})

    async def _send_to_sign_in(self, call: Call) -> Response:
        """Lead a browser to the page where users sign in, or where the first one is made."""
        if not await run_in_threadpool(self._authenticator.has_users):
            return RedirectResponse(f"{self._base_path}/setup", 303)
        query = f"?next={quote(call.path, safe='/')}" if call.path != "/" else ""
        return RedirectResponse(f"{self._base_path}/login{query}", 303)

    def _check_reader(self, call: Call) -> Response | None:
        """Refuse another page that makes a browser read the API, such as a stream of events.

        It would not see the answer, but could take all streams of the user. Pages may be linked to.
        """
        identity = call.identity
        if identity is None or not identity.is_ambient or not call.path.startswith(API_PREFIX):
            return None
        reason = find_foreign_origin(
            call.headers, call.peer.scheme, call.peer.host, is_always_sent=False
        )
        if reason is None:
            return None
        return self._refuse(Refusal(403, "foreign-page", reason, _PROXY_HINT), call)

    async def _check_page(
        self, call: Call, access: Access, receive: Receive
    ) -> tuple[Refusal | None, Receive]:
        """Check that no other page makes a browser send this request."""
        identity = call.identity
        if identity is not None and not identity.is_ambient and access is not Access.OPEN:
            # A browser keeps the password of basic authentication, and sends it for any page.
            is_sent_by_itself = identity.kind is IdentityKind.LOCAL or shows_basic(call.headers)
            is_foreign = is_sent_by_itself and is_from_browser(call.headers)
            return (FOREIGN_PAGE if is_foreign else None), receive
        reason = find_foreign_origin(call.headers, call.peer.scheme, call.peer.host)
        if reason is not None:
            return Refusal(403, "foreign-page", reason, _PROXY_HINT), receive
        if access is Access.OPEN or identity is None:
            return None, receive
        given = call.headers.get(TOKEN_HEADER)
        if given is None:
            body = await _read_form(call.headers, receive)
            if isinstance(body, Refusal):
                return body, receive
            given = _field(body, TOKEN_FIELD)
            receive = _replay(body, receive)
        if not is_csrf_token(given, identity.csrf_token):
            return WRONG_CSRF_TOKEN, receive
        return None, receive

    def _refuse(self, refusal: Refusal, call: Call, more: dict[str, str] | None = None) -> Response:
        return build_refusal(refusal, call.path, call.headers, self._base_path, more)


_USERS_UNREADABLE = Refusal(
    503, "users-unreadable", _("the users cannot be read"), _("See the log of the daemon")
)
_TWO_LENGTHS = Refusal(400, "two-lengths", _("the request tells its length in two ways"))
_NOT_FOUND = Refusal(404, "not-found", _("there is no such route"))
_WRONG_METHOD = Refusal(405, "wrong-method", _("this route has no such method"))
_PROXY_HINT = _(
    "Open the page again. Behind a proxy, name it in web.proxy.trusted, or let it pass the Host on"
)


def _challenge(call: Call) -> str:
    """Return how to show who one is, without a dialog where a page asks."""
    is_page = is_from_browser(call.headers) or call.path.startswith("/api/")
    return 'Bearer realm="subtitled"' if is_page else 'Basic realm="subtitled"'


def has_form(headers: Headers) -> bool:
    """Return whether the body has the fields of a form, as our pages send them."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM_TYPE


async def _read_form(headers: Headers, receive: Receive) -> bytes | Refusal:
    """Return the body of a form; nothing of another body, which has to send the header."""
    if not has_form(headers):
        return b""
    body = b""
    try:
        async with asyncio.timeout(FORM_TIMEOUT_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return b""
                body += bytes(message.get("body", b""))
                if len(body) > MAX_FORM_BYTES:
                    return TOO_LARGE
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        return TOO_SLOW


def _field(body: bytes, name: str) -> str:
    """Return a field of a form, or an empty text if it is not there once."""
    try:
        values = parse_qs(body.decode("ascii"), max_num_fields=100).get(name, [])
    except ValueError:
        return ""
    return values[0] if len(values) == 1 else ""


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a channel that gives a body that was read, and then what comes after it."""
    pending: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed
