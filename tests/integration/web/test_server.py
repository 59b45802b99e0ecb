"""The HTTP port with real requests and a real database."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from subtitled.config.load import ConfigurationError, load_config
from subtitled.daemon.health import HealthReport
from subtitled.db.commands import ServerItem
from subtitled.db.database import Database
from subtitled.jobcontext.services import open_database
from subtitled.plugin import SetupError
from subtitled.web.server import WebServer, build_web
from subtitled.web.text_endpoints import TextEndpoint
from support.ports import find_free_port

TOKEN = "correct horse battery staple"


Opened = Callable[..., WebServer]
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., WebServer]]:
    """Open a port: ``opened(token=True, pages={}, max_body_bytes=...)``. It has its database."""
    created: list[WebServer] = []
    well = HealthReport(True, ())

    def web(
        *,
        token: bool = True,
        secret: str = "WEB_TOKEN",
        pages: Any = None,
        health: HealthReport = well,
        **settings: Any,
    ) -> WebServer:
        monkeypatch.setenv("WEB_TOKEN", TOKEN)
        (tmp_path / "films").mkdir(exist_ok=True)
        section = {"port": find_free_port(), **({"token": {"env": secret}} if token else {})}
        configuration = load_config(
            None,
            overrides={
                "daemon": {"state_dir": str(tmp_path / "state")},
                "web": section | settings,
                "libraries": {"films": {"path": str(tmp_path / "films")}},
            },
        )
        one = WebServer(configuration, open_database(configuration), lambda: health, pages or {})
        created.append(one)
        one.start()
        return one

    yield web
    for one in created:
        one.stop()
        one.db.close()


def url(web: WebServer, path: str) -> str:
    return f"http://127.0.0.1:{web.port}{path}"


def asked(web: WebServer) -> list[tuple[str, Path | None]]:
    return [(one.kind, one.path) for one in web.db.commands.pending()]


def test_webhook_is_answered_once_it_is_stored(opened: Opened, tmp_path: Path) -> None:
    web = opened()
    film = tmp_path / "films" / "a.mkv"
    response = httpx.post(url(web, "/hooks/generic"), json={"path": str(film)}, headers=BEARER)
    assert (response.status_code, response.json()) == (
        202,
        {"event": "paths", "accepted": 1, "unmatched": 0},
    )
    assert asked(web) == [("path-changed", film)]
    other = Database(web.db.path)
    assert [one.path for one in other.commands.pending()] == [film]
    other.close()


def test_what_is_outside_is_not_asked_for_and_the_sender_is_not_scared(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    web = opened()
    paths = {"paths": ["/etc/shadow", f"{web.db.path}", "../x", "C:\\x"]}
    for _ in range(2):
        response = httpx.post(url(web, "/hooks/generic"), json=paths, headers=BEARER)
    assert (response.status_code, response.json()["unmatched"]) == (200, 4)
    assert asked(web) == []
    assert [r.getMessage() for r in caplog.records if "path_map" in r.getMessage()] == [
        "generic sends paths that are in no library: if it sees the media in another folder, "
        "set web.webhooks.generic.path_map"
    ]


@pytest.mark.parametrize(
    "shown",
    [
        {"headers": BEARER},
        {"headers": {"X-Api-Key": TOKEN}},
        {"auth": ("anybody", TOKEN)},
        {"params": {"token": TOKEN}},
    ],
)
def test_the_token_may_be_shown_in_each_way_that_senders_have(
    opened: Opened, shown: dict[str, Any]
) -> None:
    web = opened()
    response = httpx.post(url(web, "/hooks/sonarr"), json={"eventType": "Test"}, **shown)
    assert (response.status_code, response.json()["event"]) == (200, "Test")


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"headers": {"Authorization": f"Bearer {TOKEN}x"}},
        {"headers": {"Authorization": "Basic !!!"}},
        {"headers": {"X-Api-Key": ""}},
        {"auth": (TOKEN, "")},
        {"params": {"token": TOKEN[:-1]}},
    ],
)
def test_request_without_the_token_is_refused(opened: Opened, shown: dict[str, Any]) -> None:
    web = opened(pages={"/metrics": TextEndpoint(lambda: "x 1")})
    for path in ("/hooks/generic", "/hooks/nobody", "/metrics", "/nothing", "/health/"):
        response = httpx.post(url(web, path), json={"path": "/a"}, **shown)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Basic")
    assert asked(web) == []


def test_neither_log_nor_answers_hold_the_token(
    opened: Opened, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken() -> str:
        raise RuntimeError("no")

    caplog.set_level(logging.DEBUG)
    web = opened(pages={"/metrics": TextEndpoint(broken)})
    bodies = []
    for path in ("/metrics", "/hooks/generic", "/hooks/plex", "/nothing"):
        for body in (b"{", b'{"path": "/x"}', b"[" * 100_000):
            bodies.append(httpx.post(url(web, path), params={"token": TOKEN}, content=body).text)
        bodies.append(httpx.get(url(web, path), params={"token": TOKEN}).text)
    web.stop()
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("http")]
    assert any("/metrics: unexpected error: RuntimeError" in line for line in ours)
    seen = "".join([*ours, *bodies, *capfd.readouterr()])
    for secret in (TOKEN, TOKEN.replace(" ", "+"), TOKEN.replace(" ", "%20")):
        assert secret not in seen


def test_health_without_a_token_shows_status_and_version_only(opened: Opened) -> None:
    web = opened()
    response = httpx.get(url(web, "/health"))
    assert response.status_code == 200
    assert set(response.json()) == {"status", "version"}
    assert response.json()["status"] == "ok"


def test_health_with_the_token_shows_problems(opened: Opened) -> None:
    web = opened(health=HealthReport(True, ("library nas is unavailable",)))
    assert "problems" not in httpx.get(url(web, "/health"), headers={"X-Api-Key": "no"}).json()
    response = httpx.get(url(web, "/health"), headers=BEARER)
    assert (response.status_code, response.json()["problems"]) == (
        200,
        ["library nas is unavailable"],
    )
    web = opened(health=HealthReport(False, ("the database cannot be read",)))
    response = httpx.get(url(web, "/health"))
    assert (response.status_code, response.json()["status"]) == (503, "degraded")


def test_web_page_without_a_token_sees_no_problems(opened: Opened) -> None:
    web = opened(token=False, health=HealthReport(True, ("library nas is unavailable",)))
    evil = {"Origin": "https://evil"}
    assert "problems" not in httpx.get(url(web, "/health"), headers=evil).json()
    assert httpx.get(url(web, "/health")).json()["problems"] == ["library nas is unavailable"]


def test_a_page_is_hung_up_behind_the_token(opened: Opened) -> None:
    web = opened(pages={"/metrics": TextEndpoint(lambda: "files 3\n", "text/plain; version=0.0.4")})
    response = httpx.get(url(web, "/metrics"), headers=BEARER)
    assert (response.text, response.headers["content-type"]) == (
        "files 3\n",
        "text/plain; version=0.0.4; charset=utf-8",
    )


def test_plex_sends_a_form_with_a_picture(opened: Opened) -> None:
    web = opened()
    payload = {"event": "media.play", "Metadata": {"ratingKey": "1"}}
    response = httpx.post(
        url(web, f"/hooks/plex?token={TOKEN}"),
        data={"payload": json.dumps(payload)},
        files={"thumb": ("thumb.jpg", b"\xff\xd8" * 40_000, "image/jpeg")},
    )
    assert response.status_code == 202, response.text
    (command,) = web.db.commands.pending()
    assert (command.kind, command.item) == ("item-played", ServerItem("plex", "", "1"))


def test_emby_of_old_sends_a_form_with_its_data(opened: Opened, tmp_path: Path) -> None:
    web = opened()
    film = tmp_path / "films" / "a.mkv"
    payload = {"Event": "playback.start", "Item": {"Path": str(film)}}
    for files in (None, {"x": ("x", b"")}):
        data = {"data": json.dumps(payload)}
        response = httpx.post(url(web, "/hooks/emby"), data=data, files=files, headers=BEARER)
        assert response.status_code == 202, response.text
    assert asked(web) == [("playback-started", film)]


@pytest.mark.parametrize("chunked", [True, False])
def test_what_is_too_large_is_refused_however_it_comes(opened: Opened, chunked: bool) -> None:
    web = opened(max_body_bytes=10_000)
    body = json.dumps({"path": "/a", "more": "x" * 20_000}).encode()
    content: Any = iter([body[:500], body[500:]]) if chunked else body
    response = httpx.post(url(web, "/hooks/generic"), content=content, headers=BEARER)
    assert response.status_code == 413


@pytest.mark.parametrize("source", ["generic", "sonarr", "plex"])
def test_what_is_not_understood_is_the_sender_s_fault(opened: Opened, source: str) -> None:
    web = opened()
    kind = {"content-type": "multipart/form-data; boundary=x"} if source == "plex" else {}
    for body in (b"", b"{", b"\xff\xfe", b"[" * 5000, b'"x"', b"{}", b"nan"):
        response = httpx.post(url(web, f"/hooks/{source}"), content=body, headers=BEARER | kind)
        assert response.status_code == 400, body
    assert httpx.post(url(web, "/hooks/sonar"), json={}, headers=BEARER).status_code == 404


def test_without_a_token_a_page_in_a_browser_is_refused(opened: Opened) -> None:
    web = opened(token=False)
    test = {"eventType": "Test"}
    response = httpx.post(url(web, "/hooks/sonarr"), json=test, headers={"Origin": "https://evil"})
    assert response.status_code == 403
    assert httpx.post(url(web, "/hooks/sonarr"), json=test).status_code == 200


def test_what_cannot_be_written_down_is_not_promised(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = opened()

    def full(asked: object) -> None:
        raise OSError("database or disk is full")

    body = {"path": str(tmp_path / "films" / "a.mkv")}
    with monkeypatch.context() as patched:
        patched.setattr(web.db.commands, "enqueue_all", full)
        response = httpx.post(url(web, "/hooks/generic"), json=body, headers=BEARER)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "60")
    response = httpx.post(url(web, "/hooks/generic"), json=body, headers=BEARER)
    assert response.status_code == 202


def test_many_at_once_share_a_write_and_one_file_waits_once(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = opened()
    writes: list[int] = []
    write = web.db.commands.enqueue_all

    def slow(rows: Any) -> None:
        rows = list(rows)
        writes.append(len(rows))
        time.sleep(0.05)
        write(rows)

    monkeypatch.setattr(web.db.commands, "enqueue_all", slow)

    def call(number: int) -> None:
        with httpx.Client(headers=BEARER) as client:
            for step in range(10):
                film = tmp_path / "films" / f"{(number + step) % 7}.mkv"
                response = client.post(url(web, "/hooks/generic"), json={"path": str(film)})
                assert response.status_code == 202

    callers = [threading.Thread(target=call, args=[number]) for number in range(12)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(asked(web)) == 7
    assert len(writes) < 60
    assert max(writes) <= 7


def test_the_port_is_closed_with_the_daemon_and_may_be_opened_again(opened: Opened) -> None:
    web = opened()
    with contextlib.ExitStack() as stack:
        callers = [
            stack.enter_context(socket.create_connection(("127.0.0.1", web.port), timeout=10))
            for _ in range(8)  # the last ones may be accepted while the port is being closed
        ]
        begin = time.monotonic()
        web.stop()
        assert time.monotonic() - begin < 30
        for idle in callers:
            with contextlib.suppress(ConnectionResetError):  # either way it is closed
                assert idle.recv(1) == b""
    with pytest.raises(httpx.ConnectError):
        httpx.get(url(web, "/health"))
    opened(port=web.port)


def test_port_in_use_is_an_error_with_a_hint(opened: Opened) -> None:
    web = opened()
    with pytest.raises(SetupError, match=r"cannot be opened.*another web\.port"):
        opened(port=web.port)


def test_a_token_that_could_be_guessed_is_refused(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORT", "0123456789")
    with pytest.raises(SetupError, match="openssl rand") as wrong:
        opened(secret="SHORT")
    assert "0123456789" not in str(wrong.value)


def test_missing_web_packages_are_named_with_the_command_to_install_them(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "uvicorn", None)
    with pytest.raises(SetupError, match=r"pip install 'subtitled\[web\]'"):
        opened()


def test_no_port_no_part(tmp_path: Path) -> None:
    configuration = load_config(None, overrides={"daemon": {"state_dir": str(tmp_path)}})
    assert build_web(configuration, None, None) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5"])
def test_open_to_others_it_needs_a_token(address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"a token is needed: set web\.token"):
        load_config(None, overrides={"web": {"port": 8085, "address": address}})
    with_token = {"port": 8085, "address": address, "token": {"env": "X"}}
    assert load_config(None, overrides={"web": with_token}).settings.web.port == 8085


@pytest.mark.parametrize(
    ("section", "answer"),
    [
        ({"address": "everywhere"}, "web.address: not an address"),
        ({"token": "hunter2hunter2hunter2"}, "web.token: a secret is not written"),
        ({"port": 70000}, "web.port: must be at most 65535"),
        ({"webhooks": {"anime": {}}}, "web.webhooks: the kind of the sender 'anime' is unknown"),
        ({"webhooks": {"sonarr": {"kind": "sonar"}}}, "Did you mean 'sonarr'"),
        ({"webhooks": {"sonarr": {"pathmap": []}}}, "Did you mean 'path_map'"),
    ],
)
def test_wrong_setting_is_an_error_with_key_and_hint(section: dict[str, Any], answer: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        load_config(None, overrides={"web": section})
    assert answer in str(wrong.value)
    assert "hunter2" not in str(wrong.value)
