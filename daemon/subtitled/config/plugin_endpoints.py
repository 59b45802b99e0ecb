"""Asking the application of an endpoint: one request, in a thread and an event loop of its own.

The application is code of a plugin. It may raise anything, never return, send nonsense, or send
without end. So its whole answer is collected within limits, and checked, before any of it is used.
"""

from __future__ import annotations

import contextlib
import inspect
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from subtitled.plugin import (
    AsgiApplication,
    AsgiMessage,
    Endpoint,
    EndpointCaller,
    EndpointCapabilities,
    SubtitledError,
    TransientError,
)

from .plugin_calls import call_with_timeout
from .plugin_faults import FAULT_HINT, PluginFaultError, find_definition
from .plugins import ConfiguredComponent

APPLICATION_TIMEOUT: Final = 15.0
"""Seconds that creating an application may take."""
MAX_RUNNING: Final = 8
"""Requests that one endpoint may work on at the same time, with those that were given up."""
MAX_HEADER_BYTES: Final = 64 * 1024
_NOT_PASSED_ON: Final = frozenset(
    {b"connection", b"content-length", b"keep-alive", b"set-cookie", b"transfer-encoding",
     b"upgrade", b"trailer", b"te", b"proxy-authenticate"}
)  # fmt: skip
"""Headers of an answer that belong to the port, and cookies, which could end a session."""
_HEADER_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
Headers = Sequence[tuple[bytes, bytes]]


class EndpointTimeoutError(TransientError):
    """An endpoint did not answer in time."""


