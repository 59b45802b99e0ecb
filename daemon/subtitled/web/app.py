"""The routes, as an ASGI application. Imported only when a port is configured."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from subtitled import __version__
from subtitled.service.health import Health

from .commits import Commits
from .heard import NotUnderstood
from .hooks import Hooks
from .pages import Page, Pages
from .tokens import is_shown

_log = logging.getLogger(__name__)

SLOWEST = 10.0
"""Seconds that a caller may take to send its webhook."""
HEALTH = "/health"
"""The one route that asks for no token, and says next to nothing without it."""
_FORM_FIELDS = ("payload", "data")
"""Where Plex and Emby put their JSON in a form."""


def application(
    hooks: Hooks,
    commits: Commits,
    health: Callable[[], Health],
    pages: Pages,
    token: str | None,
    size_limit: int,
) -> ASGIApp:
    """Everything behind the port. Strangers hear of ``health`` only whether it is good."""

    async def hear(request: Request) -> Response:
        source = request.path_params["source"]
        if source not in hooks:
            raise HTTPException(404, "nobody of that name is known here")
        try:
            async with asyncio.timeout(SLOWEST):
                payload = await _payload(request)
            answer = hooks.hear(source, payload)
        except TimeoutError:
            raise HTTPException(408, "it came too slowly") from None
        except NotUnderstood as error:
            raise HTTPException(400, f"not understood: {error}") from None
        if answer.asked:
            try:
                await commits.put(answer.asked)
            except Exception:  # noqa: BLE001 - logged where it was written
                headers = {"Retry-After": "60"}
                raise HTTPException(503, "it could not be written down", headers) from None
        said = {"heard": answer.what, "taken": len(answer.asked), "outside": answer.outside}
        return JSONResponse(said, 202 if answer.asked else 200)

    def well(request: Request) -> Response:
        judged = health()
        said: dict[str, Any] = {
            "status": "ok" if judged.ok else "degraded",
            "version": __version__,
        }
        if _stranger(token, request.headers, request.query_params) is None:
            said["troubles"] = judged.troubles
        return JSONResponse(said, 200 if judged.ok else 503, {"Cache-Control": "no-store"})

    def page(made: Page) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            return Response(made.make(), media_type=made.media_type)

        return answer

    routes = [
        Route("/hooks/{source}", hear, methods=["POST", "PUT"]),
        Route(HEALTH, well),
        *(Route(path, page(made)) for path, made in pages.items()),
    ]
    failed = {Exception: _failed}
    return _Guarded(Starlette(routes=routes, exception_handlers=failed), token, size_limit)


async def _failed(request: Request, error: Exception) -> Response:
    """The path without its query, where a token may stand."""
    _log.error("%s: unexpected error: %s", request.url.path, type(error).__name__)
    return PlainTextResponse("this is a fault of subtitled", 500)


async def _payload(request: Request) -> Any:
    """The JSON of a body, or of the field of a form that holds it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind not in ("multipart/form-data", "application/x-www-form-urlencoded"):
            return json.loads(await request.body())
        async with request.form(max_files=4, max_fields=50) as form:
            for field in _FORM_FIELDS:
                if isinstance(value := form.get(field), str):
                    return json.loads(value)
            return dict(form)
    except ClientDisconnect:
        raise HTTPException(400, "the caller went away") from None
    except (ValueError, RecursionError):
        raise NotUnderstood("no JSON in it") from None


def _stranger(token: str | None, headers: Headers, query: QueryParams) -> Response | None:
    """What is answered to a caller who may not come in; None to one who may."""
    if token is None and "origin" in headers:
        # A page in a browser of this machine: nobody else sends this.
        return PlainTextResponse("not from a web page", 403)
    if token is not None and not is_shown(token, headers, query):
        ask = {"WWW-Authenticate": 'Basic realm="subtitled"'}
        return PlainTextResponse("the token is missing or wrong", 401, ask)
    return None


class _Guarded:
    """Lets in who shows the token, and no more of a body than the limit."""

    def __init__(self, inner: ASGIApp, token: str | None, size_limit: int) -> None:
        self._inner = inner
        self._token = token
        self._limit = size_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self._limit:
                raise HTTPException(413, "it is too large")
            return message

        await self._inner(scope, counted, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if scope["path"] != HEALTH:
            refusal = _stranger(self._token, headers, QueryParams(scope["query_string"]))
            if refusal is not None:
                return refusal
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._limit:
            return PlainTextResponse("it is too large", 413)
        return None
