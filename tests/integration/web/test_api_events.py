"""Event streams on a real port: what is told, to whom, how each resumes, how many there may be."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_sse import ServerSentEvent, connect_sse

from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.web import connections
from subtitled.web.api.events import MAX_STREAMS
from subtitled.web.auth.roles import Role
from support.api_server import ApiServer

Stream = Iterator[ServerSentEvent]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    made = ApiServer(tmp_path_factory.mktemp("events"), 10)
    yield made
    made.close()


@contextlib.contextmanager
def opened(
    server: ApiServer, headers: dict[str, str] | None = None, **more: Any
) -> Iterator[tuple[httpx.Response, Stream]]:
    """Open a stream. ``after`` is sent as a browser sends it."""
    shown = dict(headers or server.admin)
    if (after := more.pop("after", None)) is not None:
        shown["Last-Event-ID"] = str(after)
    with (
        server.client(shown) as client,
        connect_sse(client, "GET", "/events", params=more, timeout=20) as source,
    ):
        # What a browser would tell its page: not the line that says when to come back.
        yield source.response, (event for event in source.iter_sse() if event.data)


def add(server: ApiServer, reason: str, library: str | None = "films", **more: Any) -> int:
    """Add an entry to the history, and return its number."""
    entry = HistoryEntry(
        event=more.pop("event", HistoryEvent.FAILED), library=library, reason=reason
    )
    server.db.history.add(entry)
    return server.db.history.bounds()[1]


def data_of(event: ServerSentEvent) -> dict[str, Any]:
    return dict(json.loads(event.data))


def test_an_entry_is_told_soon_after_it_is_written(server: ApiServer) -> None:
    last = server.db.history.bounds()[1]
    with opened(server, after=last) as (response, events):
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        number = add(server, "one")
        written_at = time.monotonic()
        event = next(events)
        assert time.monotonic() - written_at < 3
        assert (event.event, event.id) == ("history", str(number))
        assert data_of(event)["reason"] == "one"
        add(server, "a line end\n\nid: 5\ndata: no", library=None)
        assert data_of(next(events))["reason"] == "a line end\n\nid: 5\ndata: no"


def test_a_stream_goes_on_after_the_last_event_that_was_seen(server: ApiServer) -> None:
    first = add(server, "the first")
    entry = HistoryEntry(event=HistoryEvent.FAILED, library="films")
    server.db.history.add(*[entry] * 700)
    numbers = list(range(first, first + 701))
    with opened(server, after=numbers[0]) as (_, events):
        seen = [int(next(events).id) for _ in numbers[1:]]
    assert seen == numbers[1:]
    with opened(server, after=numbers[-2]) as (_, events):
        assert next(events).id == str(numbers[-1])


@pytest.mark.parametrize("after", ["99999999", "x", "-5", "9" * 90])
def test_a_stream_that_cannot_be_resumed_says_so(server: ApiServer, after: str) -> None:
    last = server.db.history.bounds()[1]
    with opened(server, after=after) as (_, events):
        event = next(events)
        assert (event.event, event.id) == ("resync", str(last))
        number = add(server, "after it")
        assert next(events).id == str(number)


def test_entries_that_were_deleted_cannot_be_resumed(server: ApiServer) -> None:
    first, last = server.db.history.bounds()
    server.db.history.prune(now=time.time() + 100 * 86400)
    add(server, "after all were deleted")
    with opened(server, after=first) as (_, events):
        assert next(events).event == "resync"
    with opened(server, after=last) as (_, events):
        assert data_of(next(events))["reason"] == "after all were deleted"


def test_changes_are_told_if_asked_for(server: ApiServer) -> None:
    with opened(server, topic="changed") as (_, events):
        time.sleep(1.5)
        server.db.kv.set("something", "else")
        event = next(events)
        assert (event.event, event.data, event.id) == ("changed", "{}", "")


def test_a_stream_tells_only_of_the_libraries_of_its_key(server: ApiServer) -> None:
    series = server.key(Role.VIEWER, "series")
    last = server.db.history.bounds()[1]
    add(server, "of films")
    add(server, "of nobody", library=None)
    add(server, "a sign-in", library="series", event=HistoryEvent.SIGNED_IN)
    add(server, "of series", library="series")
    with opened(server, series, after=last) as (_, events):
        assert data_of(next(events))["reason"] == "of series"


def test_a_key_that_is_removed_ends_its_stream(server: ApiServer) -> None:
    headers = server.key(Role.VIEWER)
    with opened(server, headers) as (_, events):
        time.sleep(1.5)
        assert server.accounts.keys.remove("viewer")
        add(server, "not for the removed key")
        assert list(events) == []


def test_eight_streams_of_one_caller_and_the_next_waits(server: ApiServer) -> None:
    headers = server.key(Role.OPERATOR)
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(opened(server, headers)) for _ in range(8)]
        assert {response.status_code for response, _ in streams} == {200}
        with server.client(headers) as client:
            refused = client.get("/events")
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) > 0
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["hint"]
            assert client.get("/files").status_code == 200
        other = stack.enter_context(opened(server))
        assert other[0].status_code == 200
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with opened(server, headers) as (response, _):
            if response.status_code == 200:
                return
        time.sleep(0.2)
    raise AssertionError("the streams that were closed still count")


def test_sixty_open_tabs_do_not_keep_a_page_from_loading(tmp_path: Path) -> None:
    server = ApiServer(tmp_path, 3)
    callers = [
        {"X-Api-Key": server.accounts.keys.add(f"tabs {number}", Role.VIEWER, created_by="a test")}
        for number in range(10)
    ]
    with contextlib.ExitStack() as stack:
        answers = [
            stack.enter_context(opened(server, headers))[0] for headers in callers for _ in range(6)
        ]
        statuses = [answer.status_code for answer in answers]
        assert statuses == [200] * MAX_STREAMS + [503] * (60 - MAX_STREAMS)
        for headers in callers:
            with server.client(headers) as client:
                assert client.get("/files").status_code == 200
        page = httpx.get(f"{server.url}/", follow_redirects=True, headers={"Accept": "text/html"})
        assert (page.status_code, page.url.path) == (200, "/setup")
    server.close()


def test_a_stream_outlives_the_time_of_other_answers(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for guard in [server.web._server.config.http.guard]:  # type: ignore[union-attr]
        monkeypatch.setattr(guard, "_request_seconds", 0.5)
    assert connections.STREAM_SECONDS > 60
    with opened(server) as (_, events):
        time.sleep(2.5)
        add(server, "after a while")
        assert data_of(next(events))["reason"] == "after a while"


def test_open_streams_do_not_hold_up_the_end_of_the_port(tmp_path: Path) -> None:
    server = ApiServer(tmp_path, 3)
    ended = threading.Event()
    with opened(server) as (_, events):
        thread = threading.Thread(target=lambda: (list(events), ended.set()))
        thread.start()
        time.sleep(0.5)
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < 4
        assert ended.wait(5)
        thread.join()
