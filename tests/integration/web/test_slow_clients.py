"""Callers that send half a request, or nothing: the port, the daemon and the others go on."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.library.availability import AvailabilityMonitor
from subtitled.library.ingest import Ingest
from subtitled.web import connections

from .test_server import BEARER, Opened, opened, url

__all__ = ["opened"]

LIMIT = 16
HALF = b"POST /hooks/generic HTTP/1.1\r\nHost: x\r\nContent-Type: appl"
HALF_BODY = (
    b"POST /hooks/generic HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
    b"Authorization: Bearer correct horse battery staple\r\n\r\n{"
)


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "connection_limit", lambda: LIMIT)
    defaults = (1.0, 3.0)
    monkeypatch.setattr(connections.ConnectionGuard.__init__, "__defaults__", defaults)
    monkeypatch.setattr(connections, "SWEEP_SECONDS", 0.2)


@contextlib.contextmanager
def slow_callers(port: int, count: int, beginning: bytes) -> Iterator[list[socket.socket]]:
    """Open connections that send the beginning of a request and then nothing."""
    callers = []
    try:
        for _ in range(count):
            caller = socket.create_connection(("127.0.0.1", port), timeout=10)
            caller.sendall(beginning)
            callers.append(caller)
        yield callers
    finally:
        for caller in callers:
            caller.close()


def _count_open(callers: list[socket.socket]) -> int:
    still_open = 0
    for caller in callers:
        caller.setblocking(False)
        try:
            still_open += caller.recv(1000) != b""
        except BlockingIOError:
            still_open += 1
        except ConnectionError:
            pass
    return still_open


@pytest.mark.parametrize("beginning", [HALF, HALF_BODY, b"", b"\x16\x03\x01\x02"])
def test_quick_callers_are_answered_while_many_slow_ones_hang_on(
    opened: Opened, beginning: bytes, tmp_path: Path
) -> None:
    web = opened()
    with slow_callers(web.port, 4 * LIMIT, beginning):
        time.sleep(0.1)
        begin = time.monotonic()
        assert httpx.get(url(web, "/health")).status_code == 200
        body = {"path": str(tmp_path / "films" / "a.mkv")}
        accepted = httpx.post(url(web, "/hooks/generic"), json=body, headers=BEARER)
        assert accepted.status_code == 202
        assert time.monotonic() - begin < 2


def test_slow_callers_never_hold_more_descriptors_than_the_limit_and_lose_them_soon(
    opened: Opened,
) -> None:
    web = opened()
    before = len(os.listdir("/proc/self/fd"))
    with slow_callers(web.port, 4 * LIMIT, HALF) as callers:
        time.sleep(0.3)
        ours = len(os.listdir("/proc/self/fd")) - before - len(callers)
        assert ours <= LIMIT + 4
        deadline = time.monotonic() + 20
        while _count_open(callers):
            assert time.monotonic() < deadline, "slow callers keep their connections"
            time.sleep(0.05)


def test_a_caller_that_drips_its_headers_has_the_same_time(opened: Opened) -> None:
    web = opened()
    with slow_callers(web.port, 1, HALF) as callers:
        begin = time.monotonic()
        while _count_open(callers) and time.monotonic() - begin < 5:
            with contextlib.suppress(OSError):
                callers[0].sendall(b"x")
            time.sleep(0.1)
        assert 0.5 < time.monotonic() - begin < 3


def test_closed_callers_are_one_line_a_second_with_their_number(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    web = opened()
    lines: list[logging.LogRecord] = []
    closed = 0
    with slow_callers(web.port, 4 * LIMIT, HALF):
        deadline = time.monotonic() + 20
        while closed < 4 * LIMIT and time.monotonic() < deadline:
            time.sleep(0.05)
            lines = [one for one in caplog.records if "took too long" in one.getMessage()]
            closed = sum(one.args[0] for one in lines)  # type: ignore[index,misc]
    assert closed == 4 * LIMIT
    assert 1 <= len(lines) <= 8


@pytest.mark.parametrize("length", [b"9" * 6000, b"-1", b"1e3", "٣".encode(), b"999999999999999"])
def test_an_impossible_length_is_refused(opened: Opened, length: bytes) -> None:
    web = opened()
    request = b"POST /hooks/generic HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + b"\r\n\r\n"
    with slow_callers(web.port, 1, request) as callers:
        callers[0].settimeout(5)
        assert callers[0].recv(100).split()[1] in (b"400", b"401", b"413")
    assert httpx.get(url(web, "/health")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"path":' * 50_000, b'{"path": "/\\ud800"}', b'{"paths": [1e999]}',
     b'{"paths": [' + b'"/a",' * 20_000 + b'"/b"]}', b"\x80", b'{"path": {"path": "/a"}}'],
)  # fmt: skip
def test_a_hostile_body_is_refused_in_a_moment(opened: Opened, body: bytes) -> None:
    web = opened()
    begin = time.monotonic()
    answer = httpx.post(url(web, "/hooks/generic"), content=body, headers=BEARER)
    assert answer.status_code in (200, 400)
    assert time.monotonic() - begin < 3


def test_a_library_is_not_away_because_no_descriptor_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.mkv").write_bytes(b"x")
    db = Database(tmp_path / "state.sqlite")
    libraries = {"films": LibrarySettings(path=tmp_path / "films")}
    monitor, ingest = AvailabilityMonitor(db, libraries), Ingest(db, libraries)
    ingest.scan("films")
    assert not monitor.is_unavailable("films")

    def refuse(*arguments: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        patch.setattr(os, "listdir", refuse)
        assert not monitor.is_unavailable("films")
        with pytest.raises(OSError, match="Too many open files"):
            ingest.on_paths_changed(tmp_path / "films" / "a.mkv")
        ingest.scan("films")
    record = db.files.get(tmp_path / "films" / "a.mkv")
    assert record is not None
    assert record.state != "missing"
    db.close()
