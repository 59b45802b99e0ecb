"""An open page as the daemon sees it: its event stream, and its requests after changes."""

from __future__ import annotations

import http.client
import threading
import time
from types import TracebackType

from large_library import Port

MIN_PAUSE = 1.0
"""Seconds between two requests of a page, as in live.js."""


class EventStream:
    """One event stream on a connection of its own."""

    def __init__(self, port: Port, topic: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port.port, timeout=60)
        self._connection.request("GET", f"/api/v1/events?topic={topic}", headers=port.headers)
        self._answer = self._connection.getresponse()
        self.status = self._answer.status
        if self.status == 200:
            self._answer.readline()  # when to come back

    def next_event(self) -> str:
        """Return the data of the next event, or an empty text at the end."""
        while line := self._answer.readline():
            if line.startswith(b"data:"):
                return line[5:].decode().strip()
        return ""

    def close(self) -> None:
        if self._connection.sock is not None:
            self._connection.sock.close()
        self._connection.close()

    def __enter__(self) -> EventStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class OpenPage:
    """The first page, open in a browser until the end of the ``with`` block."""

    def __init__(self, port: Port, path: str = "/") -> None:
        self._port, self._path = port, path
        self._is_over = threading.Event()
        self.requests = 0
        """How often it was fetched."""

    def __enter__(self) -> OpenPage:
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_over.set()

    def _follow(self) -> None:
        client = self._port.connect()
        with EventStream(self._port, "changed") as stream:
            while not self._is_over.is_set():
                fetched_at = time.monotonic()
                client.get(self._path)
                self.requests += 1
                if not stream.next_event():
                    return
                self._is_over.wait(max(0.0, fetched_at + MIN_PAUSE - time.monotonic()))
