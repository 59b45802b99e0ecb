"""Bytes that are no HTTP, or that two programs read differently, on a real port."""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Callable

import httpx
import pytest

from subtitled.web import connections

from .test_server import TOKEN, Opened, opened, url

__all__ = ["opened"]

HOST = b"Host: 127.0.0.1\r\n"
KEY = b"X-Api-Key: " + TOKEN.encode() + b"\r\n"
SECOND = b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST
POST = b"POST /login HTTP/1.1\r\n" + HOST


@pytest.fixture(autouse=True)
def _frequent_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SWEEP_SECONDS", 0.2)


def exchange(port: int, *parts: bytes, until: Callable[[bytes], bool] | None = None) -> bytes:
    """Send bytes, and return all that comes back until the other end closes."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as caller:
        for part in parts:
            with contextlib.suppress(OSError):
                caller.sendall(part)
            while until is not None and not until(received):
                received += caller.recv(65536)
        with contextlib.suppress(ConnectionResetError):
            while chunk := caller.recv(65536):
                received += chunk
    return received


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /\r\n\r\n",
        GET + b"Host: evil.example\r\n\r\n",
        GET + b"X-Big: " + b"a" * 200_000 + b"\r\n\r\n",
        GET + b"Cookie: a=" + b"a" * 10_000_000 + b"\r\n\r\n",
        GET + b"X: 1\r\n" * 60_000 + b"\r\n",
        b"GET /\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        POST + b"Content-Length: +5\r\n\r\n12345",
        POST + b"Content-Length : 5\r\n\r\n12345",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=["0.9", "two hosts", "large header", "large cookie", "many headers", "nul", "not ascii",
         "two lengths", "plus", "blank", "encoding", "2.0"],
)  # fmt: skip
def test_what_is_no_http_is_refused_and_the_port_goes_on(
    opened: Opened, caplog: pytest.LogCaptureFixture, request_bytes: bytes
) -> None:
    web = opened()
    answer = exchange(web.port, request_bytes)
    # Who still sends when the port closes may not get to read why.
    assert answer == b"" or answer.split()[1] in (b"400", b"421"), answer[:200]
    assert httpx.get(url(web, "/health")).status_code == 200
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


def test_a_length_in_two_ways_is_refused_and_no_further_request_is_read(opened: Opened) -> None:
    web = opened()
    both = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    for target in (b"/login", b"/hooks/sonarr", b"/api/v1/pauses"):
        request = b"POST " + target + b" HTTP/1.1\r\n" + HOST + KEY + both
        answer = exchange(web.port, request + SECOND)
        assert answer.startswith(b"HTTP/1.1 400")
        assert answer.count(b"HTTP/1.1") == 1, "what follows may be a request that is smuggled"
        assert (b"application/problem+json" in answer) == target.startswith(b"/api")


def test_bytes_after_an_answer_that_are_no_http_only_end_the_connection(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    web = opened()
    begin = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = exchange(web.port, begin, b"zz\r\n\r\n", until=lambda read: b" 403 " in read)
    assert answer.count(b"HTTP/1.1") == 1
    assert httpx.get(url(web, "/health")).status_code == 200
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


def test_an_upgrade_is_not_made_and_fills_no_log(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    web = opened()
    for upgrade in ("websocket", "h2c", "TLS/1.0"):
        wanted = {
            "Upgrade": upgrade,
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        assert httpx.get(url(web, "/health"), headers=wanted).status_code == 200
        assert httpx.get(url(web, "/api/v1/events"), headers=wanted).status_code == 401
    assert "pgrade" not in caplog.text


def test_many_requests_that_are_no_http_are_few_lines(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    web = opened()
    for _ in range(200):
        exchange(web.port, b"no http\r\n\r\n")
    deadline, refused = time.monotonic() + 20, 0
    lines: list[logging.LogRecord] = []
    while refused < 200 and time.monotonic() < deadline:
        time.sleep(0.05)
        lines = [one for one in caplog.records if "are no HTTP" in one.getMessage()]
        refused = sum(one.args[0] for one in lines)  # type: ignore[index,misc]
    assert refused == 200
    assert len(lines) < 200
    assert "Invalid HTTP request" not in caplog.text


def test_a_method_that_no_route_has_reaches_nothing(opened: Opened) -> None:
    web = opened()
    for method in ("TRACE", "CONNECT", "OPTIONS", "get", "FOO"):
        for target in ("/", "/health", "/hooks/sonarr", "*", "http://evil.example/health"):
            first = f"{method} {target} HTTP/1.1\r\n".encode()
            for shown in (b"", KEY):
                answer = exchange(web.port, first + HOST + shown + b"Connection: close\r\n\r\n")
                assert answer.split()[1] in (b"401", b"404", b"405"), answer[:200]
                assert TOKEN.encode() not in answer, "nothing is echoed"
