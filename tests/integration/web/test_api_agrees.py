"""The API says what the commands print, below any path, and lists stay whole while files change."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from subtitled.cli import config, egress, explain, plan, queue, review, status  # noqa: F401
from subtitled.cli.app import app
from subtitled.daemon.control import pause_work
from subtitled.db.egress_log import EgressEntry
from subtitled.db.records import FileState
from subtitled.db.schema import files
from subtitled.web.api import limits, planning
from subtitled.web.auth.roles import Role
from support.api_port import ApiPort
from support.review_library import ENGLISH, FULL, add_film
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
        port.db.egress_log.open(_sent(port, library, 60.0), [])
    assert port.get("/status", admin).json() == printed(port, "status", "--json")
    assert port.get("/egress", admin).json() == printed(port, "egress", "--json")
    reviewed, _ = add_film(port.db, port.films / "Reviewed.mkv")
    number = port.db.reviews.open(reviewed.id, ENGLISH, FULL)
    assert port.get("/reviews", admin).json()["items"] == printed(port, "review", "list", "--json")
    shown = port.get(f"/reviews/{number}", admin).json()
    assert shown == printed(port, "review", "show", str(number), "--json")
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


def test_the_api_plans_what_the_command_plans(port: ApiPort, film: Callable[..., Path]) -> None:
    admin, series = port.key(Role.ADMIN), port.key(Role.VIEWER, "series")
    real, broken = port.films / "real.mkv", port.films / "broken.mkv"
    film("real.mkv").rename(real)
    broken.write_bytes(b"no film")
    number = add_file(port.db, real, "films", FileState.QUEUED)
    planned = printed(port, "plan", "--json")
    assert port.get("/plan", admin).json() == planned
    assert [bool(one["error"]) for one in planned["files"]] == [True, False]
    assert port.get("/plan", admin, summary=True).json() == printed(
        port, "plan", "--summary", "--probe", "--json"
    )
    assert port.get("/plan", admin, file=number).json() == printed(
        port, "plan", str(real), "--json"
    )
    looked = port.get(f"/files/{number}/look", admin).json()
    assert looked == printed(port, "explain", str(real), "--json")
    assert "error" not in looked
    assert port.get("/plan", admin, library="series").json()["files"] == []
    assert port.get("/plan", series).json()["files"] == []
    assert port.get("/plan", series, file=number).status_code == 404


def test_the_api_sums_up_what_the_command_sums_up(port: ApiPort) -> None:
    admin, series = port.key(Role.ADMIN), port.key(Role.VIEWER, "series")
    summary = port.get("/plan/summary", admin).json()
    assert summary == printed(port, "plan", "--summary", "--json")
    by_library = {one["library"]: one["files"] for one in summary["libraries"]}
    assert len(by_library) > 1
    for key, query in ((series, {}), (admin, {"library": "series"})):
        seen = port.get("/plan/summary", key, **query).json()
        assert [one["library"] for one in seen["libraries"]] == ["series"]
        assert {one["library"] for one in seen["wanted"]} <= {"series"}
        assert seen["files"] == by_library["series"]
    assert port.get("/plan/summary", series, library="films").json()["files"] == 0


def test_a_plan_of_too_many_files_says_how_to_get_it(
    port: ApiPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "MAX_PLANNED", 3)
    for name in "abcd":
        (port.films / f"{name}.mkv").write_bytes(b"no film")
    refused = port.get("/plan", port.key(Role.ADMIN))
    assert refused.status_code == 409
    assert "subtitled plan --summary" in refused.json()["hint"]
    with limits.PLANS.enter():
        busy = port.get("/plan", port.key(Role.ADMIN), library="series")
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")


def test_the_api_has_the_newest_of_the_egress_of_the_libraries_of_its_key(port: ApiPort) -> None:
    for number in range(7):
        port.db.egress_log.open(_sent(port, ("films", "series", None)[number % 3], number), [])
    admin, films = port.key(Role.ADMIN), port.key(Role.VIEWER, "films")
    both = port.key(Role.VIEWER, "series", "films", "none")

    def amounts(headers: dict[str, str], **query: Any) -> list[float]:
        entries = port.get("/egress", headers, **query).json()["entries"]
        assert entries == sorted(entries, key=lambda one: one["at"])
        return [entry["amount"] for entry in entries]

    assert amounts(admin) == [0, 1, 2, 3, 4, 5, 6]
    assert amounts(admin, limit=3) == [4, 5, 6]
    assert amounts(admin, library="series") == [1, 4]
    assert amounts(films) == [0, 3, 6]
    assert amounts(films, limit=2) == [3, 6]
    assert amounts(films, library="series") == []
    assert amounts(both, limit=3) == [3, 4, 6]
    assert amounts(admin, since=4e9) == []
    assert port.get("/egress", admin).json() == printed(port, "egress", "--json")


def test_the_api_shows_the_settings_in_force_with_their_lines(port: ApiPort) -> None:
    answer = port.get("/configuration", port.key(Role.ADMIN)).json()
    shown = {one["key"]: one for one in answer["values"]}
    written = (port.state.parent / "config.toml").read_text().splitlines()
    line = shown["libraries.films.path"]["line"]
    assert str(port.films) in written[line - 1]
    assert any(one["line"] is None for one in answer["values"]), "defaults are shown too"
    in_force = printed(port, "config", "show")
    for key, value in (("films", ["en", "de"]), ("series", ["original"])):
        assert shown[f"libraries.{key}.languages"]["value"] == value
        assert in_force["libraries"][key]["languages"] == value
    assert answer["file"] == str(port.state.parent / "config.toml")
    assert (answer["issues"], answer["changed"]) == ([], False)


def _sent(port: ApiPort, library: str | None, amount: float) -> EgressEntry:
    return EgressEntry(
        key=f"{library} {amount}",
        path=port.films / "a.mkv",
        library=library,
        component="engine x",
        destination="example",
        kind="audio",
        amount=amount,
        price=0.5,
        currency="EUR",
    )


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


@pytest.mark.api
def test_a_list_of_100_000_files_stays_whole_while_1_000_come_and_go(port: ApiPort) -> None:
    admin, chance = port.key(Role.ADMIN), random.Random(7)
    names = [f"{number:06}.mkv" for number in range(100_000)]
    row = {"library": "films", "device": 1, "inode": 1, "size": 1, "mtime_ns": 1,
           "state": FileState.DONE, "stable_since": 0.0, "updated_at": 0.0}  # fmt: skip
    with port.db.files._engine.begin() as c:
        c.execute(
            sa.insert(files), [row | {"path": os.fsencode(port.films / name)} for name in names]
        )
    staying, seen = set(names), []
    query: dict[str, Any] = {"limit": 200, "search": ".mkv", "library": "films"}
    come = 0
    while True:
        page = port.get("/files", admin, **query).json()
        seen += [Path(item["path"]).name for item in page["items"]]
        gone = chance.sample(names, 2)
        staying.difference_update(gone)
        with port.db.files._engine.begin() as c:
            paths = [os.fsencode(port.films / name) for name in gone]
            c.execute(sa.delete(files).where(files.c.path.in_(paths)))
            for _ in range(2):
                name = f"{chance.randrange(100_000):06} {come}.mkv"
                path, come = os.fsencode(port.films / name), come + 1
                c.execute(sa.insert(files).values(**row, path=path))
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert come >= 1_000
    assert len(seen) == len(set(seen))
    assert staying <= set(seen)
    assert len(staying) < 100_000


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
