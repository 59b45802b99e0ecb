"""All pages there are: before anybody can sign in, and without the scripts of others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.routing import BaseRoute

from subtitled.web.access_table import ACCESS_RULES, list_routes
from subtitled.web.api.access import API_RULES
from subtitled.web.app import build_application, build_routes
from subtitled.web.auth.access import Access
from subtitled.web.pages import site, static_files
from support.web_library import fill_library
from support.web_port import WebPort

NUMBERS = ("{id:number}", "{file_id:number}", "{review_id:number}")
OPEN = {"/health", "/login", "/setup", "/static/style.css"}


@pytest.fixture
def port(tmp_path: Path) -> Iterator[WebPort]:
    made = WebPort(tmp_path / "state")
    fill_library(made.configuration, made.db, 20)
    yield made
    made.close()


def paths_of(routes: list[BaseRoute], *, method: str = "GET") -> list[str]:
    """Return an address of each route."""
    found = dict.fromkeys(path for path, methods in list_routes(routes) if method in methods)
    addresses = []
    for path in found:
        for number in NUMBERS:
            path = path.replace(number, "1")
        path = path.replace("{subtitle_id}", "1-0123456789abcdef").replace("{cue}", "1")
        path = path.replace("/static/{name}", "/static/style.css").replace("{name}", "whisper")
        addresses.append(path.replace("{source}", "generic"))
    return addresses


def test_before_the_first_user_every_page_leads_to_the_set_up(port: WebPort) -> None:
    port.accounts.setup_codes.create()
    browser, walked = port.browser(), 0
    for path in paths_of(build_routes(port.services)):
        answer, walked = browser.get(path), walked + 1
        if path in OPEN - {"/login"}:
            assert answer.status_code == 200, path
        elif path.startswith("/api/"):
            assert answer.status_code == 401, path
        else:
            assert (answer.status_code, answer.headers["location"]) == (303, "/setup"), path
    assert walked > 30
    for path in paths_of(build_routes(port.services), method="POST"):
        if path not in OPEN:
            assert browser.post(path, {}).status_code in (401, 403), path
    assert not port.accounts.users.exist()


def test_exactly_these_rows_are_open_to_everybody() -> None:
    rows = {row.path for row in (*ACCESS_RULES, *API_RULES) if row.access is Access.OPEN}
    assert rows == {"/health", "/login", "/setup", "/static/{name}"}


def test_a_build_without_the_scripts_of_others_serves_every_page(
    port: WebPort, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "static").mkdir()
    ours = Path(static_files.__file__).parents[1] / "static"
    for file in ours.iterdir():
        if file.is_file():
            (tmp_path / "static" / file.name).write_bytes(file.read_bytes())
    static_files.has_static_file.cache_clear()
    monkeypatch.setattr(static_files, "resources", SimpleNamespace(files=lambda _: tmp_path))
    assert not site.has_static_file("htmx.min.js")
    app, walked, found = build_application(port.services), 0, 0
    port.add_users()
    cookie = {"Cookie": f"subtitled={port.session('admin').token}", "Accept": "text/html"}
    for path in paths_of(build_routes(port.services)):
        if path.startswith("/api/") or path in ("/login", "/setup", "/metrics"):
            continue
        answer, walked = port.call("GET", path, headers=cookie, app=app), walked + 1
        with_them = port.call("GET", path, headers=cookie)
        # A page about a choice has to be told of what.
        assert answer.status_code == with_them.status_code in (200, 404), path
        found += answer.status_code == 200
        assert "htmx.min.js" not in answer.text, path
    assert walked >= found > 12
    assert port.call("GET", "/static/htmx.min.js", headers=cookie, app=app).status_code == 404
    static_files.has_static_file.cache_clear()
