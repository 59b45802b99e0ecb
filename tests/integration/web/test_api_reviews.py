"""Reviews through the API: who may do what, and which version an edit is about."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from subtitled.db.review_records import CueEstimate, SubtitleEstimate
from subtitled.plugin import Cue
from subtitled.subtitles.formats import read_cues
from subtitled.web.auth.roles import Role
from support.api_port import API, ApiPort
from support.opened_review import OpenedReview
from support.review_library import CUES, ENGLISH, FULL
from support.web_library import HOSTILE

_names = itertools.count()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiPort]:
    made = ApiPort(tmp_path_factory.mktemp("api") / "state", count=3)
    yield made
    made.close()


@pytest.fixture(scope="module")
def ana(port: ApiPort) -> dict[str, str]:
    return port.key(Role.REVIEWER)


@pytest.fixture(scope="module")
def ben(port: ApiPort) -> dict[str, str]:
    return port.key(Role.REVIEWER)


@pytest.fixture
def review(port: ApiPort) -> OpenedReview:
    return OpenedReview(port)


def _text(cue: str, *lines: str) -> dict[str, Any]:
    return {"kind": "text", "cue": cue, "lines": list(lines)}


def _check_problem(answer: httpx.Response, status: int, name: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"urn:subtitled:problem:{name}"
    assert problem["hint"]
    return dict(problem)


def test_a_review_is_opened_from_a_subtitle_and_shows_cues_and_limits(
    port: ApiPort, ana: dict[str, str], review: OpenedReview
) -> None:
    subtitle = port.subtitle_id(review.film.id, ana)
    opened = port.post(f"/subtitles/{subtitle}/review", ana)
    assert opened.json()["id"] == review.number
    shown = review.show(ana)
    assert [cue["lines"] for cue in shown["cues"]] == [[cue.text] for cue in CUES]
    assert [cue["id"] for cue in shown["cues"]] == ["1", "2", "3"]
    assert shown["rules"]["max_lines"] == 2
    assert shown["cues"][0]["cps"] == pytest.approx(len(CUES[0].text) / 2)
    assert (shown["version"], shown["undo"], shown["redo"]) == (0, None, None)
    assert shown["is_source_corrected"] is False


def test_a_viewer_reads_and_a_reviewer_edits(port: ApiPort, review: OpenedReview) -> None:
    viewer = port.key(Role.VIEWER)
    tag = review.show(viewer)["etag"]
    assert review.send(viewer, "GET", "/text?format=vtt").text.startswith("WEBVTT")
    for method, path, body in (
        ("POST", "/operations", {"id": "a", "operation": _text("1", "x")}),
        ("POST", "/undo", {"id": "a"}),
        ("POST", "/redo", {"id": "a"}),
        ("PUT", "/verdicts/1", {"verdict": "right"}),
        ("DELETE", "/verdicts/1", None),
        ("POST", "/holder", None),
        ("DELETE", "/holder", None),
        ("POST", "/approve", {}),
        ("POST", "/reopen", None),
    ):
        answer = review.send(viewer, method, path, body, tag)
        assert answer.status_code == 403, (method, path)
    assert review.show(viewer)["version"] == 0


def test_a_review_of_a_library_that_the_caller_does_not_see_is_none(port: ApiPort) -> None:
    series = port.key(Role.REVIEWER, "series")
    hidden, seen = OpenedReview(port), OpenedReview(port, library="series")
    listed = port.get("/reviews", series, limit=200).json()["items"]
    assert seen.number in [item["id"] for item in listed]
    assert {item["library"] for item in listed} == {"series"}
    assert port.get("/reviews", series, library="films").json()["items"] == []
    for method, path in (
        ("GET", ""),
        ("POST", "/holder"),
        ("GET", "/text"),
        ("GET", "/operations"),
    ):
        _check_problem(hidden.send(series, method, path), 404, "not-found")
    tag = hidden.show(port.key(Role.VIEWER))["etag"]
    _check_problem(hidden.edit(series, _text("1", "x"), tag), 404, "not-found")


def test_an_edit_without_a_version_is_428(ana: dict[str, str], review: OpenedReview) -> None:
    for method, path, body in (
        ("POST", "/operations", {"id": "a", "operation": _text("1", "x")}),
        ("POST", "/undo", {"id": "a"}),
        ("POST", "/redo", {"id": "a"}),
        ("PUT", "/verdicts/1", {"verdict": "right"}),
        ("DELETE", "/verdicts/1", None),
        ("POST", "/approve", {}),
        ("POST", "/reopen", None),
    ):
        _check_problem(review.send(ana, method, path, body), 428, "version-needed")


def test_an_edit_of_a_cue_that_changed_is_412_and_names_it_with_both_versions(
    ana: dict[str, str], ben: dict[str, str], review: OpenedReview
) -> None:
    old = review.show(ana)["etag"]
    assert review.edit(ana, _text("1", "Ana"), old).status_code == 200
    problem = _check_problem(review.edit(ben, _text("1", "Ben"), old), 412, "changed-meanwhile")
    (cue,) = problem["cues"]
    assert cue["cue"] == "1"
    assert [cue[name]["lines"] for name in ("base", "mine", "theirs")] == [
        [CUES[0].text],
        ["Ben"],
        ["Ana"],
    ]
    assert problem["version"] == 1
    # An edit of another cue is kept, although it was made on the old version.
    kept = review.edit(ben, _text("2", "Ben"), old).json()
    assert kept["version"] == 2
    assert kept["operation"]["made_on"] == 0
    whole = {"kind": "shift", "seconds": 1.0}
    problem = _check_problem(review.edit(ana, whole, old), 412, "changed-meanwhile")
    assert [cue["cue"] for cue in problem["cues"]] == ["1", "2"]
    verdict = review.send(ana, "PUT", "/verdicts/1", {"verdict": "right"}, old)
    _check_problem(verdict, 412, "changed-meanwhile")


def test_a_version_that_never_was_is_412(ana: dict[str, str], review: OpenedReview) -> None:
    tag = review.show(ana)["etag"]
    for wrong in (
        '"v9-' + tag.split("-")[1],
        '"v0-000000000000"',
        '"0"',
        "*",
        'W/"v0"',
        "v0",
        "",
    ):
        _check_problem(review.edit(ana, _text("1", "x"), wrong), 412, "other-version")
    assert review.show(ana)["version"] == 0


def test_an_edit_that_is_sent_again_is_kept_once(ana: dict[str, str], review: OpenedReview) -> None:
    tag = review.show(ana)["etag"]
    shift = {"kind": "shift", "seconds": 0.5}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: review.edit(ana, shift, tag, "once"), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(not answer.json()["is_repeated"] for answer in answers) == 1
    shown = review.show(ana)
    assert (shown["version"], shown["cues"][0]["start"]) == (1, 1.5)
    other = {"kind": "shift", "seconds": 0.75}
    _check_problem(review.edit(ana, other, tag, "once"), 422, "key-used-before")


def test_an_idempotency_key_gives_the_first_answer_again(
    ana: dict[str, str], review: OpenedReview
) -> None:
    tag = review.show(ana)["etag"]
    body = {"id": "x", "operation": _text("1", "Once")}
    key = {"Idempotency-Key": f"key-{review.number}"}
    first = review.send(ana, "POST", "/operations", body, tag, **key)
    again = review.send(ana, "POST", "/operations", body, tag, **key)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"


def test_undo_and_redo_go_over_all_edits_of_the_caller(
    ana: dict[str, str], ben: dict[str, str], review: OpenedReview
) -> None:
    tag = review.show(ana)["etag"]
    replace = {"kind": "replace", "find": "Schuffa", "replacement": "Schufa"}
    review.edit(ana, replace, tag)
    tag = review.edit(ben, _text("3", "Ben"), tag).json()["etag"]
    undone = review.send(ana, "POST", "/undo", {"id": "u1"}, tag).json()
    assert undone["operation"]["reverts"] == 1
    assert undone["cues"][0]["lines"] == [CUES[0].text]
    assert (undone["undo"], undone["redo"]) == (None, 3)
    _check_problem(review.send(ana, "POST", "/undo", {"id": "u2"}, tag), 409, "nothing-to-revert")
    redone = review.send(ana, "POST", "/redo", {"id": "r1"}, undone["etag"]).json()
    assert redone["cues"][0]["lines"] == ["The Schufa said no."]
    log = review.send(ana, "GET", "/operations?since=1").json()
    assert [one["kind"] for one in log["items"]] == ["text", "undo", "redo"]
    assert log["version"] == 4


def test_an_edit_answers_with_changed_cues_their_neighbours_and_findings(
    ana: dict[str, str], review: OpenedReview
) -> None:
    tag = review.show(ana)["etag"]
    times = {"kind": "times", "cue": "2", "start": 2.5, "end": 6.5}
    answer = review.edit(ana, times, tag).json()
    assert [cue["id"] for cue in answer["cues"]] == ["1", "2"]
    assert answer["cues"][0]["gap"] == -0.5
    errors = [one for one in answer["findings"] if one["severity"] == "error"]
    assert [(one["cue"], one["rule"]) for one in errors] == [("1", "ends before the next begins")]
    deleted = review.edit(ana, {"kind": "delete", "cues": ["2"]}, answer["etag"]).json()
    assert deleted["deleted"] == ["2"]
    assert deleted["findings"] == []
    unchanged = review.edit(ana, _text("1", CUES[0].text), deleted["etag"]).json()
    assert unchanged["operation"] is None
    assert unchanged["version"] == deleted["version"]


@pytest.mark.parametrize(
    "operation",
    [
        {"kind": "nothing"},
        {"kind": "text", "cue": "1"},
        {"kind": "text", "cue": "1", "lines": ["x"], "more": 1},
        {"kind": "text", "cue": "1", "lines": ["x" * 1001]},
        {"kind": "times", "cue": "1", "start": -1.0, "end": 2.0},
        {"kind": "times", "cue": "1", "start": "1", "end": 2.0},
        {"kind": "times", "cue": "1", "start": 1.0, "end": 1e9},
        {"kind": "shift", "seconds": float("nan")},
        {"kind": "merge", "cues": ["1"]},
        {"kind": "merge", "cues": ["1", "1"]},
        {"kind": "split", "cue": "1", "at": 9.0, "first": [], "second": []},
        {"kind": "delete", "cues": ["77"]},
        {"kind": "replace", "find": "", "replacement": "x"},
        {"kind": "compound", "parts": []},
        {"kind": "compound", "parts": [{"kind": "compound", "parts": []}]},
    ],
)
def test_an_impossible_edit_is_refused_with_a_hint(
    ana: dict[str, str], review: OpenedReview, operation: dict[str, Any]
) -> None:
    answer = review.edit(ana, operation, review.show(ana)["etag"])
    assert answer.status_code == 422, answer.text
    assert answer.json()["hint"]
    assert review.show(ana)["version"] == 0


@pytest.mark.parametrize(
    "text", [HOSTILE, "\ud800", "a\0b", "\u202e", "\u2028\r\n\v", "]]>", "-->"]
)
def test_every_text_is_kept_or_refused_and_exported(
    ana: dict[str, str], review: OpenedReview, text: str
) -> None:
    answer = review.edit(ana, _text("1", text, "end"), review.show(ana)["etag"])
    assert answer.status_code in (200, 422), answer.text
    exported = review.send(ana, "GET", "/text?format=srt")
    assert exported.status_code == 200
    shown = review.show(ana)
    assert len(read_cues(exported.content, "srt")) == len(shown["cues"]) == 3
    if answer.status_code == 200:
        assert read_cues(exported.content, "srt")[0].text == "\n".join(shown["cues"][0]["lines"])


def test_a_cue_is_judged_and_the_verdict_taken_back(
    ana: dict[str, str], review: OpenedReview
) -> None:
    tag = review.show(ana)["etag"]
    body = {"verdict": "wrong", "category": "terms", "severity": "major", "note": "n\0ame"}
    assert review.send(ana, "PUT", "/verdicts/1", body, tag).status_code == 200
    shown = review.show(ana)
    verdict = shown["cues"][0]["verdict"]
    assert (verdict["verdict"], verdict["category"], verdict["note"]) == ("wrong", "terms", "n ame")
    assert shown["verdict_count"] == 1
    gone = review.send(ana, "DELETE", "/verdicts/1", None, tag)
    assert gone.json() == {"changed": True}
    assert review.show(ana)["cues"][0]["verdict"] is None
    _check_problem(
        review.send(ana, "PUT", "/verdicts/99", {"verdict": "right"}, tag), 404, "not-found"
    )
    assert review.send(ana, "PUT", "/verdicts/1", {"verdict": "maybe"}, tag).status_code == 422


def test_the_queue_begins_with_the_worst_and_its_pages_miss_none(
    port: ApiPort, ana: dict[str, str]
) -> None:
    made = [OpenedReview(port) for _ in range(3)]
    for place, one in enumerate(made):
        digest = one.show(ana)["base_sha256"]
        port.db.reviews.keep_estimate(
            SubtitleEstimate(
                file_id=one.film.id,
                language=ENGLISH,
                kind=FULL,
                sha256=digest,
                expected_errors=10.0 + place,
                flagged=1,
                cue_count=3,
                cues=[CueEstimate(index=1, probability=0.9, reasons=["unsure of York"])],
                elsewhere=[{"start": 7.0, "end": 8.0, "text": "speech"}],
            )
        )
    listed, after = list[dict[str, Any]](), None
    while True:
        query = {"limit": 2} | ({"after": after} if after else {})
        page = port.get("/reviews", ana, **query).json()
        listed += page["items"]
        after = page["next"]
        if after is None:
            break
    assert [item["id"] for item in listed[:3]] == [one.number for one in reversed(made)]
    assert len({item["id"] for item in listed}) == len(listed)
    assert port.get("/reviews", ana, count=True).json()["count"] == len(listed)
    assert port.get("/reviews", ana, language="de").json()["items"] == []
    _check_problem(port.get("/reviews", ana, after="AAAA"), 400, "wrong-cursor")
    shown = made[0].show(ana)
    assert shown["cues"][1]["probability"] == 0.9
    assert shown["cues"][1]["reasons"] == ["unsure of York"]
    assert shown["elsewhere"] == [{"start": 7.0, "end": 8.0, "text": "speech"}]
    # A corrected cue is no longer the one that was estimated.
    made[0].edit(ana, _text("2", "He lives in York."), shown["etag"])
    assert made[0].show(ana)["cues"][1]["probability"] is None


def test_who_has_a_review_is_told_to_others(
    ana: dict[str, str], ben: dict[str, str], review: OpenedReview
) -> None:
    taken = review.send(ana, "POST", "/holder").json()
    assert taken["holder"]
    _check_problem(review.send(ben, "POST", "/holder"), 409, "taken")
    assert review.send(ben, "DELETE", "/holder").json() == {"changed": False}
    assert review.send(ana, "DELETE", "/holder").json() == {"changed": True}
    assert review.send(ben, "POST", "/holder").status_code == 200


def test_errors_bar_approval_and_warnings_ask_once(ana: dict[str, str], port: ApiPort) -> None:
    fast = OpenedReview(port, (Cue(1.0, 1.9, "Far too much text for less than a second"),))
    tag = fast.show(ana)["etag"]
    problem = _check_problem(fast.send(ana, "POST", "/approve", {}, tag), 409, "unapprovable")
    assert {one["severity"] for one in problem["findings"]} == {"warning"}
    empty = fast.edit(ana, _text("1"), tag).json()["etag"]
    body = {"accept_warnings": True}
    problem = _check_problem(fast.send(ana, "POST", "/approve", body, empty), 409, "unapprovable")
    assert [one["rule"] for one in problem["findings"]] == ["has a text"]
    undone = fast.send(ana, "POST", "/undo", {"id": "u"}, empty).json()["etag"]
    approved = fast.send(ana, "POST", "/approve", body, undone)
    assert approved.status_code == 200, approved.text
    assert fast.show(ana)["status"] == "approved"


def test_an_approved_review_is_locked_until_it_is_reopened(
    ana: dict[str, str], review: OpenedReview
) -> None:
    tag = review.edit(ana, _text("1", "Mine"), review.show(ana)["etag"]).json()["etag"]
    body = {"accept_warnings": True}
    approved = review.send(ana, "POST", "/approve", body, tag).json()
    assert approved["paths"] == [str(review.sidecar)]
    assert read_cues(review.sidecar.read_bytes(), "srt")[0].text == "Mine"
    _check_problem(review.edit(ana, _text("1", "More"), tag), 409, "approved")
    assert review.send(ana, "POST", "/reopen", None, tag).json()["status"] == "open"
    assert review.edit(ana, _text("1", "More"), tag).status_code == 200


def test_a_file_that_changed_meanwhile_is_shown_and_not_overwritten(
    ana: dict[str, str], review: OpenedReview
) -> None:
    tag = review.edit(ana, _text("1", "Mine"), review.show(ana)["etag"]).json()["etag"]
    theirs = review.sidecar.read_bytes().replace(b"Schuffa", b"bank")
    review.sidecar.write_bytes(theirs)
    body: dict[str, Any] = {"accept_warnings": True}
    problem = _check_problem(review.send(ana, "POST", "/approve", body, tag), 409, "file-changed")
    texts = [problem[name][0]["text"] for name in ("base", "mine", "theirs")]
    assert texts == [CUES[0].text, "Mine", "The bank said no."]
    assert review.sidecar.read_bytes() == theirs
    body["replaces_sha256"] = problem["theirs_sha256"]
    assert review.send(ana, "POST", "/approve", body, tag).status_code == 200
    assert read_cues(review.sidecar.read_bytes(), "srt")[0].text == "Mine"


def test_several_reviews_are_approved_and_the_others_left_with_a_reason(
    port: ApiPort, ana: dict[str, str]
) -> None:
    good, bad, stale, hidden = (
        OpenedReview(port, cues, library)
        for cues, library in (
            (CUES, "films"),
            ((*CUES, Cue(9.5, 12.0, "Too early.")), "films"),
            (CUES, "films"),
            (CUES, "series"),
        )
    )
    bound = port.key(Role.REVIEWER, "films")
    named = [
        {"id": good.number, "version": 0},
        {"id": bad.number},
        {"id": stale.number, "version": 7},
        {"id": hidden.number, "version": None},
    ]
    body = json.dumps({"reviews": named, "accept_warnings": True})
    more = {"Content-Type": "application/json"}
    path = f"{API}/reviews/approve"
    answer = port.call("POST", path, headers=bound | more, content=body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert [one["id"] for one in told["approved"]] == [good.number]
    assert told["approved"][0]["paths"] == [str(good.sidecar)]
    reasons = {one["id"]: one["reason"] for one in told["left"]}
    assert "overlaps the next: by 0.500 s" in reasons[bad.number]
    assert "has version 0 meanwhile" in reasons[stale.number]
    assert reasons[hidden.number] == "there is no such review"
    assert good.show(ana)["status"] == "approved"
    assert {one.show(ana)["status"] for one in (bad, stale, hidden)} == {"open"}
    again = port.call("POST", path, headers=bound | more, content=body).json()
    assert "already" in {one["id"]: one["reason"] for one in again["left"]}[good.number]
    viewer = port.key(Role.VIEWER)
    assert port.call("POST", path, headers=viewer | more, content=body).status_code == 403
