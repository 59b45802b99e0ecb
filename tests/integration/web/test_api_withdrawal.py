"""What the API takes back, scans and tells again, and that no button of the pages is missing."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from subtitled.daemon.recent_log import RECENT_LOG
from subtitled.db.commands import CommandKind
from subtitled.db.records import FileState
from subtitled.plugin import Cue
from subtitled.subtitles.makers import Maker, Makers
from subtitled.subtitles.ownership import Ownership
from subtitled.web.access_table import ACCESS_RULES, AccessRule
from subtitled.web.api.access import API_PATH, API_RULES
from subtitled.web.auth.roles import Role
from subtitled.web.file_actions import FileAction
from support.api_port import ApiPort
from support.made_library import MadeLibrary
from support.review_library import add_film, estimate

HEADERS = dict[str, str]
CUES = (Cue(1.0, 2.0, "The sea."), Cue(3.0, 4.0, "The sky."))

API_OF = {
    "/files/actions": {"/files/actions", "/files/{file_id:number}/actions"},
    "/files/{id:number}/undo": {"/files/{file_id:number}/undo"},
    "/files/{id:number}/servers": {"/files/{file_id:number}/servers"},
    "/files/{id:number}/review": {"/subtitles/{subtitle_id}/review"},
    "/coverage/upgrades": {"/upgrades"},
    "/queue/pauses": {"/pauses"},
    "/health-page/actions": {"/scans", "/engines/{name}/reset", "/servers/{name}/tell"},
    "/health-page/check": {"/doctor"},
    "/glossary": {"/terms"},
    "/review/{id:number}/cues": {
        "/reviews/{review_id:number}/operations",
        "/reviews/{review_id:number}/undo",
        "/reviews/{review_id:number}/redo",
        "/reviews/{review_id:number}/verdicts/{cue}",
    },
    "/review/{id:number}/tools": {"/reviews/{review_id:number}/operations"},
    "/review/{id:number}/notes": {
        "/reviews/{review_id:number}/notes",
        "/reviews/{review_id:number}/notes/{note_id}",
    },
    "/review/{id:number}/ask": {"/reviews/{review_id:number}/passages"},
    "/review/approve": {"/reviews/{review_id:number}/approve"},
    "/review/{id:number}/holder": {"/reviews/{review_id:number}/holder"},
    "/review/{id:number}/approve": {"/reviews/{review_id:number}/approve"},
    "/review/{id:number}/terms": {"/terms"},
    "/review/{id:number}/reopen": {"/reviews/{review_id:number}/reopen"},
    "/review/{id:number}/unlock": {"/reviews/{review_id:number}/unlock"},
}
"""The routes of the API for what the forms of each page do. A new form has to be written here."""
ACCOUNT_PAGES = {"/login", "/setup", "/logout", "/me/password", "/me/sessions", "/users"}
"""Forms without a route, on purpose: a key makes no users, keys or sessions."""
PAGE_ONLY = {"/settings/plan": "compares a file that the daemon has not read yet; takes minutes"}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiPort]:
    made = ApiPort(tmp_path_factory.mktemp("api") / "state")
    yield made
    made.close()


@pytest.fixture(scope="module")
def operator(port: ApiPort) -> HEADERS:
    return port.key(Role.OPERATOR)


@pytest.fixture
def film(port: ApiPort, tmp_path: Path) -> tuple[int, Path]:
    """Return a new film with a subtitle of ours, and a subtitle of somebody else."""
    folder = port.configuration.settings.libraries["films"].path / tmp_path.name
    folder.mkdir()
    record, sidecar = add_film(port.db, folder / "Sea.mkv", CUES, "films")
    return record.id, sidecar


def rows_of(rules: tuple[AccessRule, ...], method: str) -> dict[str, AccessRule]:
    return {row.path: row for row in rules if method in row.methods}


def test_every_form_of_the_pages_has_a_route_in_the_api_for_the_same_callers() -> None:
    forms = rows_of(ACCESS_RULES, "POST")
    api = {row.path.removeprefix(API_PATH): row for row in API_RULES}
    of_programs = {path for path in forms if path.startswith("/hooks/")}
    assert set(forms) - of_programs == set(API_OF) | ACCOUNT_PAGES | set(PAGE_ONLY)
    for path, routes in API_OF.items():
        for route in routes:
            granted = [row.access for row in API_RULES if row.path == API_PATH + route]
            assert route in api, route
            assert forms[path].access in granted, (path, route)


def test_every_button_about_files_is_an_action_of_the_api() -> None:
    templates = resources.files("subtitled.web.pages") / "templates"
    for name in ("list.html.j2", "file.html.j2"):
        text = (templates / name).read_text("utf-8")
        buttons = set(re.findall(r'<button[^>]* name="action" value="([\w-]+)"', text))
        assert buttons - {"translate-again"} <= set(FileAction), name
        assert buttons, name


def test_what_we_wrote_is_taken_back_and_restored(
    port: ApiPort, operator: HEADERS, film: tuple[int, Path]
) -> None:
    number, sidecar = film
    ours = sidecar.read_bytes()
    answer = port.post(f"/files/{number}/undo", operator, {})
    assert answer.status_code == 200, answer.text
    assert answer.json()["restored"] is False
    assert [Path(one["path"]).name for one in answer.json()["items"]] == [sidecar.name]
    assert not sidecar.exists()
    again = port.post(f"/files/{number}/undo", operator, {"restore": True}).json()
    assert again["restored"] is True
    assert sidecar.read_bytes() == ours
    reasons = [entry.reason for entry in port.db.history.newest(2)]
    assert reasons == ["restore", "undo"]


def test_one_subtitle_is_taken_back_and_none_of_others(port: ApiPort, operator: HEADERS) -> None:
    number = port.add_film("Not ours", "Not ours.en.srt", "1\n00:00:01,000 --> 00:00:02,000\nA\n")
    human = port.films / "Not ours.en.srt"
    named = {"subtitle": port.subtitle_id(number, operator)}
    for body in (named, {}):
        refused = port.post(f"/files/{number}/undo", operator, body)
        assert (refused.status_code, refused.json()["type"]) == (
            409,
            "urn:subtitled:problem:nothing-to-undo",
        )
    assert human.is_file()
    other = {"subtitle": port.subtitle_id(port.film, operator)}
    assert port.post(f"/files/{number}/undo", operator, other).status_code == 409
    gone = {"subtitle": f"{number}-{'0' * 16}"}
    assert port.post(f"/files/{number}/undo", operator, gone).status_code == 404
    for wrong in ({"subtitle": "../../x"}, {"restore": "yes"}, {"path": str(human)}):
        assert port.post(f"/files/{number}/undo", operator, wrong).status_code == 422
    assert human.is_file()


def test_a_file_with_a_job_is_not_touched(
    port: ApiPort, operator: HEADERS, film: tuple[int, Path]
) -> None:
    number, sidecar = film
    port.db.states.set_state(number, FileState.WORKING, worker="daemon", progress="x")
    refused = port.post(f"/files/{number}/undo", operator, {})
    assert (refused.status_code, refused.json()["hint"]) == (
        409,
        "Cancel its job, then send this again",
    )
    assert sidecar.exists()


def test_a_repeated_request_is_done_once(
    port: ApiPort, operator: HEADERS, film: tuple[int, Path]
) -> None:
    number, sidecar = film
    headers = operator | {"Idempotency-Key": f"undo-{number}"}
    first = port.post(f"/files/{number}/undo", headers, {})
    port.post(f"/files/{number}/undo", operator, {"restore": True})
    assert port.post(f"/files/{number}/undo", headers, {}).json() == first.json()
    assert sidecar.exists()


def test_servers_are_told_and_libraries_scanned(
    port: ApiPort, operator: HEADERS, film: tuple[int, Path]
) -> None:
    number, _ = film
    before = len(port.db.history.newest(200))
    assert port.post(f"/files/{number}/servers", operator).json() == {"changed": True}
    assert port.db.history.newest(1)[0].reason == "tell-servers"
    assert len(port.db.history.newest(200)) == before + 1
    assert port.post("/servers/nobody/tell", operator).status_code == 404
    port.db.commands.mark_done(command.id for command in port.db.commands.pending())
    assert port.post("/scans", operator, {"library": "films"}).status_code == 202
    assert port.post("/scans", operator, {}).status_code == 202
    scans = [(one.kind, one.path) for one in port.db.commands.pending()]
    assert scans == [(CommandKind.SCAN, port.films), (CommandKind.SCAN, None)]
    assert port.post("/scans", operator, {"library": "none"}).status_code == 404


def test_who_is_bound_to_a_library_takes_back_nothing_of_others(
    port: ApiPort, film: tuple[int, Path]
) -> None:
    number, sidecar = film
    bound = port.key(Role.OPERATOR, "series")
    for path in (f"/files/{number}/undo", f"/files/{number}/servers"):
        assert port.post(path, bound, {} if path.endswith("undo") else None).status_code == 404
    assert port.post("/scans", bound, {}).status_code == 403
    assert port.post("/scans", bound, {"library": "films"}).status_code == 404
    assert port.post("/servers/tv/tell", bound).status_code == 403
    assert port.get("/coverage/origins", bound, library="films").status_code == 404
    assert port.get("/log", port.key(Role.ADMIN, "series")).status_code in (401, 403)
    assert sidecar.exists()


def test_whose_the_subtitles_are_is_counted_and_leads_to_the_files(
    port: ApiPort, operator: HEADERS
) -> None:
    rows = port.get("/coverage/origins", operator, library="films").json()["items"]
    assert rows
    for row in rows:
        for origin, files in row["files"].items():
            wanted = {"has": row["language"], "has_kind": row["kind"], "has_origin": origin}
            page = port.get("/files", operator, library="films", count="true", **wanted).json()
            assert page["count"] == files, (row, origin)
    assert port.get("/coverage/origins", operator).status_code == 422
    assert port.get("/coverage/origins", operator, library="none").status_code == 404


def test_admins_read_the_log(port: ApiPort, operator: HEADERS) -> None:
    RECENT_LOG.clear()
    for level, text in ((logging.INFO, "scanned films"), (logging.WARNING, "a Warning of it")):
        RECENT_LOG.add(logging.LogRecord("x", level, "", 0, text, None, None))
    admin = port.key(Role.ADMIN)
    assert port.get("/log", operator).status_code == 403
    lines = port.get("/log", admin).json()["lines"]
    assert [line["message"] for line in lines] == ["a Warning of it", "scanned films"]
    assert len(port.get("/log", admin, level="warning").json()["lines"]) == 1
    assert len(port.get("/log", admin, search="SCANNED").json()["lines"]) == 1
    assert len(port.get("/log", admin, limit=1).json()["lines"]) == 1
    assert port.get("/log", admin, job="none").json()["lines"] == []
    assert port.get("/log", admin, level="all").status_code == 422
    RECENT_LOG.clear()


def test_an_approved_subtitle_is_unlocked(port: ApiPort, film: tuple[int, Path]) -> None:
    number, sidecar = film
    record = port.db.files.get_by_id(number)
    assert record is not None
    review, reviewer = estimate(port.db, record, sidecar, (0.5, 0.5)), port.key(Role.REVIEWER)
    tag = port.get(f"/reviews/{review}", reviewer).json()["etag"]
    body = {"accept_warnings": True}
    approved = port.post(f"/reviews/{review}/approve", reviewer | {"If-Match": tag}, body)
    assert approved.status_code == 200, approved.text
    text = sidecar.read_bytes()
    assert port.db.sidecars.ownership(sidecar) is Ownership.APPROVED
    assert port.post(f"/reviews/{review}/unlock", reviewer).json() == {"changed": True}
    assert port.db.sidecars.ownership(sidecar) is Ownership.EDITED
    assert port.post(f"/reviews/{review}/unlock", reviewer).json() == {"changed": False}
    assert sidecar.read_bytes() == text
    bound = port.key(Role.REVIEWER, "series")
    assert port.post(f"/reviews/{review}/unlock", bound).status_code == 404
    assert port.post(f"/reviews/{review}/unlock", port.key(Role.VIEWER)).status_code == 403


def test_what_a_lesser_engine_made_is_previewed_asked_for_and_taken_back(
    port: ApiPort, operator: HEADERS, tmp_path: Path
) -> None:
    folder = port.configuration.settings.libraries["films"].path / tmp_path.name
    folder.mkdir()
    made = MadeLibrary(folder, port.db)
    made.add("made", Makers(Maker("whisper", "tiny-old", "0.1")))
    viewer, wanted = port.key(Role.VIEWER), {"made_by": ["tiny-old"], "library": "films"}
    preview = port.get("/upgrades", viewer, made_by="tiny-old", library="films")
    assert preview.status_code == 200, preview.text
    (row,) = preview.json()["items"]
    assert (row["made_by"], row["files"], row["hours"]) == ("whisper/tiny-old@0.1", 1, 1.0)
    assert (preview.json()["made_again"], preview.json()["kept"]) == (0, 0)
    assert "whisper/tiny-old@0.1" in [one["made_by"] for one in preview.json()["makers"]]
    assert made.requested() == set()
    assert port.post("/upgrades", viewer, wanted).status_code == 403
    asked = port.post("/upgrades", operator, wanted)
    assert (asked.status_code, asked.json()["files"]) == (202, 1)
    assert made.requested() == {"made.en.srt"}
    assert port.post("/upgrades", operator, wanted).json()["files"] == 0
    stopped = port.call(
        "DELETE", f"{API_PATH}/upgrades", headers=operator, params={"library": "films"}
    )
    assert (stopped.status_code, stopped.json()) == (202, {"files": 1})
    assert made.requested() == set()
    unknown = port.post("/upgrades", operator, {"made_by": ["nobody"]})
    assert (unknown.status_code, unknown.json()["type"]) == (
        409,
        "urn:subtitled:problem:unknown-maker",
    )
    assert port.get("/upgrades", viewer, library="none").status_code == 404
