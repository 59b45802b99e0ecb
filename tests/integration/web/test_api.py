"""What the API answers: errors with a hint, lists, actions, texts of subtitles, and confinement."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from subtitled.db.commands import CommandKind
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.web.auth.roles import Role
from support.api_port import NOT_UTF8, SRT, ApiPort
from support.web_library import HOSTILE


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiPort]:
    made = ApiPort(tmp_path_factory.mktemp("api") / "state")
    yield made
    made.close()


@pytest.fixture(scope="module")
def admin(port: ApiPort) -> dict[str, str]:
    return port.key(Role.ADMIN)


@pytest.fixture(scope="module")
def series(port: ApiPort) -> dict[str, str]:
    """A key for one library of two."""
    return port.key(Role.OPERATOR, "series")


def drain(port: ApiPort) -> list[tuple[CommandKind, str, str]]:
    commands = port.db.commands.pending()
    port.db.commands.mark_done(command.id for command in commands)
    return [(command.kind, command.actor, str(command.path)) for command in commands]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/files/999999", 404),
        ("GET", "/files/0", 422),
        ("GET", "/files/-1", 404),
        ("GET", "/files/" + "9" * 5000, 404),
        ("GET", "/files/%31%2f..", 404),
        ("GET", "/files?limit=201", 422),
        ("GET", "/files?limit=0", 422),
        ("GET", "/files?stat=failed", 422),
        ("GET", "/files?after=" + "A" * 30_000, 422),
        ("GET", "/files?after=AAAA", 400),
        ("GET", "/history?after=AAAA", 400),
        ("GET", "/history?since=nan", 422),
        ("GET", "/subtitles/1-zz/text", 422),
        ("GET", "/subtitles/1-0123456789abcdef/text", 404),
        ("GET", "/subtitles/..%2f..%2fetc/text", 404),
        ("PUT", "/files/1", 405),
        ("DELETE", "/files", 405),
        ("POST", "/files/1/actions", 422),
        ("POST", "/engines/none/reset", 404),
        ("PATCH", "/status", 405),
    ],
)
def test_every_error_is_a_problem_with_a_hint(
    port: ApiPort, admin: dict[str, str], method: str, path: str, status: int
) -> None:
    answer = port.call(method, f"/api/v1{path}", headers=admin)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].startswith("urn:subtitled:problem:")
    assert problem["status"] == status
    assert problem["title"]
    assert problem["hint"]
    assert "Allow" in answer.headers or status != 405


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"[" * 100_000, 400),
        (b'{"action": "retry", "ids": [1e400]}', 422),
        (b'{"action": "retry", "ids": [' + b"9" * 6000 + b"]}", 400),
        (b'{"action": "retry", "ids": [0]}', 422),
        (b'{"action": "retry", "ids": []}', 422),
        (b'{"action": "retry", "ids": [true]}', 422),
        (b'{"action": "retry", "ids": ["1"]}', 422),
        (b'{"action": "retry", "ids": [1.5]}', 422),
        (b'{"action": "retry", "ids": [1], "filter": {}}', 422),
        (b'{"action": "erase", "ids": [1]}', 422),
        (b'{"action": "retry", "path": "/etc/passwd"}', 422),
        (b'{"action": "retry", "ids": ' + json.dumps([1] * 10_001).encode() + b"}", 422),
        (b'{"action": "retry", "filter": {"search": "\\ud800"}}', 422),
        (b"\xff\xfe{", 400),
        (b"x" * (6 << 20), 413),
    ],
)
def test_a_wrong_body_is_refused_and_nothing_is_asked(
    port: ApiPort, admin: dict[str, str], body: bytes, status: int
) -> None:
    headers = admin | {"Content-Type": "application/json"}
    answer = port.call("POST", "/api/v1/files/actions", headers=headers, content=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["hint"]
    assert drain(port) == []


def test_callers_who_are_not_let_in_get_a_problem_too(port: ApiPort) -> None:
    viewer = port.key(Role.VIEWER)
    for headers, path, status in (
        ({}, "/files", 401),
        ({"Authorization": "Bearer wrong"}, "/files", 401),
        (viewer, "/configuration", 403),
        (viewer, "/health-details", 403),
        (viewer | {"Host": "evil.example"}, "/files", 421),
    ):
        answer = port.get(path, headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["hint"]
    assert port.post("/files/1/actions", viewer, {"action": "retry"}).status_code == 403
    bearer = {"Authorization": f"Bearer {viewer['X-Api-Key']}"}
    assert port.get("/files", bearer).status_code == 200


@pytest.mark.parametrize("digits", [16, 17, 30, 4301, 30_000])
@pytest.mark.parametrize("path", ["/files/{}", "/files/{}/look", "/api/v1/files/{}"])
def test_a_number_of_any_length_is_no_fault(
    port: ApiPort, admin: dict[str, str], path: str, digits: int
) -> None:
    answer = port.call("GET", path.format("9" * digits), headers=admin)
    assert answer.status_code in (404, 422)


@pytest.mark.parametrize("sort", ["path", "changed", "state"])
def test_walking_by_cursors_gives_each_file_once(
    port: ApiPort, admin: dict[str, str], sort: str
) -> None:
    everything = port.get("/files", admin, sort=sort, limit=200, count=True).json()
    assert everything["count"] == len(everything["items"]) > 40
    walked, target = [], f"/api/v1/files?sort={sort}&limit=7"
    while target:
        answer = port.call("GET", target, headers=admin)
        walked += [item["id"] for item in answer.json()["items"]]
        link = answer.headers.get("link", "")
        assert bool(link) == (answer.json()["next"] is not None)
        target = link.partition(">")[0].removeprefix("<")
    assert walked == [item["id"] for item in everything["items"]]


def test_filters_of_a_list_agree_with_its_files(port: ApiPort, admin: dict[str, str]) -> None:
    everything = port.get("/files", admin, limit=200).json()["items"]
    for query, holds in (
        ({"state": "failed"}, lambda one: one["state"] == "failed"),
        ({"library": "series"}, lambda one: one["library"] == "series"),
        ({"search": "HARBOUR"}, lambda one: "Harbour" in one["title"]),
        ({"search": "onerror="}, lambda one: HOSTILE in one["title"]),
        (
            {"language": "de", "status": "missing"},
            lambda one: (
                ("de", "missing")
                in [(row["language"], row["status"]) for row in one["requirements"]]
            ),
        ),
        ({"library": "none"}, lambda one: False),
    ):
        found = port.get("/files", admin, limit=200, count=True, **query).json()
        expected = [one["id"] for one in everything if holds(one)]
        assert [one["id"] for one in found["items"]] == expected
        assert found["count"] == len(expected)


def test_a_file_that_is_unchanged_is_not_sent_again(port: ApiPort, admin: dict[str, str]) -> None:
    first = port.get(f"/files/{port.hostile}", admin)
    etag = first.headers["etag"]
    assert not etag.startswith("W/")
    again = port.get(f"/files/{port.hostile}", admin | {"If-None-Match": f'"x", {etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert port.get(f"/files/{port.film}", admin | {"If-None-Match": etag}).status_code == 200
    assert port.get(f"/files/{port.film}", admin).headers["etag"] != etag


def test_names_that_are_no_utf8_are_shown_and_given_as_bytes(
    port: ApiPort, admin: dict[str, str]
) -> None:
    shown = port.get(f"/files/{port.not_utf8}", admin).json()
    assert shown["path"].endswith("caf\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}.mkv")
    assert base64.urlsafe_b64decode(shown["path_raw"]).endswith(NOT_UTF8)
    assert "path_raw" not in port.get(f"/files/{port.film}", admin).json()
    assert port.post(f"/files/{port.not_utf8}/actions", admin, {"action": "retry"}).is_success
    ((_, _, path),) = drain(port)
    assert os.fsencode(path).endswith(NOT_UTF8)


def test_actions_are_commands_with_the_name_of_the_key(
    port: ApiPort, admin: dict[str, str]
) -> None:
    for action, kind in (
        ("retry", CommandKind.RETRY),
        ("first", CommandKind.PRIORITISE),
        ("soon", CommandKind.PRIORITISE_WATCHING),
        ("check", CommandKind.PATH_CHANGED),
    ):
        answer = port.post(f"/files/{port.film}/actions", admin, {"action": action})
        assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
        assert drain(port) == [(kind, "admin 0", str(port.films / "A film.mkv"))]
    done = port.post(f"/files/{port.film}/actions", admin, {"action": "cancel"})
    assert done.json() == {"accepted": 0, "skipped": 1, "unknown": 0}
    assert drain(port) == []


def test_retrying_what_failed_in_a_library_touches_no_other_file(
    port: ApiPort, admin: dict[str, str]
) -> None:
    failed = port.get("/files", admin, library="films", state="failed", limit=200).json()["items"]
    selection = {"library": "films", "state": ["failed"]}
    answer = port.post("/files/actions", admin, {"action": "retry", "filter": selection})
    assert answer.json()["accepted"] == len(failed) > 0
    assert {path for _, _, path in drain(port)} == {one["path"] for one in failed}
    ids = [failed[0]["id"], failed[0]["id"], port.film, 10**15]
    answer = port.post("/files/actions", admin, {"action": "first", "ids": ids})
    assert answer.json() == {"accepted": 2, "skipped": 0, "unknown": 1}
    assert len(drain(port)) == 2


def test_the_same_key_sent_20_times_at_once_makes_one_request(
    port: ApiPort, admin: dict[str, str]
) -> None:
    keyed = admin | {"Idempotency-Key": "20-at-once"}
    before = port.db.history.bounds()[1]

    def send(_: int) -> int:
        return port.post("/pauses", keyed, {"library": "films", "seconds": 60}).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(send, range(20)))
    assert set(statuses) <= {202, 409}
    assert 202 in statuses
    assert len(port.db.history.after(before, 100)) == 1
    answer = port.post("/pauses", keyed, {"library": "films", "seconds": 60})
    assert answer.headers["idempotency-replayed"] == "true"
    assert port.post("/pauses", keyed, {"library": "films"}).status_code == 422
    paused = port.get("/status", admin).json()["pauses"]
    assert [pause["library"] for pause in paused] == ["films"]
    assert port.call("DELETE", "/api/v1/pauses?library=films", headers=admin).json()["changed"]
    assert port.get("/status", admin).json()["pauses"] == []
    drain(port)


def test_a_look_up_finds_files_of_libraries_only(
    port: ApiPort, admin: dict[str, str], series: dict[str, str]
) -> None:
    path = str(port.films / "A film.mkv")
    assert port.post("/files/lookup", admin, {"path": path}).json()["id"] == port.film
    assert port.post("/files/lookup", series, {"path": path}).status_code == 404
    for other in (
        "/etc/passwd",
        "A film.mkv",
        f"{port.films}/../films/A film.mkv",
        f"{port.films}",
        "\0",
        "http://127.0.0.1/",
        f"{path}\0",
        "/" + "a" * 4095,
    ):
        answer = port.post("/files/lookup", admin, {"path": other})
        assert answer.status_code == 404, other
        assert answer.json()["hint"]


def test_the_text_of_a_sidecar_in_any_format(port: ApiPort, admin: dict[str, str]) -> None:
    target = f"/subtitles/{port.subtitle_id(port.film, admin)}/text"
    original = port.get(target, admin)
    assert original.text == SRT.format(text="One & <i>only</i>")
    assert original.headers["content-type"] == "application/octet-stream"
    assert original.headers["content-disposition"].startswith("attachment")
    vtt = port.get(target, admin, format="vtt")
    assert vtt.text.startswith("WEBVTT")
    assert "One &amp; <i>only</i>" in vtt.text
    assert "00:00:03,000" in port.get(target, admin, format="srt").text
    assert (
        port.get(target, admin | {"If-None-Match": vtt.headers["etag"]}, format="vtt").status_code
        == 304
    )
    assert port.get(target, admin, format="exe").status_code == 422


@pytest.mark.parametrize(
    "location",
    [
        "../../outside.srt",
        "link.srt",
        "folder/outside.srt",
        "pipe.srt",
        "gone.srt",
        "binary.srt",
    ],
)
def test_no_sidecar_leads_out_of_its_library(
    port: ApiPort, admin: dict[str, str], location: str
) -> None:
    outside = port.films.parents[0] / "outside.srt"
    outside.write_text("1\n00:00:01,000 --> 00:00:02,000\nsecret\n")
    case = f"case of {location.replace('/', '-')}"
    folder = port.films / case
    folder.mkdir()
    (folder / "link.srt").symlink_to(outside)
    (folder / "folder").symlink_to(outside.parent)
    os.mkfifo(folder / "pipe.srt")
    (folder / "binary.srt").write_bytes(bytes(range(256)) * 10)
    film = port.add_film(f"{case}/film", location, None)
    target = f"/subtitles/{port.subtitle_id(film, admin)}/text"
    answer = port.get(target, admin, format="srt")
    assert answer.status_code in (404, 409), answer.text
    assert "secret" not in answer.text
    assert answer.json()["hint"]


def test_who_is_bound_to_a_library_sees_nothing_of_others(
    port: ApiPort, admin: dict[str, str], series: dict[str, str]
) -> None:
    port.db.history.add(HistoryEntry(event=HistoryEvent.FAILED, library="films", reason="films x"))
    port.db.history.add(HistoryEntry(event=HistoryEvent.FAILED, library="series", reason="ours"))
    port.db.history.add(HistoryEntry(event=HistoryEvent.FAILED, reason="films of nobody"))
    film_id = port.subtitle_id(port.film, admin)
    for path in (
        f"/files/{port.film}",
        f"/files/{port.film}/subtitles",
        f"/files/{port.film}/history",
        f"/subtitles/{film_id}/text",
    ):
        assert port.get(path, series).status_code == 404, path
        assert port.get(path, admin).status_code == 200, path
    for path in ("/files", "/queue", "/history", "/status", "/now", "/coverage", "/libraries",
                 "/egress", "/files?library=films", "/history?library=films",
                 "/coverage?library=films", "/health-details"):  # fmt: skip
        answer = port.get(path, series)
        assert answer.status_code == 200, path
        assert "films" not in answer.text, path
    count = port.get("/files", series, count=True).json()["count"]
    assert count == port.get("/files", admin, count=True, library="series").json()["count"] > 0
    assert sum(port.get("/status", series).json()["files"].values()) == count
    assert port.get("/history", series, limit=1).json()["items"][0]["reason"] == "ours"
    retry = {"action": "retry"}
    assert port.post(f"/files/{port.film}/actions", series, retry).status_code == 404
    ids = port.post("/files/actions", series, retry | {"ids": [port.film]})
    assert ids.json() == {"accepted": 0, "skipped": 0, "unknown": 1}
    everything = port.post("/files/actions", series, retry | {"filter": {}})
    assert everything.json()["accepted"] == count
    assert all("/series/" in path for _, _, path in drain(port))
    assert port.post("/pauses", series, {}).status_code == 403
    assert port.post("/pauses", series, {"library": "films"}).status_code == 404
    assert port.post("/engines/whisper/reset", series).status_code == 403
    bound_admin = port.key(Role.ADMIN, "series")
    assert port.get("/configuration", bound_admin).status_code == 403


def test_who_is_bound_to_several_libraries_walks_them_as_one_list(port: ApiPort) -> None:
    both, everything = port.key(Role.VIEWER, "series", "films"), port.key(Role.VIEWER)
    for path in ("/files?limit=5", "/files?limit=5&sort=changed", "/queue?limit=3"):
        walks = []
        for headers in (both, everything):
            walked, target = [], f"/api/v1{path}"
            while target:
                answer = port.call("GET", target, headers=headers)
                walked += [item["id"] for item in answer.json()["items"]]
                target = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
            walks.append(walked)
        assert walks[0] == walks[1]
        assert len(walks[0]) > 10


def test_sign_ins_are_for_admins(port: ApiPort, admin: dict[str, str]) -> None:
    port.db.history.add(HistoryEntry(event=HistoryEvent.SIGNED_IN, actor="ana"))
    operator = port.key(Role.OPERATOR)
    for headers, number in ((admin, 1), (operator, 0)):
        found = port.get("/history", headers, event="signed-in").json()["items"]
        assert len(found) == number
    assert "signed-in" not in port.get("/history", operator, limit=200).text
