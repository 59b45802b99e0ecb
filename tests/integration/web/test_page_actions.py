"""Buttons of the pages that remove, bring back, scan, tell again and try again; and the log."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.daemon.recent_log import RECENT_LOG
from subtitled.db.commands import CommandKind
from subtitled.db.records import FileRecord, FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobs.log_context import current_job
from subtitled.plugin import Language, Sidecar, SidecarChange, SubtitleKind, TransientError
from subtitled.subtitles.makers import Maker, Makers
from subtitled.subtitles.ownership import Signature
from subtitled.subtitles.publish import publish_sidecar
from subtitled.web.auth.roles import Role
from support.made_library import MadeLibrary
from support.review_port import ReviewSitePort
from support.web_library import HOSTILE, add_file
from support.web_port import PASSWORD, WebPort


@pytest.fixture
def port(tmp_path: Path) -> Iterator[WebPort]:
    opened = WebPort(tmp_path / "state")
    opened.add_users()
    opened.accounts.users.add("bound", PASSWORD, Role.OPERATOR, ["series"])
    RECENT_LOG.clear()
    yield opened
    RECENT_LOG.clear()
    opened.close()


@pytest.fixture
def film(port: WebPort) -> FileRecord:
    """Return a film with two subtitles of ours in it."""
    path = port.configuration.settings.libraries["films"].path / "The Sea.mkv"
    path.write_bytes(b"a film")
    number = add_file(port.db, path, "films", FileState.DONE)
    for language in ("de", "en"):
        write_sidecar(port, path, language)
    record = port.db.files.get_by_id(number)
    assert record is not None
    return record


def write_sidecar(port: WebPort, film: Path, language: str, content: str = "") -> None:
    path = film.with_suffix(f".{language}.srt")
    text = f"1\n00:00:01,000 --> 00:00:02,000\nThe sea, {content or language}.\n".encode()
    signature = Signature(
        fingerprint="f" * 16,
        sha256=hashlib.sha256(text).hexdigest(),
        size_bytes=len(text),
        language=Language(language),
        kind=SubtitleKind.FULL,
        format="srt",
        name=path.name,
        variant="v",
        created_at=1.0,
    )
    publish_sidecar(path, text, own_digest=None, signature=signature)
    port.db.sidecars.record_written(path, film, signature)


def subtitles(film: FileRecord) -> set[str]:
    return {path.name for path in film.path.parent.glob("*.srt")}


def test_what_we_wrote_is_removed_after_a_question_and_brought_back(
    port: WebPort, film: FileRecord
) -> None:
    operator = port.session("operator")
    address = f"/files/{film.id}/undo"
    question = operator.get(f"{address}?action=undo").text
    assert "The Sea.de.srt" in question
    assert "The Sea.en.srt" in question
    assert subtitles(film) == {"The Sea.de.srt", "The Sea.en.srt"}, "a question changes nothing"
    assert "removed" in operator.post(address, {"action": "undo"}).text
    assert subtitles(film) == set()
    assert "There is nothing of ours to remove." in operator.get(address).text
    assert "The Sea.en.srt" in operator.get(f"{address}?action=restore").text
    operator.post(address, {"action": "restore"})
    assert subtitles(film) == {"The Sea.de.srt", "The Sea.en.srt"}
    reasons = [(entry.reason, entry.actor) for entry in port.db.history.newest(2)]
    assert ("restore", "operator") in reasons
    assert ("undo", "operator") in reasons
    assert "bring back what we wrote" in operator.get(f"/files/{film.id}").text


def test_one_subtitle_of_several_is_removed(port: WebPort, film: FileRecord) -> None:
    operator = port.session("operator")
    page = operator.get(f"/files/{film.id}").text
    keys = re.findall(r"undo\?action=undo&amp;sidecar=(\w+)", page)
    assert len(keys) == 2
    question = operator.get(f"/files/{film.id}/undo?action=undo&sidecar={keys[0]}").text
    assert ("The Sea.de.srt" in question) != ("The Sea.en.srt" in question)
    operator.post(f"/files/{film.id}/undo", {"action": "undo", "sidecar": keys[0]})
    assert len(subtitles(film)) == 1
    wrong = operator.post(f"/files/{film.id}/undo", {"action": "undo", "sidecar": "../../x"})
    assert wrong.status_code == 404
    assert len(subtitles(film)) == 1


def test_subtitles_with_the_same_text_are_all_brought_back(port: WebPort, film: FileRecord) -> None:
    for language in ("fr", "nl"):
        write_sidecar(port, film.path, language, "the same")
    operator, before = port.session("operator"), subtitles(film)
    operator.post(f"/files/{film.id}/undo", {"action": "undo"})
    assert subtitles(film) == set()
    answer = operator.post(f"/files/{film.id}/undo", {"action": "restore"})
    assert subtitles(film) == before, answer.text


def test_an_approval_is_taken_back_under_its_own_name(tmp_path: Path) -> None:
    site = ReviewSitePort(tmp_path)
    film = site.add()
    machine = film.sidecar.read_bytes()
    reader = site.reader()
    reader.open(f"{film.path}/approve")
    reader.approve(film)
    assert film.sidecar.read_bytes() != machine
    operator, address = site.port.session("operator"), f"/files/{film.film}/undo"
    question = operator.get(f"{address}?action=undo").text
    assert "The version that we made replaces them" in question
    assert "These are removed" not in question
    operator.post(address, {"action": "undo"})
    assert film.sidecar.read_bytes() == machine
    assert site.db.history.newest(1)[0].reason == "take-approval-back"
    for page in ("/history", f"/files/{film.film}"):
        assert "take the approval back" in operator.get(page).text
        assert "bring back what we wrote" not in operator.get(page).text
    assert "These are removed" in operator.get(f"{address}?action=undo").text
    site.port.close()


def test_a_file_with_a_job_is_not_touched(port: WebPort, film: FileRecord) -> None:
    port.db.states.set_state(film.id, FileState.WORKING, worker="daemon", progress="x")
    answer = port.session("operator").post(f"/files/{film.id}/undo", {"action": "undo"})
    assert answer.status_code == 409
    assert "Cancel it" in answer.text
    assert len(subtitles(film)) == 2


@pytest.mark.parametrize("name", ["viewer", "reviewer", "bound"])
def test_who_may_not_steer_a_file_removes_nothing(
    port: WebPort, film: FileRecord, name: str
) -> None:
    browser = port.session(name)
    for address in (f"/files/{film.id}/undo", f"/files/{film.id}/servers"):
        answer = browser.post(address, {"action": "undo"})
        assert answer.status_code == (404 if name == "bound" else 403)
    assert browser.get(f"/files/{film.id}/undo").status_code in (403, 404)
    assert len(subtitles(film)) == 2
    assert "/undo" not in browser.get(f"/files/{film.id}").text


def test_a_form_of_another_page_removes_nothing(port: WebPort, film: FileRecord) -> None:
    operator = port.session("operator")
    for fields, headers in (
        ({"csrf_token": "x"}, {}),
        ({}, {"Origin": "https://evil.example"}),
    ):
        answer = operator.post(f"/files/{film.id}/undo", {"action": "undo"} | fields, **headers)
        assert answer.status_code == 403
    assert len(subtitles(film)) == 2


def test_the_media_servers_are_told_again_of_a_file(port: WebPort, film: FileRecord) -> None:
    deliveries = port.db.deliveries
    deliveries.enqueue_changes(lambda media: ["tv"], 0.0)
    assert deliveries.enqueue_changes(lambda media: ["tv"], 0.0) == 0
    port.session("operator").post(f"/files/{film.id}/servers", {})
    assert deliveries.enqueue_changes(lambda media: ["tv"], 0.0) == 1
    (delivery,) = deliveries.of_media(film.path)
    assert {one.path.name for one in delivery.change.added} == subtitles(film)
    assert port.db.history.newest(1)[0].reason == "tell-servers"


def test_an_engine_and_a_server_are_tried_again(port: WebPort, film: FileRecord) -> None:
    db, operator = port.db, port.session("operator")
    breakers = CircuitBreakers(db.kv)
    name = next(iter(port.configuration.engines))
    for media in "abcdef":
        with pytest.raises(TransientError), breakers.guard(name, media):
            raise TransientError("no answer")
    assert "Try it now" in operator.get("/health-page").text
    answer = operator.post("/health-page/actions", {"action": "reset-engine", "name": name})
    assert f"The engine {name} is tried again." in answer.text
    assert breakers.state_of(name).is_closed
    assert "Try it now" not in operator.get("/health-page").text
    for fields in (
        {"action": "reset-engine", "name": HOSTILE},
        {"action": "tell-server", "name": "tv"},
        {"action": "x"},
        {},
    ):
        assert operator.post("/health-page/actions", fields).status_code == 400, fields


def test_deliveries_that_a_server_did_not_confirm_begin_again(port: WebPort) -> None:
    deliveries, now = port.db.deliveries, 1000.0
    for number, state in enumerate(("waiting", "sent", "not-indexed", "confirmed", "unverifiable")):
        media = Path(f"/films/{number}.mkv")
        sidecar = Sidecar(media.with_suffix(".en.srt"), Language("en"), SubtitleKind.FULL)
        deliveries.announce_again([SidecarChange(media, added=(sidecar,))])
        deliveries.enqueue_changes(lambda media: ["tv", "other"], now)
        (delivery,) = (one for one in deliveries.of_media(media) if one.server == "tv")
        deliveries.update(delivery, state=state, strategy=2, due_at=None, detail="x")
    assert deliveries.send_again("tv", now) == 3
    assert len(deliveries.due_deliveries("tv", now, 10)) == 3
    assert {one.strategy for one in deliveries.due_deliveries("tv", now, 10)} == {0}
    assert len(deliveries.due_deliveries("other", now, 10)) == 5


def test_a_library_is_scanned_on_request(port: WebPort) -> None:
    def asked_for() -> list[tuple[CommandKind, Path | None, str]]:
        return [(one.kind, one.path, one.actor) for one in port.db.commands.pending()]

    library = port.configuration.settings.libraries["series"].path
    bound = port.session("bound")
    scan = {"action": "scan", "name": "series"}
    assert "scans it" in bound.post("/health-page/actions", scan).text
    assert asked_for() == [(CommandKind.SCAN, library, "bound")]
    for name in ("films", "", "nothing"):
        refused = bound.post("/health-page/actions", {"action": "scan", "name": name})
        assert refused.status_code in (400, 403), name
    assert len(asked_for()) == 1
    refused = bound.post("/health-page/actions", {"action": "reset-engine", "name": "whisper"})
    assert refused.status_code == 403
    port.session("operator").post("/health-page/actions", {"action": "scan", "name": ""})
    assert (CommandKind.SCAN, None, "operator") in asked_for()


def log(message: str, job: str = "", level: int = logging.INFO) -> None:
    current_job.set(job)
    RECENT_LOG.add(logging.LogRecord("subtitled", level, "", 0, message, (), None))
    current_job.set("")


def test_admins_read_the_log_by_level_text_and_job(port: WebPort, film: FileRecord) -> None:
    log("a scan ended")
    log(f"the engine said {HOSTILE}", "job-7", logging.WARNING)
    admin = port.session("admin")
    page = admin.get("/health-page/log").text
    assert "a scan ended" in page
    assert HOSTILE not in page
    assert "&lt;img" in page
    assert "a scan ended" not in admin.get("/health-page/log?level=warning").text
    assert "a scan ended" not in admin.get("/health-page/log?job=job-7").text
    assert "a scan ended" in admin.get("/health-page/log?search=SCAN&level=nothing").text
    assert "a scan ended" in admin.get("/health-page").text
    for name in ("viewer", "operator", "bound"):
        browser = port.session(name)
        assert browser.get("/health-page/log").status_code == 403
        assert "a scan ended" not in browser.get("/health-page").text


def test_the_page_of_a_file_has_the_log_lines_about_it(port: WebPort, film: FileRecord) -> None:
    log("of another film")
    log(f"new file: {film.path}")
    admin = port.session("admin")
    page = admin.get(f"/files/{film.id}").text
    assert "new file: " in page
    assert "of another film" not in page
    assert "new file: " not in port.session("operator").get(f"/files/{film.id}").text


UPGRADES = "/coverage/upgrades"


@pytest.fixture
def made(port: WebPort) -> MadeLibrary:
    """Return a library with subtitles of lesser engines, and one whose model is not known."""
    library = MadeLibrary(port.configuration.settings.libraries["films"].path, port.db)
    for name in ("one", "two"):
        library.add(name, Makers(Maker("whisper", "tiny", "0.1")))
    library.add("old", Makers(Maker("whisper")))
    return library


def test_what_made_our_subtitles_is_made_again_after_a_look_at_what_that_means(
    port: WebPort, made: MadeLibrary
) -> None:
    operator = port.session("operator")
    page = operator.get(UPGRADES).text
    assert "whisper/tiny@0.1" in page
    assert "whisper/unknown" in page
    assert "library=films&amp;made_by=whisper%2Ftiny" in page
    assert 'value="withdraw"' not in page
    plan = operator.get(f"{UPGRADES}?library=films&made_by=whisper/tiny").text
    assert "Make 2 files again" in plan
    assert "whisper/base" in plan
    assert "2.0 hours" in plan
    assert "its model is not known; whisper/unknown means these" in plan
    assert made.requested() == set(), "a look asks for nothing"

    fields = {"library": "films", "made_by": "whisper/tiny"}
    asked = operator.post(UPGRADES, {"action": "upgrade", **fields})
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        f"{UPGRADES}?library=films&asked=2",
    )
    assert made.requested() == {"one.en.srt", "two.en.srt"}
    again = operator.post(UPGRADES, {"action": "upgrade", **fields})
    assert again.headers["location"].endswith("asked=0")
    progress = operator.get(UPGRADES, **{"Accept-Language": "de"}).text
    assert "2 Dateien warten darauf" in progress
    assert '<progress max="2" value="0"' in progress
    made.db.upgrades.record_kept(
        [made.folder / "one.en.srt"], Makers(Maker("whisper", "base", "0.1")), "it is worse"
    )
    progress = operator.get(UPGRADES).text
    assert "1 file waits for it" in progress
    assert "1 file stayed as it was" in progress
    assert '<progress max="2" value="1"' in progress
    stopped = operator.post(UPGRADES, {"action": "withdraw", "library": "films"})
    assert stopped.headers["location"] == f"{UPGRADES}?library=films&stopped=1"
    assert made.requested() == set()
    newest = port.db.history.newest(2)
    assert [(one.reason, one.actor) for one in newest] == [
        ("withdraw-upgrades", "operator"),
        ("upgrade", "operator"),
    ]


def test_who_may_not_steer_looks_at_upgrades_and_makes_nothing_again(
    port: WebPort, made: MadeLibrary
) -> None:
    viewer, bound = port.session("viewer"), port.session("bound")
    plan = viewer.get(f"{UPGRADES}?made_by=whisper/tiny").text
    assert "whisper/base" in plan
    assert 'name="action"' not in plan
    fields = {"action": "upgrade", "made_by": "tiny"}
    assert viewer.post(UPGRADES, fields).status_code == 403
    assert "whisper/tiny" not in bound.get(UPGRADES).text
    assert bound.get(f"{UPGRADES}?library=films").status_code == 404
    assert bound.post(UPGRADES, fields | {"library": "films"}).status_code == 404
    assert bound.post(UPGRADES, fields).headers["location"].endswith("asked=0")
    assert made.requested() == set()


def test_what_names_nothing_is_told_on_the_page_of_upgrades(
    port: WebPort, made: MadeLibrary
) -> None:
    operator = port.session("operator")
    for query, status, words in (
        ("made_by=nobody", 200, "Nothing there was made by it."),
        ("made_by=/", 400, "This names no engine and no model"),
        ("library=none", 404, "There is no such library"),
        ("asked=x&stopped=99999999999999", 200, "Engines and models"),
        ("asked=123456789x&stopped=1" + 5000 * "0", 200, "Engines and models"),
        ("made_by=%3Cimg+src%3Dx%3E", 200, "&lt;img src=x&gt;"),
    ):
        answer = operator.get(f"{UPGRADES}?{query}")
        assert (answer.status_code, words in answer.text) == (status, True), query
