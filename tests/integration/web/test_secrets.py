"""Where secrets are not: in the log, files, addresses, pages, and lists of processes."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from subtitled.cli import web as _commands  # noqa: F401 - adds the commands
from subtitled.cli.app import app
from subtitled.config.load import load_config
from subtitled.daemon.health import HealthReport
from subtitled.jobcontext.services import open_database
from subtitled.web.server import WebServer
from support.ports import find_free_port
from support.web_port import TOKEN

PASSWORD = "nobody guesses this one"
WRONG = "typed by mistake 12345"


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setenv("WEB_TOKEN", TOKEN)
    section = {"port": find_free_port(), "token": {"env": "WEB_TOKEN"}}
    configuration = load_config(
        None, overrides={"daemon": {"state_dir": str(tmp_path / "state")}, "web": section}
    )
    db = open_database(configuration)
    made = WebServer(configuration, db, lambda: HealthReport(True, ()), {})
    made.start()
    yield made
    made.stop()
    db.close()


def test_no_secret_is_in_a_file_a_line_an_address_or_a_page(
    web: WebServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    accounts = web._accounts
    assert accounts is not None
    code = accounts.setup_codes.create()
    url = f"http://127.0.0.1:{web.port}"
    own = {"Origin": url, "Accept": "text/html"}
    answers: list[httpx.Response] = []
    with httpx.Client(base_url=url, headers=own) as client:
        twice = {"password": PASSWORD, "password_again": PASSWORD}
        answers.append(client.post("/setup", data={"code": code, "name": "ana", **twice}))
        session = client.cookies["subtitled"]
        token = re.findall(r'name="csrf_token" value="(\w+)"', client.get("/users").text)[0]
        add = {"action": "add-key", "name": "bazarr", "grant": "operator", "days": "30"}
        (key,) = re.findall(
            r"stk_[\w-]{43}", client.post("/users", data=add | {"csrf_token": token}).text
        )
        answers += [client.get(path) for path in ("/", "/me", "/users", "/history", "/settings")]
        answers.append(client.get("/health-page"))
    for name, password in (("ana", WRONG), (WRONG, PASSWORD), ("ana", PASSWORD)):
        fields = {"name": name, "password": password}
        answers.append(httpx.post(f"{url}/login", data=fields, headers=own))
    hook = {"eventType": "Test"}
    for shown in ({"params": {"token": TOKEN}}, {"headers": {"X-Api-Key": key}}):
        answers.append(httpx.post(f"{url}/hooks/sonarr", json=hook, **shown))  # type: ignore[arg-type]
    for path in ("/history", "/status", "/configuration", "/nothing"):
        answers.append(httpx.get(f"{url}/api/v1{path}", headers={"X-Api-Key": key}))
    later = answers[-5].headers.get("set-cookie", "")
    secrets = {PASSWORD, code, key, session, TOKEN, *re.findall("subtitled=([^;]+);", later)}
    # What this test's own client logs is no line of the daemon.
    ours = [one for one in caplog.records if one.name.startswith(("subtitled", "uvicorn.error"))]
    logged = "\n".join(line for one in ours if "first admin" not in (line := one.getMessage()))
    assert not logging.getLogger("uvicorn.access").propagate
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 2
    for secret in secrets:
        for path in files:
            assert secret.encode() not in path.read_bytes(), path
        assert secret not in logged
        for number, answer in enumerate(answers):
            assert secret not in answer.text, number
            assert secret not in answer.headers.get("location", "")
    assert WRONG not in logged
    assert not any(WRONG.encode() in path.read_bytes() for path in files)
    assert "signed in" in logged
    for secret in secrets:
        assert secret.encode() not in Path("/proc/self/cmdline").read_bytes()


def test_no_command_takes_a_password_as_an_argument() -> None:
    for command in (["users", "add", "ana"], ["users", "password", "ana"]):
        for shown in (["--password", PASSWORD], [f"--password={PASSWORD}"], [PASSWORD]):
            result = CliRunner().invoke(app, ["web", *command, *shown])
            assert result.exit_code == 2, result.output


def test_losing_the_users_loses_nothing_else(web: WebServer, tmp_path: Path) -> None:
    accounts = web._accounts
    assert accounts is not None
    accounts.audit.signed_in("ana", "192.0.2.7")
    web.db.kv.set("something", "kept")
    (tmp_path / "state" / "web.sqlite").unlink()
    answer = httpx.get(f"http://127.0.0.1:{web.port}/", headers={"Accept": "text/html"})
    assert answer.headers["location"] == "/setup"
    assert web.db.kv.get("something") == "kept"
    assert [entry.actor for entry in web.db.history.newest(5)] == ["ana"]
