"""The routes as an ASGI application. Imported only if a port is configured."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from subtitled import __version__
from subtitled.daemon.health import HealthReport
from subtitled.plugin.limits import LimitExceededError, parse_json, read_integer

from .access_table import ACCESS_RULES, AccessTable, rule
from .api.access import API_PATH, API_RULES
from .api.application import build_api
from .api.services import ApiServices
from .auth.access import Access
from .auth.accounts import Accounts
from .auth.authenticator import Authenticator
from .group_commit import GroupCommitQueue
from .hosts import AllowedHosts
from .pages.me import MePage
from .pages.review_count import WaitingReviews
from .pages.services import SiteServices
from .pages.setup import SetupPage
from .pages.sign_in import SignInPages
from .pages.site_pages import site_routes
from .pages.static_files import StaticFiles
from .plugin_endpoints import PluginEndpoint
from .receiver import WebhookReceiver
from .refusals import INTERNAL_ERROR, TOO_LARGE, build_refusal, refusal_of
from .text_endpoints import TextEndpoint, TextEndpoints
from .wall import HEALTH_PATH, Wall
from .webhooks.payload import InvalidPayloadError

if TYPE_CHECKING:
    from .endpoints.transcription import TranscriptionEndpoint

_log = logging.getLogger(__name__)

READ_TIMEOUT_SECONDS = 10.0
"""Seconds that a caller may take to send its request body."""
_FORM_FIELDS = ("payload", "data")
"""Form fields that hold the JSON of Plex and Emby."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortServices:
    """What the port uses of the rest of the daemon."""

    receiver: WebhookReceiver
    """Turns payloads into commands."""
    commit_queue: GroupCommitQueue
    """Stores the commands."""
    health: Callable[[], HealthReport]
    """Returns the health of the daemon. Its problems are shown to those who may read metrics."""
    endpoints: TextEndpoints
    """Text endpoints by route."""
    accounts: Accounts
    authenticator: Authenticator
    hosts: AllowedHosts
    site: SiteServices
    """What the pages about the work use."""
    api: ApiServices
    """What the API uses."""
    base_path: str = ""
    """The path below which a proxy shows the port."""
    max_body_bytes: int
    """Largest request body, where the role table does not name another one."""
    transcription: TranscriptionEndpoint | None = None
    """Answers programs that send audio, if that is wanted."""
    plugin_endpoints: Sequence[PluginEndpoint] = ()
    """The routes of plugins."""


def build_application(services: PortServices) -> ASGIApp:
    """Build the application behind its wall.

    Raises:
        RouteWithoutAccessError: The role table lacks a row.
    """
    routes = build_routes(services)
    endpoint_rules = (
        rule(path, "GET", endpoint.access) for path, endpoint in services.endpoints.items()
    )
    audio_rules = services.transcription.rules() if services.transcription is not None else ()
    plugin_rules = (row for endpoint in services.plugin_endpoints for row in endpoint.rules())
    table = AccessTable((*ACCESS_RULES, *API_RULES, *endpoint_rules, *audio_rules, *plugin_rules))
    table.check_routes(routes)
    application = Starlette(
        routes=routes, exception_handlers={HTTPException: _refuse, Exception: _handle_error}
    )
    application.state.waiting_reviews = WaitingReviews(services.site.db)
    limited = _BodyLimit(application, table, services.max_body_bytes)
    return Wall(limited, table, services.authenticator, services.hosts, services.base_path)


def build_routes(services: PortServices) -> list[BaseRoute]:
    """Return all routes of the port."""
    receiver, commit_queue = services.receiver, services.commit_queue

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
        report = services.health()
        body: dict[str, Any] = {
            "status": "ok" if report.is_ok else "degraded",
            "version": __version__,
        }
        if Access.METRICS.is_granted_to(request.state.identity):
            body["problems"] = report.problems
        return JSONResponse(body, 200 if report.is_ok else 503, {"Cache-Control": "no-store"})

    def make_handler(endpoint: TextEndpoint) -> Callable[[Request], Response]:
        def handle(request: Request) -> Response:
            return Response(endpoint.render(), media_type=endpoint.media_type)

        return handle

    return [
        Route("/hooks/{source}", receive_webhook, methods=["POST", "PUT"]),
        Route(HEALTH_PATH, report_health),
        *(Route(path, make_handler(endpoint)) for path, endpoint in services.endpoints.items()),
        *StaticFiles().routes(),
        *SignInPages(services.accounts).routes(),
        *SetupPage(services.accounts).routes(),
        *MePage(services.accounts).routes(),
        *site_routes(services.site, services.accounts),
        Mount(API_PATH, build_api(services.api)),
        *(services.transcription.routes() if services.transcription is not None else ()),
        *(route for endpoint in services.plugin_endpoints for route in endpoint.routes()),
    ]


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer what a route refused: as a page for browsers, else as a line of text."""
    assert isinstance(error, HTTPException)
    call = request.state.call
    return build_refusal(refusal_of(error), call.path, call.headers, call.base_path, error.headers)


async def _handle_error(request: Request, error: Exception) -> Response:
    """Log an unexpected error. The query is left out, because it may hold a token."""
    _log.error("%s: unexpected error: %s", request.url.path, type(error).__name__)
    call = request.state.call
    return build_refusal(INTERNAL_ERROR, call.path, call.headers, call.base_path)


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


class _BodyLimit:
    """Rejects request bodies above the limit of their route."""

    def __init__(self, inner: ASGIApp, table: AccessTable, max_body_bytes: int) -> None:
        self._inner = inner
        self._table = table
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = Headers(scope=scope).get("content-length", "0")
        call = scope["state"]["call"]
        limit = self._table.max_body_bytes(call.path, call.method, self._max_body_bytes)
        if read_integer(length, 0, limit) is None:
            refusal = build_refusal(TOO_LARGE, call.path, call.headers, call.base_path)
            await refusal(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, "request body too large")
            return message

        await self._inner(scope, receive_limited, send)
