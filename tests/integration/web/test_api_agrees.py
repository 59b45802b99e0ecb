"""The API says what the commands print, below any path, and lists stay whole while files change."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from subtitled.cli import config, egress, explain, queue, status  # noqa: F401
from subtitled.cli.app import app
from subtitled.daemon.control import pause_work
from subtitled.db.egress_log import EgressEntry
from subtitled.db.records import FileState
from subtitled.db.schema import files
from subtitled.web.auth.roles import Role
from support.api_port import ApiPort
from support.web_library import add_file


@pytest.fixture
def port(tmp_path: Path) -> Iterator[ApiPort]:
    made = ApiPort(tmp_path / "state")
    yield made
    made.close()


def printed(port: ApiPort, *arguments: str) -> Any:
    """Return what a command prints as JSON."""
    configuration = str(port.state.parent / "config.toml")
    result = CliRunner().invoke(app, ["--config", configuration, *arguments])
    return json.loads(result.stdout)


def test_the_api_says_what_the_commands_print(port: ApiPort) -> None:
    admin = port.key(Role.ADMIN)
    pause_work(port.db, "films", None, "ana")
    for library in ("films", "series"):
        entry = EgressEntry(
            key=library,
            path=port.films / "a.mkv",
            library=library,
            component="engine x",
            destination="example",
            kind="audio",
            amount=60.0,
            price=0.5,
            currency="EUR",
        )
        port.db.egress_log.open(entry, [])
    assert port.get("/status", admin).json() == printed(port, "status", "--json")
    assert port.get("/egress", admin).json() == printed(port, "egress", "--json")
    assert port.get("/configuration", admin).json() == printed(port, "config", "show")
    film = port.get(f"/files/{port.film}", admin).json()["path"]
    Path(film).write_bytes(b"no film")
    looked = port.get(f"/files/{port.film}/look", admin).json()
    assert looked == printed(port, "explain", film, "--json")
    assert looked["error"]
    queue_items = port.get("/queue", admin, limit=200).json()["items"]
    listed = printed(port, "queue", "list", "--limit", "1000", "--json")
    assert len(listed) == len(queue_items) > 10
    said = [
        {
            "state": item["state"],
            "path": item["path"],
            "detail": item["detail"],
            "job": item["job"] or "",
        }
        for item in queue_items
    ]
    by_path = sorted(listed, key=lambda item: item["path"])
    assert sorted(said, key=lambda item: item["path"]) == by_path
    assert [item["state"] for item in said] == [item["state"] for item in listed]


def test_a_list_stays_whole_while_files_come_and_go(port: ApiPort) -> None:
    admin, chance = port.key(Role.ADMIN), random.Random(5)
    for number in range(200):
        add_file(port.db, port.films / f"{number:05}.mkv", "films", FileState.DONE)
    before = set(_paths(port))
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 15}
    while True:
        page = port.get("/files", admin, **query).json()
        seen += [item["path"] for item in page["items"]]
        with port.db.files._engine.begin() as c:
            for gone in chance.sample(_paths(port), 3):
                c.execute(sa.delete(files).where(files.c.path == os.fsencode(gone)))
        for _ in range(3):
            name = f"{chance.randrange(200):05} new {chance.random()}.mkv"
            add_file(port.db, port.films / name, "films", FileState.DONE)
        if page["next"] is None:
            break
        query["after"] = page["next"]
    stayed = before & set(_paths(port))
    assert len(seen) == len(set(seen))
    # Names that are no UTF-8 are shown otherwise than they are stored.
    assert {path for path in stayed if path.isprintable()} <= set(seen)
    assert len(stayed) < len(before)


def _paths(port: ApiPort) -> list[str]:
    with port.db.files._engine.connect() as c:
        return [os.fsdecode(path) for path in c.execute(sa.select(files.c.path)).scalars()]


def test_the_api_works_below_a_path_whether_or_not_the_proxy_cuts_it_off(tmp_path: Path) -> None:
    port = ApiPort(tmp_path / "state", base_path="/subtitled")
    try:
        viewer = port.key(Role.VIEWER)
        for prefix in ("/subtitled", ""):
            answer = port.call("GET", f"{prefix}/api/v1/files?limit=2", headers=viewer)
            assert answer.status_code == 200
            assert answer.headers["link"].startswith("</subtitled/api/v1/files?limit=2&after=")
            described = port.call("GET", f"{prefix}/api/v1/openapi.json", headers=viewer).json()
            assert described["servers"] == [{"url": "/subtitled/api/v1"}]
            missing = port.call("GET", f"{prefix}/api/v1/nothing", headers=viewer)
            assert missing.headers["content-type"] == "application/problem+json"
    finally:
        port.close()
