"""Endpoints of plugins behind the wall of the port, whatever their code does."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from subtitled.config import plugin_endpoints as limits
from subtitled.config.plugin_paths import PluginPaths
from subtitled.daemon.health import HealthReport
from subtitled.web.app import build_application
from subtitled.web.auth.accounts import Accounts
from subtitled.web.auth.roles import Role
from subtitled.web.plugin_endpoints import PluginEndpoint
from subtitled.web.server import WebServer
from support.ports import find_free_port
from support.web_library import open_library, write_configuration
from support.web_port import WebPort

PLUGIN = '''
import asyncio, json, sys, time
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from subtitled.plugin import (
    Endpoint, EndpointCapabilities, EndpointRole, Settings, SetupError, hookimpl
)

SUBTITLED_API = "1"
START = {"type": "http.response.start", "status": 200, "headers": [(b"X-Mine", b"1")]}


class OddSettings(Settings):
    role: EndpointRole = EndpointRole.OPERATOR
    seconds: float = 60.0
    release: str = ""
    starts: bool = True


class Odd(Endpoint[OddSettings]):
    """Does what the last part of the path says."""

    @classmethod
    def capabilities(cls, settings):
        return EndpointCapabilities(
            role=settings.role, methods=["GET", "POST"], max_body_bytes=1000,
            max_response_bytes=5000, timeout_seconds=settings.seconds,
        )

    def application(self):
        if not self.settings.starts:
            raise SetupError("no ink", "Buy some")
        return self.call

    def call(self, scope, receive, send):
        mode = scope["path"].rpartition("/")[2]
        if mode == "nothing":
            return None
        return getattr(self, mode, self.echo)(scope, receive, send)

    async def echo(self, scope, receive, send):
        caller = scope["state"]["caller"]
        body = (await receive())["body"]
        answer = {
            "caller": [caller.name, caller.role, caller.libraries],
            "headers": {k.decode(): v.decode() for k, v in scope["headers"]},
            "path": [scope["root_path"], scope["path"]], "body": body.decode(),
        }
        headers = [(b"content-type", b"application/json"), (b"set-cookie", b"subtitled=x"),
                   (b"content-length", b"7"), (b"X-Frame-Options", b"ALLOWALL")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def raises(self, scope, receive, send):
        raise KeyError("secret words of a film")

    async def exits(self, scope, receive, send):
        sys.exit(3)

    async def blocks(self, scope, receive, send):
        while not Path(self.settings.release).exists():
            time.sleep(0.01)

    async def waits(self, scope, receive, send):
        await receive()
        await receive()

    async def silent(self, scope, receive, send):
        pass

    async def half(self, scope, receive, send):
        await send(START)

    async def bodiless(self, scope, receive, send):
        await send({"type": "http.response.body", "body": b"x"})

    async def twice(self, scope, receive, send):
        await send(START)
        await send(START)

    async def textual(self, scope, receive, send):
        await send(START)
        await send({"type": "http.response.body", "body": "text"})

    async def status(self, scope, receive, send):
        await send({"type": "http.response.start", "status": "200", "headers": []})

    async def splits(self, scope, receive, send):
        await send({**START, "headers": [(b"a", b"b\\r\\nSet-Cookie: c")]})

    async def headless(self, scope, receive, send):
        await send({**START, "headers": {"a": "b"}})

    async def other(self, scope, receive, send):
        await send(42)

    async def socket(self, scope, receive, send):
        await send({"type": "websocket.accept"})

    async def endless(self, scope, receive, send):
        await send(START)
        while True:
            try:
                await send({"type": "http.response.body", "body": b"x" * 99, "more_body": True})
            except RuntimeError:
                pass


class Framework(Endpoint):
    @classmethod
    def capabilities(cls, settings):
        return EndpointCapabilities(role=EndpointRole.VIEWER)

    def application(self):
        def hello(request):
            return PlainTextResponse(f"hello {request.state.caller.name}")
        return Starlette(routes=[Route("/hello", hello)])


@hookimpl
def register_endpoints(register):
    register(Odd)
    register(Framework, name="framework")
'''
SECTIONS = """
[endpoints.odd]
[endpoints.quick]
plugin = "odd"
seconds = 0.3
release = "{folder}/release"
[endpoints.stuck]
plugin = "odd"
seconds = 0.3
release = "{folder}/release"
[endpoints.open]
plugin = "odd"
role = "viewer"
[endpoints.late]
plugin = "odd"
starts = false
[endpoints.framework]
plugin = "odd:framework"
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebPort]:
    """A port with all endpoints, which no test changes."""
    with _open(tmp_path_factory.mktemp("port")) as port:
        yield port


