"""The pages without a browser: what they ask the daemon for, and what each user sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.db.commands import CommandKind
from subtitled.db.history import HistoryEvent
from subtitled.db.overview import CoverageRow, FileOverview
from subtitled.db.records import FileState
from subtitled.jobs.pauses import active_pauses
from subtitled.web.auth.roles import Role
from subtitled.web.pages.filters import format_clock
from support.web_library import HOSTILE, add_file, add_hostile_file, fill_library
from support.web_port import PASSWORD, WebPort

PAGES = (
    "/",
    "/coverage",
    "/files",
    "/files?status=unknown",
    "/files/1",
    "/queue",
    "/history",
    "/health-page",
    "/spending",
    "/glossary",
    "/settings",
    "/users",
)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebPort]:
    opened = WebPort(tmp_path_factory.mktemp("pages") / "state")
    opened.add_users()
    fill_library(opened.configuration, opened.db)
    opened.accounts.users.add("bound", PASSWORD, Role.OPERATOR, ["series"])
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def no_pending_commands(port: WebPort) -> None:
    port.db.commands.mark_done([command.id for command in port.db.commands.pending()])


def asked_for(port: WebPort) -> list[tuple[CommandKind, str | None, str]]:
    return [
        (command.kind, command.path.name if command.path else None, command.actor)
        for command in port.db.commands.pending()
    ]


def files_in(port: WebPort, state: FileState, library: str) -> set[str]:
    records = port.db.states.by_state(state)
    return {record.path.name for record in records if record.library == library}


def test_bulk_retry_of_all_failed_files_of_a_library_touches_no_other_file(port: WebPort) -> None:
    fields = {"action": "retry", "scope": "all", "state": "failed", "library": "films"}
    answer = port.session("operator").post("/files/actions", fields | {"back": "/queue?state=x"})
    failed = files_in(port, FileState.FAILED, "films")
    assert failed
    assert {name for _, name, _ in asked_for(port)} == failed
    assert {(kind, actor) for kind, _, actor in asked_for(port)} == {("retry", "operator")}
    assert answer.headers["location"] == f"/queue?state=x&asked={len(failed)}"


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("retry", "retry"),
        ("first", "prioritise"),
        ("soon", "prioritise-watching"),
        ("cancel", "cancel"),
    ],
)
def test_a_button_asks_the_daemon_in_the_name_of_the_user(
    port: WebPort, action: str, kind: str
) -> None:
    (record, *_) = port.db.states.by_state(FileState.QUEUED)
    port.session("operator").post("/files/actions", {"action": action, "file": str(record.id)})
    assert asked_for(port) == [(kind, record.path.name, "operator")]


def test_a_file_at_rest_is_not_cancelled(port: WebPort) -> None:
    (record, *_) = port.db.states.by_state(FileState.DONE)
    port.session("operator").post("/files/actions", {"action": "cancel", "file": str(record.id)})
    assert asked_for(port) == []


@pytest.mark.parametrize("number", ["", "-1", "x", "9" * 40, "1 OR 1=1", "٣", "999999"])
def test_a_file_that_does_not_exist_is_asked_nothing_for(port: WebPort, number: str) -> None:
    answer = port.session("operator").post("/files/actions", {"action": "retry", "file": number})
    assert answer.status_code == 303
    assert asked_for(port) == []


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil", ""])
def test_no_form_leads_to_another_site(port: WebPort, back: str) -> None:
    fields = {"action": "retry", "file": "1", "back": back}
    answer = port.session("operator").post("/files/actions", fields)
    assert answer.headers["location"] == "/?asked=1"


def test_who_is_bound_to_a_library_sees_and_steers_no_other(port: WebPort) -> None:
    browser = port.session("bound")
    done = port.db.states.by_state(FileState.DONE)
    other = next(record for record in done if record.library == "films")
    for page in ("/", "/coverage", "/files", "/files?library=films", "/queue", "/history"):
        text = browser.get(page).text
        assert "/films/" not in text, page
        assert "library=films" not in text, page
    assert browser.get(f"/files/{other.id}").status_code == 404
    assert browser.get(f"/files/{other.id}/look").status_code == 404
    browser.post("/files/actions", {"action": "retry", "file": str(other.id)})
    browser.post("/files/actions", {"action": "retry", "scope": "all", "library": "films"})
    assert all("S01" in str(name) or "Lecture" in str(name) for _, name, _ in asked_for(port))
    for library in ("", "films"):
        fields = {"action": "pause", "hours": "1", "library": library}
        assert browser.post("/queue/pauses", fields).status_code == 403
    assert active_pauses(port.db.kv, 0.0) == []


def test_pauses_are_made_and_ended_and_stand_in_the_history(port: WebPort) -> None:
    browser = port.session("operator")
    browser.post("/queue/pauses", {"action": "pause", "hours": "2", "library": "films"})
    (pause,) = active_pauses(port.db.kv, 0.0)
    assert pause.library == "films"
    assert pause.until is not None
    page = browser.get("/history").text
    assert f"{pause.until:.0f}"[:8] not in page
    assert format_clock(pause.until) in page
    assert "films" in browser.get("/").text
    browser.post("/queue/pauses", {"action": "resume", "library": "films"})
    assert active_pauses(port.db.kv, 0.0) == []
    newest = port.db.history.newest(2)
    assert [(entry.reason, entry.actor) for entry in newest] == [
        ("resume", "operator"),
        ("pause", "operator"),
    ]
    assert [entry.event for entry in newest] == [HistoryEvent.REQUESTED] * 2
    for fields in ({"action": "pause", "hours": "9999"}, {"action": "x"}, {"library": "nothing"}):
        assert browser.post("/queue/pauses", fields).status_code == 400


def test_the_pages_of_a_list_show_each_file_once(port: WebPort) -> None:
    browser, found, address = port.session("viewer"), list[str](), "/files"
    while address:
        text = browser.get(address).text
        found += re.findall(r'id="name-(\d+)"', text)
        match = re.search(r'rel="next" href="([^"]+)"', text)
        address = match[1].replace("&amp;", "&") if match else ""
    assert len(found) == len(set(found)) == 120


def test_every_number_of_the_coverage_leads_to_a_list_of_so_many_files(port: WebPort) -> None:
    browser = port.session("viewer")
    links = re.findall(r'href="(/files\?[^"]+)">(\d+)', browser.get("/coverage").text)
    assert len(links) > 6
    for address, number in links:
        text = browser.get(address.replace("&amp;", "&")).text
        assert re.search(rf">{number} files?<", text), (address, number)


def test_every_number_of_whose_the_subtitles_are_leads_to_a_list_of_so_many(port: WebPort) -> None:
    add_present_subtitles(port)
    browser = port.session("viewer")
    page = browser.get("/coverage/origins?library=films").text
    links = re.findall(r'href="(/files\?[^"]+origin=[^"]+)">(\d+)', page)
    origins = {re.sub(".*origin=", "", address) for address, _ in links}
    assert origins == {"ours", "approved", "others", "embedded"}
    for address, number in links:
        text = browser.get(address.replace("&amp;", "&")).text
        assert re.search(rf">{number} files?<", text), (address, number)
        assert "Only files with this subtitle" in text
    bound = port.session("bound")
    assert bound.get("/coverage/origins?library=films").status_code == 404
    assert bound.get("/coverage/origins?library=series").status_code == 200
    for query in (
        "origin=x&has=en&has_kind=full",
        "origin=ours",
        "origin=ours&has=%00&has_kind=sdh",
    ):
        assert browser.get(f"/files?{query}").status_code == 200


def add_present_subtitles(port: WebPort) -> None:
    """Add files with subtitles of each origin, and with some that do not count."""
    folder = port.configuration.settings.libraries["films"].path
    rows: list[tuple[str, list[tuple[str | None, str, str, str]]]] = [
        ("one", [("fr", "sidecar", "human", ""), ("fr", "embedded", "human", "")]),
        ("two", [("fr", "sidecar", "ours", ""), ("fr", "sidecar", "edited", "")]),
        ("three", [("fr", "sidecar", "approved", ""), (None, "sidecar", "human", "")]),
        (
            "four",
            [("fr", "sidecar", "human", "it is empty"), ("fr", "removed-by-user", "ours", "")],
        ),
    ]
    for name, subtitles in rows:
        number = add_file(port.db, folder / f"present {name}.mkv", "films", FileState.DONE)
        coverage = tuple(
            CoverageRow(
                language=language,
                kind="full",
                format="srt",
                origin=origin,
                location=f"{number}.srt",
                ownership=ownership,
                problem=problem,
            )
            for language, origin, ownership, problem in subtitles
        )
        overview = FileOverview(duration=60.0, title="", coverage=coverage, requirements=())
        port.db.overview.store(number, "films", overview)
    counts = {
        (one.presence.language, str(one.presence.origin)): one.files
        for one in port.db.presence.count("films")
    }
    assert {key: counts[key] for key in counts if key[0] in ("fr", "und")} == {
        ("fr", "others"): 1,
        ("fr", "embedded"): 1,
        ("fr", "ours"): 1,
        ("fr", "approved"): 1,
        ("und", "others"): 1,
    }


def test_the_coverage_is_counted_again_when_a_file_comes(tmp_path: Path) -> None:
    port = WebPort(tmp_path / "state")
    port.add_users()
    browser = port.session("viewer")
    for number in range(1, 4):
        path = port.configuration.settings.libraries["films"].path / f"{number}.mkv"
        add_file(port.db, path, "films", FileState.DONE)
        for _ in range(2):
            assert f">{number} file" in browser.get("/coverage").text
    port.close()


@pytest.mark.parametrize("query", ["after=x", "after=" + "A" * 30000, "after=%00"])
def test_a_place_that_is_none_is_refused_with_a_page(port: WebPort, query: str) -> None:
    for page in ("/files", "/history"):
        answer = port.session("viewer").get(f"{page}?{query}")
        assert answer.status_code == 400
        assert "Begin with the first page" in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "state=nothing&status=x&kind=y&sort=z",
        "library=nothing",
        "search=%00&language=%ff",
        "search=" + "x" * 5000,
        "search=%25_%5C*[",
    ],
)
def test_no_filter_of_an_address_breaks_a_page(port: WebPort, query: str) -> None:
    for page in ("/files", "/queue", "/history"):
        assert port.session("viewer").get(f"{page}?{query}").status_code == 200


def test_all_pages_in_german_and_none_shows_markup_of_a_file(tmp_path: Path) -> None:
    port = WebPort(tmp_path / "state")
    port.add_users()
    port.accounts.users.add(HOSTILE, PASSWORD, Role.VIEWER)
    number = add_hostile_file(port.configuration, port.db)
    raw = port.configuration.settings.libraries["films"].path / "\udcff\n\u202e.mkv"
    odd = add_file(port.db, raw, "films", FileState.QUEUED)
    for page in (*PAGES, f"/files/{number}", f"/files/{number}/look", f"/files/{odd}"):
        answer = port.session("admin").get(page, **{"Accept-Language": "de"})
        assert answer.status_code == 200, page
        assert '<html lang="de">' in answer.text
        assert HOSTILE not in answer.text, page
        assert "<img" not in answer.text, page
    port.close()


def test_users_and_keys_are_added_changed_and_removed(port: WebPort) -> None:
    admin = port.session("admin")
    new = {"action": "add-user", "name": "zoe", "password": PASSWORD, "role": "viewer"}
    assert "Added the user zoe" in admin.post("/users", new).text
    assert "already" in admin.post("/users", new).text
    admin.post("/users", {"action": "role", "user": "zoe", "role": "reviewer"})
    user = port.accounts.users.get("zoe")
    assert user is not None
    assert user.role is Role.REVIEWER
    page = admin.post(
        "/users", {"action": "add-key", "name": "tv", "grant": "metrics", "days": "0"}
    )
    (key,) = re.findall(r"stk_[\w-]{43}", page.text)
    assert key not in admin.get("/users").text
    assert port.call("GET", "/metrics", headers={"X-Api-Key": key}).status_code == 200
    admin.post("/users", {"action": "remove-key", "name": "tv"})
    assert port.call("GET", "/metrics", headers={"X-Api-Key": key}).status_code == 401
    admin.post("/users", {"action": "remove-user", "user": "zoe"})
    assert port.accounts.users.get("zoe") is None
    for fields in (
        {"action": "remove-user", "user": "nobody"},
        {"action": "role", "user": "admin", "role": "viewer"},
        {"action": "role", "user": "admin", "role": "emperor"},
        {"action": "x"},
    ):
        assert admin.post("/users", fields).status_code == 400, fields


def test_only_admins_see_who_signed_in(port: WebPort) -> None:
    port.accounts.audit.administered("admin", "added the user zoe", "192.0.2.99")
    port.db.history.prune()
    for name in ("viewer", "operator"):
        assert "192.0.2.99" not in port.session(name).get("/history?event=administered").text
