"""Every error of the API is a problem with a hint: also a fault, and a disk that is full."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from subtitled.plugin import SetupError
from subtitled.web.api import files
from support.api_server import ApiServer

FULL = sqlite3.OperationalError("database or disk is full")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    made = ApiServer(tmp_path_factory.mktemp("errors"), 5)
    yield made
    made.close()


def check_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:subtitled:problem:")
    assert problem["title"]
    assert problem["hint"]
    return problem


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (RuntimeError("secret of a fault"), 500, "report it"),
        (UnicodeEncodeError("utf-8", "secret", 0, 1, "no"), 500, "report it"),
        (RecursionError("secret"), 500, "report it"),
        (sa.exc.OperationalError("SELECT secret", {}, FULL), 503, "disk"),
        (SetupError("the disk is full", "Make room"), 503, "Make room"),
    ],
)
def test_a_fault_or_a_full_disk_is_a_problem_and_the_next_request_is_answered(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, said: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as broken, server.client() as client:
        broken.setattr(files, "page_of_files", fail)
        answer = client.get("/files")
    problem = check_problem(answer, status)
    assert said in problem["hint"]
    assert "secret" not in answer.text
    assert ("retry-after" in answer.headers) is (status == 503)
    with server.client() as client:
        assert client.get("/files").status_code == 200


def test_a_body_without_an_end_is_refused_at_the_limit(server: ApiServer) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b" " * 65536

    headers = {"Content-Type": "application/json"}
    with server.client(server.admin | headers) as client:
        try:
            answer = client.post("/files/actions", content=endless())
        except (httpx.WriteError, httpx.ReadError):
            pass  # The port closed while the body was sent.
        else:
            check_problem(answer, 413)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"seconds": NaN}', 422),
        (b'{"seconds": Infinity}', 422),
        (b'{"seconds": 1e999}', 422),
        (b'{"library": "\\ud800"}', 422),
        (b'{"\\ud800": 1}', 422),
        (b'{"library": "\\u0000"}', 404),
        (b'{"library": ' * 100_000, 400),
        (b"[" * 1_000_000, 400),
        (b'{"library": "films", "library": "none"}', 404),
        (b"\xef\xbb\xbf\xff", 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"' + b"a" * 1_000_000 + b'"', 422),
    ],
    ids=range(13),
)
def test_no_json_makes_the_api_fail(server: ApiServer, body: bytes, status: int) -> None:
    with server.client(server.admin | {"Content-Type": "application/json"}) as client:
        check_problem(client.post("/pauses", content=body), status)


def test_only_json_is_read(server: ApiServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    with server.client() as client:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            answer = client.post(
                "/pauses", headers={"Content-Type": kind}, content=json.dumps({"library": "films"})
            )
            check_problem(answer, 422)
    assert caplog.records == []