@contextlib.contextmanager
def _open(folder: Path, **section: str) -> Iterator[WebPort]:
    plugins = folder / "plugins"
    plugins.mkdir(mode=0o755)
    (plugins / "odd.py").write_text(PLUGIN)
    (plugins / "odd.py").chmod(0o644)
    port = WebPort(folder / "state", **section)
    configuration = write_configuration(folder, 8085, SECTIONS.format(folder=folder))
    assert not configuration.unavailable
    endpoints = [
        PluginEndpoint(configured, port.settings.base_path)
        for configured in configuration.endpoints.values()
    ]
    port.app = build_application(dataclasses.replace(port.services, plugin_endpoints=endpoints))
    yield port
    (folder / "release").touch()
    port.close()
    PluginPaths().apply()


def _key(port: WebPort, role: str = "operator", **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {port.keys[role]}", **more}


def test_an_endpoint_is_told_who_calls_and_no_credential(port: WebPort) -> None:
    headers = _key(port, **{"X-Hub-Signature": "abc", "Cookie": "a=b", "X-Api-Key": "k"})
    headers.pop("X-Api-Key")
    answer = port.call("POST", "/x/odd/a/b?q=1", headers=headers, content=b"hello")
    assert answer.status_code == 201
    told = answer.json()
    assert told["caller"] == ["operator", "operator", None]
    assert told["path"] == ["/x/odd", "/x/odd/a/b"]
    assert told["body"] == "hello"
    assert told["headers"]["x-hub-signature"] == "abc"
    assert not {"authorization", "cookie", "x-api-key"} & told["headers"].keys()


def test_the_headers_of_the_wall_hold_and_a_cookie_cannot_be_set(port: WebPort) -> None:
    answer = port.call("GET", "/x/odd", headers=_key(port))
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "set-cookie" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content)
    head = port.call("HEAD", "/x/odd", headers=_key(port))
    assert (head.status_code, head.content) == (201, b"")


