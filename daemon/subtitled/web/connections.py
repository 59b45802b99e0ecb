"""Limits of the connections to the HTTP port: how many, and how long a caller may take.

A connection costs a descriptor, and the daemon needs descriptors for its own work. So there are
fewer connections than descriptors. If all are taken, the one that has waited longest
without a whole request makes room: a slow caller never keeps a quick one out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import socket

_log = logging.getLogger(__name__)

MAX_CONNECTIONS = 256
"""Most connections at the same time."""
DESCRIPTOR_SHARE = 4
"""The connections take at most one of so many descriptors of the process."""
HEADER_SECONDS = 10.0
"""Seconds that a caller may take until the headers of its request are complete."""
REQUEST_SECONDS = 60.0
"""Seconds that a caller may take to send its request and to read the answer."""
STREAM_SECONDS = 600.0
"""Seconds after which an event stream ends. Its reader opens the next one."""
LONG_STATE = "is_long"
"""The name under which a route says in the state of its request that it keeps the time itself.

Such a request was let in by its key. It may take hours, and makes room for no other."""
STREAM_STATE = "is_stream"
"""The name under which a route says in the state of its request that the answer is a stream."""
SWEEP_SECONDS = 1.0
"""Seconds between two searches for connections that take too long."""
ACCEPT_BATCH = 32
"""Most connections that are accepted before those beyond the limit are closed."""
LISTEN_BACKLOG = 1024
"""Connections that wait in the kernel until they are accepted."""
TURNS_TO_CONNECT = 5
"""Turns of the event loop in which callers who were accepted are connected. asyncio takes three."""

_MALFORMED = "Invalid HTTP request received."


def connection_limit() -> int:
    """Return how many connections this process can afford."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(8, min(MAX_CONNECTIONS, descriptors // DESCRIPTOR_SHARE - ACCEPT_BATCH))


class ConnectionGuard:
    """The connections of one port. It closes those that take too long, or are too many."""

    def __init__(
        self,
        max_connections: int,
        header_seconds: float = HEADER_SECONDS,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self._max_connections = max_connections
        self._header_seconds = header_seconds
        self._request_seconds = request_seconds
        self._connections: set[GuardedProtocol] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self.closed = 0
        """How many connections were closed since the last line in the log."""
        self.malformed = 0
        """How many sent something else than HTTP since the last line in the log."""

    def admit(self, connection: GuardedProtocol) -> None:
        """Add a connection. One is closed if there are too many."""
        self._connections.add(connection)
        if len(self._connections) > self._max_connections:
            waiting = [
                one for one in self._connections if not one.has_whole_request and not one.is_long
            ]
            oldest = min(waiting, key=lambda one: one.waiting_since, default=connection)
            self._close(oldest)
        if self._sweep is None:
            self._sweep = connection.loop.call_later(SWEEP_SECONDS, self._close_late)

    def forget(self, connection: GuardedProtocol) -> None:
        """Remove a connection that was closed."""
        self._connections.discard(connection)

    def _close_late(self) -> None:
        for connection in list(self._connections):
            limit = self._header_seconds if connection.is_waiting else self._request_seconds
            if connection.is_long:
                continue
            if connection.is_stream:
                limit += STREAM_SECONDS
            if connection.loop.time() - connection.waiting_since > limit:
                self._close(connection)
        if self.closed:
            _log.warning(
                "the HTTP port closed %d connections of callers that took too long or were too "
                "many; %d are open",
                self.closed,
                len(self._connections),
            )
            self.closed = 0
        if self.malformed:
            _log.warning(
                "the HTTP port refused %d requests that are no HTTP, or have too many headers",
                self.malformed,
            )
            self.malformed = 0
        loop = asyncio.get_running_loop()
        self._sweep = (
            loop.call_later(SWEEP_SECONDS, self._close_late)
            if self._connections or self.malformed
            else None
        )

    def _close(self, connection: GuardedProtocol) -> None:
        self._connections.discard(connection)
        self.closed += 1
        connection.transport.abort()


class GuardedProtocol(H11Protocol):
    """One connection. Subclasses of :func:`guarded_protocol` know their guard."""

    guard: ConnectionGuard
    waiting_since = 0.0
    """When it began to wait for a request, by the clock of the event loop."""

    @property
    def is_waiting(self) -> bool:
        """Whether the headers of its next request are not complete."""
        return self.cycle is None or bool(self.cycle.response_complete)

    @property
    def has_whole_request(self) -> bool:
        """Whether a request was received to its end and is being answered."""
        return not self.is_waiting and not self.cycle.more_body

    @property
    def is_stream(self) -> bool:
        """Whether it is answered with a stream of events."""
        return not self.is_waiting and STREAM_STATE in self.cycle.scope.get("state", {})

    @property
    def is_long(self) -> bool:
        """Whether its route keeps the time itself."""
        return not self.is_waiting and LONG_STATE in self.cycle.scope.get("state", {})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Add the connection to the others."""
        super().connection_made(transport)
        self.waiting_since = self.loop.time()
        self.guard.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection."""
        self.guard.forget(self)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP. If the request was answered already, only close."""
        self.guard.malformed += 1
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: an upgrade that is not made is no trouble, and anybody may ask for one."""

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self.waiting_since = self.loop.time()
        super().on_response_complete()


def guarded_protocol(guard: ConnectionGuard) -> type[GuardedProtocol]:
    """Return the class of the connections of one port."""
    return type("PortProtocol", (GuardedProtocol,), {"guard": guard})


class PortServer(uvicorn.Server):
    """A server that accepts a few connections at a time, and lets the others wait in the kernel."""

    _loop: asyncio.AbstractEventLoop | None = None
    _exit_requested: asyncio.Event

    def request_exit(self) -> None:
        """End the server. Any thread may call this."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._exit_requested.set)

    async def main_loop(self) -> None:
        """Wait until the server is to end. uvicorn's own looks ten times a second."""
        self._exit_requested = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if not await self.on_tick(0):
            await self._exit_requested.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the port and its connections, those too that came at the last moment.

        Those that are being answered still get what their route says of its end.
        """
        # asyncio loses a caller that is accepted, but not connected, when the port is closed.
        for server in self.servers:
            for listener in server.sockets:
                asyncio.get_running_loop().remove_reader(listener.fileno())
        for _ in range(TURNS_TO_CONNECT):
            await asyncio.sleep(0)
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            if isinstance(connection, GuardedProtocol) and connection.is_waiting:
                connection.transport.abort()
        await asyncio.sleep(0)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(LISTEN_BACKLOG)
        asyncio.get_running_loop().set_exception_handler(_log_loop_error)
        logging.getLogger("uvicorn.error").addFilter(_is_no_malformed_request)


def _is_no_malformed_request(record: logging.LogRecord) -> bool:
    """Leave out uvicorn's line for each request that is no HTTP. The guard counts them."""
    return record.msg != _MALFORMED


def _log_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an error of the event loop in one line. A full table of descriptors repeats it."""
    error = context.get("exception")
    _log.error("the HTTP port: %s: %s", context.get("message"), error)
