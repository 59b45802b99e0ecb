"""The routes as an ASGI application. Imported only if a port is configured."""

from __future__ import annotations

import asyncio
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
from subtitled.plugin.limits import LimitExceededError, parse_json, read_integer

from .auth.token import is_authenticated
from .endpoints import TextEndpoint, TextEndpoints
from .group_commit import GroupCommitQueue
from .receiver import WebhookReceiver
from .webhooks.payload import InvalidPayloadError

_log = logging.getLogger(__name__)

READ_TIMEOUT_SECONDS = 10.0
"""Seconds that a caller may take to send its request body."""
HEALTH = "/health"
"""The only route that needs no token. Without one, it answers with the status and version only."""
_FORM_FIELDS = ("payload", "data")
"""Form fields that hold the JSON of Plex and Emby."""


def build_application(
    receiver: WebhookReceiver,
    commit_queue: GroupCommitQueue,
    health: Callable[[], HealthReport],
    endpoints: TextEndpoints,
    token: str | None,
    max_body_bytes: int,
) -> ASGIApp:
    """Build the application.

    Args:
        receiver: Turns payloads into commands.
        commit_queue: Stores the commands.
        health: Returns the health of the daemon. Its problems are shown with the token only.
        endpoints: Text endpoints by route.
        token: The token that callers must show, or None if none is configured.
        max_body_bytes: Largest request body.
    """

    async def receive_webhook(request: Request) -> Response:
        source = request.path_params["source"]
        if source not in receiver:
            raise HTTPException(404, "unknown webhook source")
        try:
            async with asyncio.timeout(READ_TIMEOUT_SECONDS):
                payload = await _read_payload(request)
            result = receiver.handle(source, payload)
        except TimeoutError:
            raise HTTPException(408, "request timed out") from None
        except InvalidPayloadError as error:
            raise HTTPException(400, f"invalid payload: {error}") from None
        if result.commands:
            try:
                await commit_queue.put(result.commands)
            except Exception:  # noqa: BLE001 - logged by the commit queue
                headers = {"Retry-After": "60"}
                raise HTTPException(503, "could not be stored", headers) from None
        body = {
            "event": result.event,
            "accepted": len(result.commands),
            "unmatched": result.unmatched,
        }
        return JSONResponse(body, 202 if result.commands else 200)

    def report_health(request: Request) -> Response:
        report = health()
        body: dict[str, Any] = {
            "status": "ok" if report.is_ok else "degraded",
            "version": __version__,
        }
        if _reject_unauthenticated(token, request.headers, request.query_params) is None:
            body["problems"] = report.problems
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
    """Log an unexpected error. The query is left out, because it may hold a token."""
    _log.error("%s: unexpected error: %s", request.url.path, type(error).__name__)
    return PlainTextResponse("internal error of subtitled", 500)


async def _read_payload(request: Request) -> Any:
    """Parse the JSON of a body, or of the form field that holds it."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if content_type not in ("multipart/form-data", "application/x-www-form-urlencoded"):
            return parse_json(await request.body())
        async with request.form(max_files=4, max_fields=50) as form:
            for field in _FORM_FIELDS:
                if isinstance(value := form.get(field), str):
                    return parse_json(value)
            return dict(form)
    except ClientDisconnect:
        raise HTTPException(400, "the caller disconnected") from None
    except LimitExceededError as error:
        raise InvalidPayloadError(str(error)) from None
    except ValueError:
        raise InvalidPayloadError("it holds no JSON") from None


def _reject_unauthenticated(
    token: str | None, headers: Headers, query: QueryParams
) -> Response | None:
    """Return the answer to a caller without access; None if the caller has access."""
    if token is None and "origin" in headers:
        # Only a web page in a browser of this machine sends this header.
        return PlainTextResponse("not from a web page", 403)
    if token is not None and not is_authenticated(token, headers, query):
        challenge = {"WWW-Authenticate": 'Basic realm="subtitled"'}
        return PlainTextResponse("the token is missing or wrong", 401, challenge)
    return None


class _GuardMiddleware:
    """Rejects callers without the token, and request bodies above the limit."""

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
                raise HTTPException(413, "request body too large")
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
        if read_integer(length, 0, self._max_body_bytes) is None:
            return PlainTextResponse("request body too large", 413)
        return None
