"""Who may follow events, for how long, and how many at once."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.web.api import event_stream
from subtitled.web.auth import sessions
from subtitled.web.auth.roles import Role
from support.api_server import ApiServer
from support.web_port import PASSWORD

WAIT_SECONDS = 20.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    made = ApiServer(tmp_path_factory.mktemp("streams"), 5)
    made.accounts.users.add("ana", PASSWORD, Role.ADMIN)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _frequent_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "COMMENT_SECONDS", 0.2)
    monkeypatch.setattr(event_stream, "CHECK_SECONDS", 0.0)


def session_of(server: ApiServer, name: str = "ana") -> dict[str, str]:
    user = server.accounts.users.get(name)
    return {"Cookie": f"subtitled={server.accounts.sessions.create(user, '127.0.0.1', 'a test')}"}


@contextlib.contextmanager
def followed(server: ApiServer, headers: dict[str, str]) -> Iterator[threading.Event]:
    """Follow events, and tell when the stream has ended."""
    ended = threading.Event()
    with (
        server.client(headers) as client,
        client.stream("GET", "/events", timeout=WAIT_SECONDS) as response,
    ):
        assert response.status_code == 200
        lines = response.iter_lines()
        assert next(lines).startswith("retry:")

        def read() -> None:
            with contextlib.suppress(httpx.HTTPError):
                for _ in lines:
                    pass
                ended.set()

        thread = threading.Thread(target=read)
        thread.start()
        yield ended
        assert ended.wait(WAIT_SECONDS), "the stream goes on"
        thread.join()


def test_a_stream_ends_with_its_key_though_nothing_happens(server: ApiServer) -> None:
    with followed(server, server.key(Role.VIEWER)) as ended:
        assert not ended.wait(1)
        assert server.accounts.keys.remove("viewer")


def test_a_stream_ends_with_its_session(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = server.accounts.users.get("ana")
    with followed(server, session_of(server)):
        server.accounts.sessions.end_all(ana.id)
    with followed(server, session_of(server)):
        server.accounts.users.set_password(ana.id, "another good password")
    with followed(server, session_of(server)), monkeypatch.context() as later:
        later.setattr(sessions, "MAX_SECONDS", -1.0)
        time.sleep(1)


def test_a_stream_ends_when_its_user_gets_another_role_or_goes(server: ApiServer) -> None:
    users = server.accounts.users
    ben = users.add("ben", PASSWORD, Role.ADMIN)
    with followed(server, session_of(server, "ben")):
        users.set_role(ben.id, Role.VIEWER)
    with followed(server, session_of(server, "ben")):
        users.remove(ben.id)


def test_nothing_is_told_after_the_key_was_removed(server: ApiServer) -> None:
    key = server.key(Role.OPERATOR)
    told: list[str] = []
    with (
        server.client(key) as client,
        client.stream("GET", "/events", timeout=WAIT_SECONDS) as response,
    ):
        lines = response.iter_lines()
        assert next(lines).startswith("retry:")
        server.accounts.keys.remove("operator")
        entry = HistoryEntry(event=HistoryEvent.FAILED, library="films", reason="a secret")
        server.db.history.add(entry)
        with contextlib.suppress(httpx.HTTPError):
            told += lines
    assert "a secret" not in "".join(told)


def test_another_page_opens_no_stream_with_the_cookie(server: ApiServer) -> None:
    for foreign in ({"Origin": "http://127.0.0.1:1"}, {"Sec-Fetch-Site": "same-site"}):
        with server.client(session_of(server) | foreign) as client:
            assert client.get("/events").status_code == 403


@pytest.mark.api
def test_sixty_open_tabs_keep_no_page_from_loading(server: ApiServer) -> None:
    keys = [server.key(Role.VIEWER, f"library {number}") for number in range(8)]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.client(key)) for key in keys]
        tabs = [clients[number % 8].stream("GET", "/events", timeout=60) for number in range(60)]
        statuses = [stack.enter_context(tab).status_code for tab in tabs]
        assert statuses == [200] * 50 + [503] * 10
        cookie = session_of(server) | {"Accept": "text/html"}
        for path in ("/", "/files", "/coverage"):
            page = httpx.get(f"{server.url}{path}", headers=cookie, timeout=WAIT_SECONDS)
            assert page.status_code == 200