class EndpointBusyError(TransientError):
    """An endpoint works on as many requests as it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRequest:
    """A request to an endpoint, without credentials."""

    method: str
    root_path: str
    """The path of the endpoint, such as ``/x/mine``."""
    path: str
    """The whole path, which begins with ``root_path``."""
    query: bytes = b""
    headers: Headers = ()
    body: bytes = b""
    caller: EndpointCaller
    scheme: str = "http"
    client: tuple[str, int] | None = None

    def to_scope(self) -> dict[str, Any]:
        """Return the scope that the application gets."""
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": self.scheme,
            "path": self.path,
            "raw_path": self.path.encode("utf-8", "replace"),
            "root_path": self.root_path,
            "query_string": self.query,
            "headers": [(name, value) for name, value in self.headers],
            "client": self.client,
            "server": None,
            "state": {"caller": self.caller},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAnswer:
    """A complete answer."""

    status: int
    headers: Headers
    body: bytes


def open_endpoint(configured: ConfiguredComponent[Endpoint]) -> EndpointRunner:
    """Create an endpoint and its application.

    Raises:
        SubtitledError: The plugin raised an error, did not return, or returned no application.
    """
    endpoint = configured.create()
    application = call_with_timeout(configured.plugin, endpoint.application, APPLICATION_TIMEOUT)
    return EndpointRunner(
        plugin=configured.plugin,
        application=application,
        capabilities=configured.capabilities(),
    )


@dataclass(slots=True, kw_only=True)
class EndpointRunner:
    """Asks one application, and counts the requests that it works on."""

    plugin: str
    application: AsgiApplication
    capabilities: EndpointCapabilities
    _running: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if not callable(self.application):
            kind = type(self.application).__name__
            raise self._fault(f"application() returned {kind}, not an application of ASGI 3")

    def ask(self, request: EndpointRequest) -> EndpointAnswer:
        """Ask the application. Blocks until it has answered, or the time is over.

        Raises:
            EndpointBusyError: It works on too many requests, some of which may never end.
            EndpointTimeoutError: It did not answer in time. What it answers later is dropped.
            SubtitledError: It raised an error, or sent what is no answer.
        """
        with self._lock:
            if self._running >= MAX_RUNNING:
                raise EndpointBusyError(
                    f"the plugin {self.plugin} works on {self._running} requests already",
                    "Try again later. If that does not end, restart the daemon",
                )
            self._running += 1
        conversation = _Conversation(request, self.capabilities.max_response_bytes)
        seconds = self.capabilities.timeout_seconds

        def run() -> None:
            try:
                import asyncio  # takes long to import, and most configurations have no endpoint

                asyncio.run(conversation.hold(self.application))
            finally:
                conversation.has_ended = True
                self._release()

        try:
            call_with_timeout(self.plugin, run, seconds, has_text=True)
        except RuntimeError as error:
            self._release()
            message = f"the plugin {self.plugin} gets no thread: {error}"
            raise EndpointBusyError(message, "Raise the limit of threads of the daemon") from error
        except SubtitledError as error:
            if not conversation.has_ended:
                conversation.is_abandoned = True
                raise EndpointTimeoutError(error.message, error.hint) from error
            if conversation.fault:
                raise self._fault(conversation.fault) from error
            raise
        if conversation.fault or conversation.answer is None:
            raise self._fault(conversation.fault or "it sent no complete answer")
        return conversation.answer

    def _release(self) -> None:
        with self._lock:
            self._running -= 1

    def _fault(self, problem: str) -> PluginFaultError:
        place = find_definition(self.application) or find_definition(type(self.application))
        where = f" ({place})" if place else ""
        return PluginFaultError(
            f"the plugin {self.plugin} is at fault: {problem}{where}",
            f"Send one http.response.start and the body, within the limits. {FAULT_HINT}",
        )


class _NonsenseError(Exception):
    """The application sent what is no answer."""


class _Conversation:
    """What the application reads and sends."""

    def __init__(self, request: EndpointRequest, max_bytes: int) -> None:
        self._request = request
        self._max_bytes = max_bytes
        self._is_read = False
        self._start: tuple[int, Headers] | None = None
        self._body = bytearray()
        self.answer: EndpointAnswer | None = None
        self.fault = ""
        self.has_ended = False
        self.is_abandoned = False

    async def hold(self, application: AsgiApplication) -> None:
        """Call the application, and keep its answer."""
        with contextlib.suppress(_NonsenseError):
            called: Any = application(self._request.to_scope(), self._receive, self._send)
            if not inspect.isawaitable(called):
                self.fault = "application() returned no application of ASGI 3"
                return
            await called

    async def _receive(self) -> AsgiMessage:
        if self._is_read:
            import asyncio

            await asyncio.Event().wait()  # nobody hangs up while the answer is collected
        self._is_read = True
        return {"type": "http.request", "body": self._request.body, "more_body": False}

    async def _send(self, message: AsgiMessage) -> None:
        if self.is_abandoned:
            raise OSError("the answer came too late")
        try:
            self._take(message)
        except _NonsenseError as error:
            self.fault = self.fault or str(error)
            raise
        except Exception:  # noqa: BLE001 - a message may be anything
            self.fault = self.fault or "it sent something that is no message of ASGI"
            raise _NonsenseError(self.fault) from None

    def _take(self, message: AsgiMessage) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            if self._start is not None:
                raise _NonsenseError("it began a second answer")
            self._start = _read_status(message), _read_headers(message)
        elif kind == "http.response.body":
            if self._start is None or self.answer is not None:
                raise _NonsenseError("it sent a body without an answer")
            body = message.get("body", b"")
            if not isinstance(body, bytes | bytearray | memoryview):
                raise _NonsenseError(f"it sent {type(body).__name__} as a body, not bytes")
            if len(self._body) + len(body) > self._max_bytes:
                raise _NonsenseError(f"its answer has more than {self._max_bytes} bytes")
            self._body += body
            if not message.get("more_body", False):
                status, headers = self._start
                self.answer = EndpointAnswer(status=status, headers=headers, body=bytes(self._body))
        else:
            raise _NonsenseError("it sent a message that is not of an HTTP answer")


def _read_status(message: AsgiMessage) -> int:
    status = message["status"]
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise _NonsenseError("its status is no number from 200 to 599")
    return int(status)


def _read_headers(message: AsgiMessage) -> Headers:
    headers: list[tuple[bytes, bytes]] = []
    size = 0
    for name, value in message.get("headers", ()):
        if not (isinstance(name, bytes) and isinstance(value, bytes)):
            raise _NonsenseError("its headers are not bytes")
        if not _HEADER_NAME.fullmatch(name) or re.search(rb"[\r\n\0]", value):
            raise _NonsenseError("it sent an impossible header")
        size += len(name) + len(value)
        if size > MAX_HEADER_BYTES:
            raise _NonsenseError(f"its headers have more than {MAX_HEADER_BYTES} bytes")
        if name.lower() not in _NOT_PASSED_ON:
            headers.append((name.lower(), value))
    return headers
