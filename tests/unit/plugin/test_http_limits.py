"""Answers of servers have an end: in size, also when they are packed, and in time."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator

import httpx
import pytest

from subtitled.plugin import TransientError
from subtitled.plugin import http as plugin_http
from subtitled.plugin.http import HttpService, parse_answer, parse_retry_after, send_request


def _send(response: httpx.Response, timeout: float = 5.0) -> httpx.Response:
    client = httpx.Client(transport=httpx.MockTransport(lambda request: response))
    service = HttpService(name="liar", timeout=timeout, client=client)
    return send_request(service, "GET", "http://nas/")


def test_a_small_answer_that_unpacks_to_gigabytes_is_refused() -> None:
    bomb = gzip.compress(b"0" * (plugin_http.MAX_ANSWER_BYTES + 1))
    assert len(bomb) < 100_000
    with pytest.raises(TransientError, match="end of its answer"):
        headers = {"Content-Encoding": "gzip"}
        _send(httpx.Response(200, stream=httpx.ByteStream(bomb), headers=headers))


def test_an_answer_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_http, "MAX_ANSWER_BYTES", 100_000)

    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 1000

    with pytest.raises(TransientError, match=r"0\.1 MB"):
        _send(httpx.Response(200, content=endless()))


def test_an_answer_that_drips_is_refused_in_time() -> None:
    taken = 0

    def dripping() -> Iterator[bytes]:
        nonlocal taken
        while taken < 3000:  # a minute
            taken += 1
            time.sleep(0.02)
            yield b"x"

    with pytest.raises(TransientError):
        _send(httpx.Response(200, content=dripping()), timeout=0.1)
    assert taken < 20


def test_an_honest_answer_is_read_as_before() -> None:
    packed = gzip.compress(b'{"a": [1, 2]}')
    headers = {"Content-Encoding": "gzip"}
    response = _send(httpx.Response(200, stream=httpx.ByteStream(packed), headers=headers))
    assert parse_answer(response) == {"a": [1, 2]}
    assert response.headers.get("Content-Encoding") is None


@pytest.mark.parametrize("value", ["9" * 400, "1e999", "Fri, 31 Dec 9999 23:59:59 GMT", "nan"])
def test_no_header_makes_anybody_wait_for_longer_than_a_day(value: str) -> None:
    seconds = parse_retry_after(httpx.Response(429, headers={"Retry-After": value}))
    assert seconds is None or 0 <= seconds <= 24 * 3600
