"""Each route and method, called by everybody there is: only whom the role table names gets in."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from subtitled.web.access_table import (
    ACCESS_RULES,
    AccessTable,
    RouteWithoutAccessError,
    list_routes,
    rule,
)
from subtitled.web.api.access import API_PATH, API_RULES
from subtitled.web.app import build_routes
from subtitled.web.auth.access import Access
from subtitled.web.wall import Wall
from support.web_port import HOST, TOKEN, WebPort

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
EXPECTED = {
    ("/health", "GET"): "open",
    ("/static/{name}", "GET"): "open",
    ("/login", "GET"): "open",
    ("/login", "POST"): "open",
    ("/setup", "GET"): "open",
    ("/setup", "POST"): "open",
    ("/hooks/{source}", "POST"): "webhooks",
    ("/hooks/{source}", "PUT"): "webhooks",
    ("/metrics", "GET"): "metrics",
    ("/logout", "POST"): "viewer",
    ("/me", "GET"): "viewer",
    ("/me/password", "POST"): "viewer",
    ("/me/sessions", "POST"): "viewer",
    ("/", "GET"): "viewer",
    ("/files", "GET"): "viewer",
    ("/files/{id:number}", "GET"): "viewer",
    ("/files/{id:number}/look", "GET"): "viewer",
    ("/files/{id:number}/undo", "GET"): "operator",
    ("/files/{id:number}/undo", "POST"): "operator",
    ("/files/{id:number}/servers", "POST"): "operator",
    ("/files/actions", "POST"): "operator",
    ("/queue", "GET"): "viewer",
    ("/coverage", "GET"): "viewer",
    ("/coverage/origins", "GET"): "viewer",
    ("/coverage/upgrades", "GET"): "viewer",
    ("/coverage/upgrades", "POST"): "operator",
    ("/history", "GET"): "viewer",
    ("/queue/pauses", "POST"): "operator",
    ("/health-page", "GET"): "viewer",
    ("/health-page/check", "POST"): "operator",
    ("/health-page/actions", "POST"): "operator",
    ("/health-page/log", "GET"): "admin",
    ("/spending", "GET"): "viewer",
    ("/spending/csv", "GET"): "viewer",
    ("/glossary", "GET"): "viewer",
    ("/glossary", "POST"): "reviewer",
    ("/review", "GET"): "viewer",
    ("/review/approve", "POST"): "reviewer",
    ("/review/{id:number}", "GET"): "viewer",
    ("/review/{id:number}/cues", "POST"): "reviewer",
    ("/review/{id:number}/holder", "POST"): "reviewer",
    ("/review/{id:number}/approve", "GET"): "reviewer",
    ("/review/{id:number}/approve", "POST"): "reviewer",
    ("/review/{id:number}/notes", "GET"): "viewer",
    ("/review/{id:number}/notes", "POST"): "reviewer",
    ("/review/{id:number}/ask", "GET"): "reviewer",
    ("/review/{id:number}/ask", "POST"): "reviewer",
    ("/review/{id:number}/tools", "GET"): "reviewer",
    ("/review/{id:number}/tools", "POST"): "reviewer",
    ("/review/{id:number}/terms", "GET"): "viewer",
    ("/review/{id:number}/terms", "POST"): "reviewer",
    ("/review/{id:number}/reopen", "POST"): "reviewer",
    ("/review/{id:number}/unlock", "POST"): "reviewer",
    ("/files/{id:number}/review", "POST"): "reviewer",
    ("/engine-errors", "GET"): "admin",
    ("/settings", "GET"): "admin",
    ("/settings/toml", "GET"): "admin",
    ("/settings/plan", "GET"): "admin",
    ("/settings/plan", "POST"): "admin",
    ("/users", "GET"): "admin",
    ("/users", "POST"): "admin",
    ("/api/v1/openapi.json", "GET"): "viewer",
    ("/api/v1/status", "GET"): "viewer",
    ("/api/v1/now", "GET"): "viewer",
    ("/api/v1/health-details", "GET"): "operator",
    ("/api/v1/doctor", "GET"): "operator",
    ("/api/v1/libraries", "GET"): "viewer",
    ("/api/v1/coverage", "GET"): "viewer",
    ("/api/v1/coverage/origins", "GET"): "viewer",
    ("/api/v1/upgrades", "GET"): "viewer",
    ("/api/v1/upgrades", "POST"): "operator",
    ("/api/v1/upgrades", "DELETE"): "operator",
    ("/api/v1/log", "GET"): "admin",
    ("/api/v1/files", "GET"): "viewer",
    ("/api/v1/files/lookup", "POST"): "viewer",
    ("/api/v1/files/actions", "POST"): "operator",
    ("/api/v1/files/{file_id:number}", "GET"): "viewer",
    ("/api/v1/files/{file_id:number}/look", "GET"): "viewer",
    ("/api/v1/files/{file_id:number}/subtitles", "GET"): "viewer",
    ("/api/v1/files/{file_id:number}/history", "GET"): "viewer",
    ("/api/v1/files/{file_id:number}/actions", "POST"): "operator",
    ("/api/v1/files/{file_id:number}/undo", "POST"): "operator",
    ("/api/v1/files/{file_id:number}/servers", "POST"): "operator",
    ("/api/v1/subtitles/{subtitle_id}/text", "GET"): "viewer",
    ("/api/v1/subtitles/{subtitle_id}/review", "POST"): "reviewer",
    ("/api/v1/reviews", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}", "GET"): "viewer",
    ("/api/v1/reviews/approve", "POST"): "reviewer",
    ("/api/v1/reviews/report", "GET"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/report", "GET"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/list", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/cues/{cue}", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/words", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/notes", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/notes", "POST"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/notes/{note_id}", "PUT"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/passages", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/passages", "POST"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/shots", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/preview", "POST"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/text", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/sound", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/still", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/clip", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/peaks", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/operations", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/operations", "POST"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/undo", "POST"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/redo", "POST"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/verdicts/{cue}", "PUT"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/verdicts/{cue}", "DELETE"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/holder", "POST"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/holder", "DELETE"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/terms", "GET"): "viewer",
    ("/api/v1/reviews/{review_id:number}/approve", "POST"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/reopen", "POST"): "reviewer",
    ("/api/v1/reviews/{review_id:number}/unlock", "POST"): "reviewer",
    ("/api/v1/queue", "GET"): "viewer",
    ("/api/v1/history", "GET"): "viewer",
    ("/api/v1/egress", "GET"): "viewer",
    ("/api/v1/plan", "GET"): "viewer",
    ("/api/v1/plan/summary", "GET"): "viewer",
    ("/api/v1/events", "GET"): "viewer",
    ("/api/v1/pauses", "POST"): "operator",
    ("/api/v1/pauses", "DELETE"): "operator",
    ("/api/v1/engines/{name}/reset", "POST"): "operator",
    ("/api/v1/terms", "GET"): "viewer",
    ("/api/v1/terms", "POST"): "reviewer",
    ("/api/v1/terms/{term_id}", "DELETE"): "reviewer",
    ("/api/v1/engine-errors", "GET"): "admin",
    ("/api/v1/servers/{name}/tell", "POST"): "operator",
    ("/api/v1/scans", "POST"): "operator",
    ("/api/v1/configuration", "GET"): "admin",
}
"""What each route needs. A new route has to be written here too."""
FORGED = {
    "Remote-User": "admin",
    "Remote-Groups": "admins",
    "X-Forwarded-For": "127.0.0.1",
    "X-Real-IP": "127.0.0.1",
    "Forwarded": "for=127.0.0.1;proto=https",
    "X-Forwarded-User": "admin",
    "X-Remote-User": "admin",
    "X-Original-URL": "/health",
    "X-Rewrite-URL": "/health",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-HTTP-Method-Override": "GET",
}
"""What only a proxy that is named may say."""
ROLES = ("viewer", "reviewer", "operator", "admin")
PARAMETERS = {
    "{name}": "style.css",
    "{source}": "generic",
    "{id:number}": "1",
    "{file_id:number}": "1",
    "{review_id:number}": "1",
    "{cue}": "1",
    "{subtitle_id}": "1-0123456789abcdef",
    "{term_id}": "0123456789abcdef",
}


@dataclass
class Inside:
    """The application behind the wall: it counts who comes in."""

    reached: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached += 1
        await Response(status_code=204)(scope, receive, send)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Somebody who calls: what is sent, and what that should open."""

    name: str
    headers: Mapping[str, str]
    opens: frozenset[str] = field(default_factory=frozenset)
    """Kinds of routes that are opened."""
    open_posts: bool = False
    """Whether sign-in and set-up can be sent, as a page of ours does."""
    is_other_page: bool = False
    """Whether another page makes a browser send it. Then the API is not even read."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebPort]:
    made = WebPort(tmp_path_factory.mktemp("walk") / "state")
    made.add_users()
    yield made
    made.close()


def opened_by(role: str) -> frozenset[str]:
    kinds = set(ROLES[: ROLES.index(role) + 1])
    return frozenset(kinds | ({"webhooks", "metrics"} if role in ("operator", "admin") else set()))


def everybody(port: WebPort) -> Iterator[Caller]:
    own = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"}
    yield Caller(name="nobody", headers={})
    yield Caller(name="nobody, a page", headers=own, open_posts=True)
    for role in ROLES:
        browser = port.session(role)
        signed_in = {"Cookie": f"subtitled={browser.token}"}
        token = {"X-CSRF-Token": browser.csrf_token}
        yield Caller(
            name=role, headers=signed_in | own | token, opens=opened_by(role), open_posts=True
        )
        reads = frozenset(f"read {kind}" for kind in opened_by(role))
        yield Caller(
            name=f"{role}, no CSRF token", headers=signed_in | own, opens=reads, open_posts=True
        )
        wrong = signed_in | own | {"X-CSRF-Token": "0" * 64}
        yield Caller(name=f"{role}, wrong CSRF token", headers=wrong, opens=reads, open_posts=True)
        other = port.session(role).csrf_token
        stolen = signed_in | own | {"X-CSRF-Token": other}
        yield Caller(
            name=f"{role}, the token of another session",
            headers=stolen,
            opens=reads,
            open_posts=True,
        )
        yield Caller(name=f"{role}, no Origin", headers=signed_in | token, opens=reads)
        for origin in ("https://evil.example", "null", f"{HOST}.evil.example", "http://192.0.2.1"):
            foreign = signed_in | token | {"Origin": origin}
            yield Caller(
                name=f"{role}, Origin {origin}", headers=foreign, opens=reads, is_other_page=True
            )
        for site in ("cross-site", "same-site"):
            foreign = signed_in | token | {"Origin": HOST, "Sec-Fetch-Site": site}
            yield Caller(
                name=f"{role}, Sec-Fetch-Site {site}",
                headers=foreign,
                opens=reads,
                is_other_page=True,
            )
        host = signed_in | own | token | {"Host": "evil.example"}
        yield Caller(name=f"{role}, foreign Host", headers=host)
        two = {"Cookie": f"subtitled={browser.token}; subtitled={port.session(role).token}"}
        yield Caller(name=f"{role}, two sessions", headers=two | own | token, open_posts=True)
        raised = signed_in | own | token | FORGED
        yield Caller(
            name=f"{role}, forged headers", headers=raised, opens=opened_by(role), open_posts=True
        )
    for name, key in port.keys.items():
        kinds = opened_by(name) if name in ROLES else frozenset({str(name)})
        yield Caller(name=f"key {name}", headers={"X-Api-Key": key}, opens=kinds)
        yield Caller(
            name=f"key {name}, as bearer", headers={"Authorization": f"Bearer {key}"}, opens=kinds
        )
        page = {"X-Api-Key": key, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        yield Caller(name=f"key {name}, of another page", headers=page, opens=kinds)
        evil = {"X-Api-Key": key, "Host": "evil.example"}
        yield Caller(name=f"key {name}, foreign Host", headers=evil)
    programs = frozenset({"webhooks", "metrics"})
    yield Caller(name="the token", headers={"X-Api-Key": TOKEN}, opens=programs)
    yield Caller(
        name="the token as a cookie",
        headers={"Cookie": f"subtitled={TOKEN}"} | own,
        open_posts=True,
    )
    yield Caller(
        name="key admin of one library",
        headers={"X-Api-Key": port.bound_key},
        opens=opened_by("operator"),
    )
    yield Caller(name="a wrong key", headers={"X-Api-Key": "stk_" + "A" * 43})
    yield Caller(
        name="a wrong cookie", headers={"Cookie": "subtitled=" + "A" * 43} | own, open_posts=True
    )
    yield Caller(name="a removed key", headers={"Authorization": "Bearer stk_" + "B" * 43})
    yield Caller(name="forged headers", headers=FORGED)


def is_let_in(caller: Caller, path: str, method: str) -> bool:
    """Return what should happen, by the table of this test."""
    if caller.headers.get("Host") == "evil.example":
        return path == "/health" and method in ("GET", "HEAD")
    is_safe = method in ("GET", "HEAD")
    need = EXPECTED.get((path, "GET" if method == "HEAD" else method))
    if need is None:
        return False
    if need == "open":
        return is_safe or caller.open_posts
    if caller.is_other_page and path.startswith(API_PATH):
        return False
    return need in caller.opens or (is_safe and f"read {need}" in caller.opens)


async def ask(wall: Wall, method: str, path: str, caller: Caller) -> tuple[int, Headers]:
    """Send one request as the server hands it over, and return its status and headers."""
    answers: list[Message] = []
    headers = {"Host": HOST.removeprefix("http://")} | dict(caller.headers)
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "client": ("192.0.2.7", 40000),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        answers.append(message)

    await wall(scope, receive, send)
    return answers[0]["status"], Headers(raw=answers[0]["headers"])


@pytest.mark.parametrize(
    "has_every_method", [False, pytest.param(True, marks=pytest.mark.api)], ids=["own", "every"]
)
def test_only_whom_the_table_names_gets_in(
    port: WebPort, record_property: Callable[[str, object], None], has_every_method: bool
) -> None:
    routes = build_routes(port.services)
    table = AccessTable((*ACCESS_RULES, *API_RULES, rule("/metrics", "GET", Access.METRICS)))
    inside = Inside()
    wall = Wall(inside, table, port.parts.authenticator, port.parts.hosts)
    paths = dict.fromkeys([path for path, _ in list_routes(routes)])
    requests = [
        (path, method)
        for path, method in itertools.product([*paths, "/nothing"], METHODS)
        if has_every_method or method == "PATCH" or (path, method) in EXPECTED
    ]
    tried: Counter[int] = Counter()

    async def walk() -> None:
        for caller in everybody(port):
            for path, method in requests:
                target = path
                for name, value in PARAMETERS.items():
                    target = target.replace(name, value)
                before = inside.reached
                status, headers = await ask(wall, method, target, caller)
                came_in = inside.reached > before
                tried[status] += 1
                what = f"{caller.name}: {method} {path} -> {status}"
                assert came_in == is_let_in(caller, path, method), what
                assert came_in or status in (401, 403, 404, 405, 421), what
                assert "unsafe" not in headers["content-security-policy"]
                assert headers["x-content-type-options"] == "nosniff"

    asyncio.run(walk())
    told = f"{len(paths)} routes, {tried.total()} requests: {dict(sorted(tried.items()))}"
    record_property("route walk", told)
    print(told)
    assert tried.total() > (40_000 if has_every_method else 8_000)
    assert inside.reached == tried[204] > 1000


def test_each_route_of_the_port_is_in_the_table_of_this_test(port: WebPort) -> None:
    found = {
        (path, method)
        for path, methods in list_routes(build_routes(port.services))
        for method in methods - {"HEAD"}
    }
    assert found == set(EXPECTED)


def test_a_route_without_a_row_keeps_the_port_closed() -> None:
    async def page(request: object) -> Response:
        return Response()

    table = AccessTable(ACCESS_RULES)
    with pytest.raises(RouteWithoutAccessError, match="no row for GET, HEAD of /secret"):
        table.check_routes([Route("/secret", page)])
    with pytest.raises(RouteWithoutAccessError, match="no row for DELETE of /login"):
        table.check_routes([Route("/login", page, methods=["DELETE"])])


def test_a_line_end_after_a_path_is_no_part_of_it() -> None:
    table = AccessTable(ACCESS_RULES)
    for path in ("/login\n", "/me\n", "/me/password\n", "/health\n", "/setup\n"):
        assert table.find(path, "GET") is table.find(path, "POST") is None


def test_of_two_rows_that_fit_the_stricter_counts(tmp_path: Path) -> None:
    rows = (
        rule("/files/{id}", "GET POST", Access.VIEWER),
        rule("/files/actions", "POST", Access.OPERATOR),
    )
    for table in (AccessTable(rows), AccessTable(rows[::-1])):
        assert table.find("/files/actions", "POST") is Access.OPERATOR
        assert table.find("/files/5", "POST") is Access.VIEWER
        assert table.find("/files/actions", "GET") is Access.VIEWER
        for path in ("/files/5/", "//files/5", "/files\n/5", "/FILES/5", "/files/", "/x/files/5"):
            assert table.find(path, "GET") is None


@pytest.mark.parametrize(
    "path",
    [
        "/me/",
        "//me",
        "/me%0a",
        "/login/../me",
        "/static/../me",
        "/health/../me",
        "/%6d%65",
        "/me;x=/login",
        "/me?x=/login",
        "/static/style.css/../../me",
    ],
)
def test_no_spelling_of_a_path_leads_past_the_wall(port: WebPort, path: str) -> None:
    answer = port.call("GET", path)
    assert answer.status_code in (401, 404), answer.text
    if path.startswith(("/me", "//me", "/%6d")):
        assert answer.status_code == 401
