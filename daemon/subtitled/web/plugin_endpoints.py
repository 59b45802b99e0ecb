"""The routes of plugins, ``/x/NAME`` and all below it, with their rows of the role table.

Whatever the code of a plugin does, its caller gets an answer and the log names the plugin.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subtitled.config.plugin_endpoints import (
    MAX_RUNNING,
    EndpointBusyError,
    EndpointRequest,
    EndpointRunner,
    EndpointTimeoutError,
    open_endpoint,
)
from subtitled.config.plugins import ConfiguredComponent
from subtitled.plugin import (
    Endpoint,
    EndpointCaller,
    EndpointCapabilities,
    EndpointRole,
    SubtitledError,
)

from .access_table import AccessRule, rule
from .auth.access import Access
from .auth.identity import Identity
from .refusals import ENDPOINT_PREFIX

_log = logging.getLogger(__name__)

BODY_TIMEOUT_SECONDS = 30.0
"""Seconds that a caller may take to send the body."""
RETRY_SECONDS = 30
_PASSED_HEADERS = frozenset(
    {b"accept", b"accept-encoding", b"accept-language", b"content-encoding", b"content-language",
     b"content-type", b"host", b"if-match", b"if-modified-since", b"if-none-match", b"origin",
     b"range", b"referer", b"user-agent"}
)  # fmt: skip
"""Headers of a request that a plugin sees, besides its own ones with ``x-`` and no credential."""
_CREDENTIALS = (b"x-api-key", b"x-csrf-token", b"x-plex-token", b"x-emby-token", b"x-forwarded-")


class PluginEndpoint:
    """The routes of one section ``[endpoints.NAME]``."""

    def __init__(self, configured: ConfiguredComponent[Endpoint], base_path: str = "") -> None:
        """Create the application of the plugin. If that fails, every request is told so."""
        self.name = configured.name
        self._plugin = configured.plugin
        self._root_path = f"{base_path}{ENDPOINT_PREFIX}{self.name}"
        self._capabilities: EndpointCapabilities = configured.capabilities()
        self._limiter: anyio.CapacityLimiter | None = None
        self._runner: EndpointRunner | None = None
        try:
            self._runner = open_endpoint(configured)
        except SubtitledError as error:
            _log.error("endpoint %s: %s", self.name, error)

    @property
    def _paths(self) -> tuple[str, str]:
        return f"{ENDPOINT_PREFIX}{self.name}", f"{ENDPOINT_PREFIX}{self.name}/{{rest:path}}"

    @property
    def _methods(self) -> list[str]:
        return sorted(self._capabilities.methods)

    def rules(self) -> list[AccessRule]:
        """Return the rows of the role table."""
        access = Access(self._capabilities.role.value)
        size = self._capabilities.max_body_bytes
        return [rule(path, " ".join(self._methods), access, size) for path in self._paths]

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route(path, self._answer, methods=self._methods) for path in self._paths]

    async def _answer(self, request: Request) -> Response:
        if self._runner is None:
            return self._problem(503, "unavailable", "could not be started")
        try:
            async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
                body = await request.body()
        except TimeoutError:
            raise HTTPException(408, "request timed out") from None
        except ClientDisconnect:
            raise HTTPException(400, "the caller disconnected") from None
        if self._limiter is None:
            # Threads of their own: an endpoint that hangs takes none from the pages.
            self._limiter = anyio.CapacityLimiter(2 * MAX_RUNNING)
        asked = self._build_request(request, body)
        try:
            answer = await anyio.to_thread.run_sync(
                self._runner.ask, asked, limiter=self._limiter, abandon_on_cancel=True
            )
        except EndpointBusyError as error:
            _log.warning("endpoint %s: %s", self.name, error)
            return self._problem(503, "busy", "works on too many requests", {"Retry-After": "30"})
        except EndpointTimeoutError as error:
            _log.error("endpoint %s: %s", self.name, error)
            return self._problem(504, "timeout", "did not answer in time")
        except SubtitledError as error:
            _log.error("endpoint %s: %s", self.name, error)
            return self._problem(500, "fault", "failed")
        response = Response(b"" if request.method == "HEAD" else answer.body, answer.status)
        response.raw_headers += [
            (name, value) for name, value in answer.headers if name != b"content-length"
        ]
        return response

    def _build_request(self, request: Request, body: bytes) -> EndpointRequest:
        call = request.state.call
        return EndpointRequest(
            method=request.method,
            root_path=self._root_path,
            path=request.scope["path"],
            query=request.scope["query_string"],
            headers=[(k, v) for k, v in request.headers.raw if _is_passed_on(k)],
            body=body,
            caller=_caller_of(request.state.identity),
            scheme=call.peer.scheme,
            client=(call.peer.address, 0) if call.peer.address else None,
        )

    def _problem(
        self, status: int, name: str, what: str, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Answer with a problem. The reason is in the log: it may be about what others see."""
        problem = {
            "type": f"urn:subtitled:problem:endpoint-{name}",
            "title": f"the plugin {self._plugin} of the endpoint {self.name} {what}",
            "status": status,
            "hint": "See the log of the daemon, and run: subtitled doctor",
        }
        return JSONResponse(problem, status, headers, media_type="application/problem+json")


def _is_passed_on(name: bytes) -> bool:
    name = name.lower()
    if name in _PASSED_HEADERS:
        return True
    return name.startswith(b"x-") and not name.startswith(_CREDENTIALS)


def _caller_of(identity: Identity) -> EndpointCaller:
    assert identity.role is not None, "the role table asks for a role"
    return EndpointCaller(
        name=identity.name,
        role=EndpointRole(identity.role.value),
        libraries=identity.libraries,
        csrf_token=identity.csrf_token,
    )