@pytest.mark.parametrize(
    ("method", "path", "role", "status"),
    [
        ("GET", "/x/odd", None, 401),
        ("GET", "/x/odd/hello", "viewer", 403),
        ("GET", "/x/odd", "reviewer", 403),
        ("GET", "/x/odd", "webhooks", 403),
        ("GET", "/x/odd", "admin", 201),
        ("GET", "/x/open", "viewer", 201),
        ("PUT", "/x/odd", "operator", 405),
        ("GET", "/x/none", "operator", 404),
        ("GET", "/x/", "operator", 404),
        ("GET", "/x/oddity", "operator", 404),
    ],
)
def test_who_may_not_call_never_reaches_the_plugin(
    port: WebPort, method: str, path: str, role: str | None, status: int
) -> None:
    answer = port.call(method, path, headers=_key(port, role) if role else {})
    assert answer.status_code == status
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_rules_for_hosts_pages_and_sizes_hold(port: WebPort, cheap_hashes: None) -> None:
    port.add_users()
    assert (
        port.call("GET", "/x/odd", host="http://evil.example", headers=_key(port)).status_code
        == 421
    )
    browser = port.session("operator")
    assert browser.post("/x/odd", {"a": "b"}).status_code == 201
    assert browser.post("/x/odd", {"csrf_token": "wrong"}).status_code == 403
    assert browser.post("/x/odd", {}, Origin="http://evil.example").status_code == 403
    large = port.call("POST", "/x/odd", headers=_key(port), content=b"x" * 1001)
    assert large.status_code == 413
    assert port.call("POST", "/x/odd", headers=_key(port), content=b"x" * 1000).status_code == 201
    assert port.browser().get("/x/odd").status_code == 303, "a browser is led to the sign-in"


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("raises", "KeyError"),
        ("exits", "SystemExit"),
        ("nothing", "no application of ASGI 3"),
        ("silent", "no complete answer"),
        ("half", "no complete answer"),
        ("bodiless", "a body without an answer"),
        ("twice", "a second answer"),
        ("textual", "str as a body"),
        ("status", "its status is no number"),
        ("splits", "an impossible header"),
        ("headless", "no message of ASGI"),
        ("other", "no message of ASGI"),
        ("socket", "a message that is not of an HTTP answer"),
        ("endless", "more than 5000 bytes"),
    ],
)
def test_a_fault_of_a_plugin_is_an_answer_and_is_named_in_the_log(
    port: WebPort, caplog: pytest.LogCaptureFixture, mode: str, told: str
) -> None:
    answer = port.call("GET", f"/x/odd/{mode}", headers=_key(port))
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["title"] == "the plugin odd of the endpoint odd failed" and problem["hint"]
    (line,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert line.startswith("endpoint odd: the plugin odd") and told in line and "odd.py:" in line
    assert "secret words" not in line + answer.text
    assert port.call("GET", "/x/odd", headers=_key(port)).status_code == 201


@pytest.mark.parametrize("mode", ["blocks", "waits"])
def test_an_endpoint_that_hangs_is_given_up_and_the_port_goes_on(
    port: WebPort, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    answer = port.call("GET", f"/x/quick/{mode}", headers=_key(port))
    assert answer.status_code == 504
    assert answer.json()["title"] == "the plugin odd of the endpoint quick did not answer in time"
    assert "did not answer within 0.3 s" in caplog.text
    assert port.call("GET", "/health").status_code == 200


def test_endpoints_that_hang_for_ever_take_no_more_than_their_threads(
    port: WebPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_RUNNING", 2)
    for _ in range(2):
        assert port.call("GET", "/x/stuck/blocks", headers=_key(port)).status_code == 504
    busy = port.call("GET", "/x/stuck/blocks", headers=_key(port))
    assert busy.status_code == 503 and busy.headers["Retry-After"]
    assert port.call("GET", "/x/odd", headers=_key(port)).status_code == 201


def test_an_endpoint_that_cannot_start_says_so(port: WebPort) -> None:
    answer = port.call("GET", "/x/late", headers=_key(port))
    assert answer.status_code == 503
    assert answer.json()["title"] == "the plugin odd of the endpoint late could not be started"


def test_a_framework_finds_its_routes_below_a_base_path(tmp_path: Path) -> None:
    with _open(tmp_path, base_path="/subs") as port:
        for path in ("/x/framework/hello", "/subs/x/framework/hello"):
            answer = port.call("GET", path, headers=_key(port, "viewer"))
            assert answer.text == "hello viewer"
        told = port.call("GET", "/x/odd", headers=_key(port)).json()
        assert told["path"] == ["/subs/x/odd", "/subs/x/odd"]


def test_the_port_of_the_daemon_opens_the_endpoints(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir(mode=0o755)
    (tmp_path / "plugins/odd.py").write_text(PLUGIN)
    (tmp_path / "plugins/odd.py").chmod(0o644)
    configuration = write_configuration(tmp_path, find_free_port(), "[endpoints.odd]\n")
    database = open_library(configuration)
    web = WebServer(configuration, database, lambda: HealthReport(True, ()), {})
    web.start()
    try:
        accounts = Accounts(tmp_path / "state")
        key = accounts.keys.add("phone", Role.OPERATOR, created_by="a test")
        accounts.close()
        url = f"http://127.0.0.1:{web.port}/x/odd/hello"
        answer = httpx.get(url, headers={"X-Api-Key": key})
        assert (answer.status_code, answer.json()["caller"][0]) == (201, "phone")
        assert httpx.get(url).status_code == 401
    finally:
        web.stop()
        database.close()
        PluginPaths().apply()
