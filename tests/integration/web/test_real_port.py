"""The wall in front of a real server: on a port, and on a unix socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from subtitled.config.load import load_config
from subtitled.daemon.health import HealthReport
from subtitled.db.history import HistoryEvent
from subtitled.jobcontext.services import open_database
from subtitled.web.auth.roles import Role, Scope
from subtitled.web.server import WebServer
from support.ports import find_free_port
from support.web_port import PASSWORD, TOKEN

Opened = Callable[..., WebServer]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    made: list[WebServer] = []
    monkeypatch.setenv("WEB_TOKEN", TOKEN)

    def web(**section: Any) -> WebServer:
        port = find_free_port()
        if not str(section.get("address", "")).startswith("unix:"):
            section = {"port": port} | section
        configuration = load_config(
            None,
            overrides={
                "daemon": {"state_dir": str(tmp_path / "state")},
                "web": {"token": {"env": "WEB_TOKEN"}} | section,
            },
        )
        db = open_database(configuration)
        made.append(WebServer(configuration, db, lambda: HealthReport(True, ()), {}))
        made[-1].start()
        return made[-1]

    yield web
    for one in made:
        one.stop()
        one.db.close()


def accounts(web: WebServer) -> Any:
    return web._accounts


def sign_in(client: httpx.Client, **headers: str) -> httpx.Response:
    origin = str(client.base_url).rstrip("/")
    fields = {"name": "ana", "password": PASSWORD}
    return client.post("/login", data=fields, headers={"Origin": origin} | headers)


def test_forged_headers_change_nothing_on_a_real_port(opened: Opened) -> None:
    web = opened()
    accounts(web).users.add("ana", PASSWORD, Role.ADMIN)
    forged = {
        "X-Forwarded-For": "203.0.113.5",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "127.0.0.1",
        "Remote-User": "ana",
    }
    with httpx.Client(base_url=f"http://127.0.0.1:{web.port}") as client:
        assert client.get("/me", headers=forged).status_code == 401
        answer = sign_in(client, **forged)
        assert answer.status_code == 303
        assert "Secure" not in answer.headers["set-cookie"]
        page = client.get("/me", headers={"Accept": "text/html"})
        assert "127.0.0.1" in page.text
        assert "203.0.113.5" not in page.text
        assert client.get("/me", headers={"Host": "evil.example"}).status_code == 421
        assert "uvicorn" not in str(page.headers)
    (entry,) = web.db.history.newest(10)
    assert (entry.event, entry.actor) == (HistoryEvent.SIGNED_IN, "ana")
    assert entry.details == {"address": "127.0.0.1"}


def test_a_unix_socket_behind_a_proxy_that_vouches(opened: Opened, tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    proxy = {"trusted": ["unix"], "user_header": "Remote-User", "roles": {"*": "viewer"}}
    opened(address=f"unix:{path}", base_path="/subs", proxy=proxy)
    transport = httpx.HTTPTransport(uds=str(path))
    with httpx.Client(transport=transport, base_url="http://localhost") as client:
        page = client.get("/subs/me", headers={"Remote-User": "ana"})
        assert page.status_code == 200
        assert 'action="/subs/logout"' in page.text
        assert client.get("/subs/me").status_code == 401


def test_the_daemon_logs_a_code_while_nobody_can_sign_in(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    web = opened()
    (line,) = [r.getMessage() for r in caplog.records if "first admin" in r.getMessage()]
    code = line.split("within an hour: ")[1].split(".")[0]
    assert f"http://127.0.0.1:{web.port}/setup" in line
    assert accounts(web).setup_codes.is_valid(code)
    accounts(web).users.add("ana", PASSWORD, Role.ADMIN)
    caplog.clear()
    web.stop()
    opened()
    assert not [r for r in caplog.records if "first admin" in r.getMessage()]


def test_keys_open_what_they_are_for_until_they_end(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = opened()
    keys = accounts(web).keys
    plex = keys.add("plex", [Scope.WEBHOOKS], created_by="a test")
    both = keys.add("both", [Scope.WEBHOOKS, Scope.METRICS], created_by="a test")
    admin = keys.add("admin", Role.ADMIN, created_by="a test")
    ended = keys.add("ended", Role.ADMIN, created_by="a test", expires_at=1.0)
    test = {"eventType": "Test"}
    with httpx.Client(base_url=f"http://127.0.0.1:{web.port}") as client:
        for key, in_address, in_header, as_password in (
            (plex, 200, 200, 200),
            (both, 401, 200, 200),
            (admin, 401, 200, 200),
            (ended, 401, 401, 401),
        ):
            hook = "/hooks/sonarr"
            assert client.post(hook, json=test, params={"token": key}).status_code == in_address
            shown = {"Authorization": f"Bearer {key}"}
            assert client.post(hook, json=test, headers=shown).status_code == in_header
            assert client.post(hook, json=test, auth=("x", key)).status_code == as_password
        assert client.get("/me", headers={"X-Api-Key": admin}).status_code == 200
        assert client.get("/me", params={"token": admin}).status_code == 401
        assert client.get("/me", auth=("admin", admin)).status_code == 401
        assert client.get("/me", headers={"X-Api-Key": plex}).status_code == 403
    used = {key.name: key.last_address for key in keys.list_all()}
    assert used == {"plex": "127.0.0.1", "both": "127.0.0.1", "admin": "127.0.0.1", "ended": None}
    assert keys.remove("plex")
    assert (
        httpx.post(
            f"http://127.0.0.1:{web.port}/hooks/sonarr", json=test, headers={"X-Api-Key": plex}
        ).status_code
        == 401
    )
