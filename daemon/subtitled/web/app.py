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
from subtitled.daemon.health import HealthReport

from .auth import is_authenticated
from .endpoints import TextEndpoint, TextEndpoints
from .group_commit import GroupCommitQueue
from .receiver import WebhookReceiver
from .webhooks.payload import InvalidPayloadError

_log = logging.getLogger(__name__)

READ_TIMEOUT = 10.0
"""Seconds that a caller may take to send its webhook."""
HEALTH = "/health"
"""The one route that asks for no token, and says next to nothing without it."""
_FORM_FIELDS = ("payload", "data")
"""Where Plex and Emby put their JSON in a form."""


def build_application(
    receiver: WebhookReceiver,
    commit_queue: GroupCommitQueue,
    health: Callable[[], HealthReport],
    endpoints: TextEndpoints,
    token: str | None,
    max_body_bytes: int,
) -> ASGIApp:
    """Everything behind the port. Strangers hear of ``health`` only whether it is good."""

    async def receive_webhook(request: Request) -> Response:
        source = request.path_params["source"]
        if source not in receiver:
            raise HTTPException(404, "nobody of that name is known here")
        try:
            async with asyncio.timeout(READ_TIMEOUT):
                payload = await _read_payload(request)
            answer = receiver.handle(source, payload)
        except TimeoutError:
            raise HTTPException(408, "it came too slowly") from None
        except InvalidPayloadError as error:
            raise HTTPException(400, f"not understood: {error}") from None
        if answer.commands:
            try:
                await commit_queue.put(answer.commands)
            except Exception:  # noqa: BLE001 - logged where it was written
                headers = {"Retry-After": "60"}
                raise HTTPException(503, "it could not be written down", headers) from None
        body = {"heard": answer.event, "taken": len(answer.commands), "outside": answer.unmatched}
        return JSONResponse(body, 202 if answer.commands else 200)

    def report_health(request: Request) -> Response:
        report = health()
        body: dict[str, Any] = {
            "status": "ok" if report.is_ok else "degraded",
            "version": __version__,
        }
        if _reject_unauthenticated(token, request.headers, request.query_params) is None:
            body["troubles"] = report.problems
        return JSONResponse(body, 200 if report.is_ok else 503, {"Cache-Control": "no-store"})

    def make_handler(endpoint: TextEndpoint) -> Callable[[Request], Response]:
        def handle(request: Request) -> Response:
            return Response(endpoint.render(), media_type=endpoint.media_type)

        return handle

    routes = [
        Route("/hooks/{source}", receive_webhook, methods=["POST", "PUT"]),
        Route(HEALTH, report_health),
        *(Route(path, make_handler(endpoint)) for path, endpoint in endpoints.items()),
    ]
    exception_handlers = {Exception: _handle_error}
    return _GuardMiddleware(
        Starlette(routes=routes, exception_handlers=exception_handlers), token, max_body_bytes
    )


async def _handle_error(request: Request, error: Exception) -> Response:
    """The path without its query, where a token may stand."""
    _log.error("%s: unexpected error: %s", request.url.path, type(error).__name__)
    return PlainTextResponse("this is a fault of subtitled", 500)


async def _read_payload(request: Request) -> Any:
    """The JSON of a body, or of the field of a form that holds it."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if content_type not in ("multipart/form-data", "application/x-www-form-urlencoded"):
            return json.loads(await request.body())
        async with request.form(max_files=4, max_fields=50) as form:
            for field in _FORM_FIELDS:
                if isinstance(value := form.get(field), str):
                    return json.loads(value)
            return dict(form)
    except ClientDisconnect:
        raise HTTPException(400, "the caller went away") from None
    except (ValueError, RecursionError):
        raise InvalidPayloadError("no JSON in it") from None


def _reject_unauthenticated(
    token: str | None, headers: Headers, query: QueryParams
) -> Response | None:
    """What is answered to a caller who may not come in; None to one who may."""
    if token is None and "origin" in headers:
        # A page in a browser of this machine: nobody else sends this.
        return PlainTextResponse("not from a web page", 403)
    if token is not None and not is_authenticated(token, headers, query):
        challenge = {"WWW-Authenticate": 'Basic realm="subtitled"'}
        return PlainTextResponse("the token is missing or wrong", 401, challenge)
    return None


class _GuardMiddleware:
    """Lets in who shows the token, and no more of a body than the limit."""

    def __init__(self, inner: ASGIApp, token: str | None, max_body_bytes: int) -> None:
        self._inner = inner
        self._token = token
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refusal = self._find_refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_body_bytes:
                raise HTTPException(413, "it is too large")
            return message

        await self._inner(scope, receive_limited, send)

    def _find_refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if scope["path"] != HEALTH:
            refusal = _reject_unauthenticated(
                self._token, headers, QueryParams(scope["query_string"])
            )
            if refusal is not None:
                return refusal
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._max_body_bytes:
            return PlainTextResponse("it is too large", 413)
        return None
