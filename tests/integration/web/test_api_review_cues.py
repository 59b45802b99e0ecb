"""The cues of a review through the API: the list, one cue, words, shot changes, and previews."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from subtitled.plugin import Cue
from subtitled.web.auth.roles import Role
from support.api_port import ApiPort
from support.heard_words import respell, speak, store_transcript
from support.opened_review import OpenedReview
from support.review_library import CUES, estimate


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiPort]:
    made = ApiPort(tmp_path_factory.mktemp("api") / "state", count=3)
    yield made
    made.close()


@pytest.fixture(scope="module")
def ana(port: ApiPort) -> dict[str, str]:
    return port.key(Role.REVIEWER)


@pytest.fixture
def review(port: ApiPort) -> OpenedReview:
    return OpenedReview(port)


def _read(review: OpenedReview, who: dict[str, str], path: str) -> dict[str, Any]:
    answer = review.send(who, "GET", path)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _say_anything(letters: random.Random) -> str:
    """Return a text of six words, which compresses worse than a real one."""
    words = ["".join(letters.choices("etaoinshrdlu", k=5)) for _ in range(6)]
    return " ".join(words)


def test_the_list_has_what_is_shown_of_each_cue_and_the_ways_through_them(
    port: ApiPort, ana: dict[str, str], review: OpenedReview
) -> None:
    estimate(port.db, review.film, review.sidecar, (0.4, 0.1, 0.8), ((20.0, 22.0),))
    tag = review.show(ana)["etag"]
    review.send(ana, "PUT", "/verdicts/2", {"verdict": "wrong"}, tag)
    corrected = {"kind": "text", "cue": "1", "lines": ["The Schufa", "said no."]}
    assert review.edit(ana, corrected, tag).status_code == 200
    listed = _read(review, ana, "/list")
    assert listed["version"] == 1
    assert [cue["text"] for cue in listed["cues"]] == [
        "The Schufa\nsaid no.",
        CUES[1].text,
        CUES[2].text,
    ]
    assert [cue["doubt"] for cue in listed["cues"]] == [None, 0.1, 0.8]
    assert [cue["changed"] for cue in listed["cues"]] == [True, False, False]
    assert [cue["verdict"] for cue in listed["cues"]] == [None, "wrong", None]
    assert listed["ways"]["worst"] == ["3", "1"]
    assert listed["ways"]["spot"] == ["1", "2", "3"]
    assert [gap["start"] for gap in listed["gaps"]] == [20.0]
    assert (listed["undo"], listed["redo"]) == (1, None)
    assert listed["etag"] == review.show(ana)["etag"]


def test_the_list_is_compressed_for_whoever_reads_that_and_sent_once(
    port: ApiPort, ana: dict[str, str]
) -> None:
    letters = random.Random(1)
    cues = tuple(
        Cue(3 * n + letters.random(), 3 * n + 1.5 + letters.random(), _say_anything(letters))
        for n in range(1500)
    )
    review = OpenedReview(port, cues)
    plain = review.send(ana, "GET", "/list", **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    small = review.send(ana, "GET", "/list", **{"Accept-Encoding": "br, gzip;q=0.5"})
    assert small.headers["content-encoding"] == "gzip"
    assert small.json() == plain.json()
    assert int(small.headers["content-length"]) < 60_000
    for refused in ("gzip;q=0", "gzip; q=0.0, br", "xgzip", ""):
        answer = review.send(ana, "GET", "/list", **{"Accept-Encoding": refused})
        assert "content-encoding" not in answer.headers, refused
    known = {"If-None-Match": small.headers["etag"]}
    assert review.send(ana, "GET", "/list", **known).status_code == 304
    tag = review.show(ana)["etag"]
    review.send(ana, "PUT", "/verdicts/2", {"verdict": "right"}, tag)
    assert review.send(ana, "GET", "/list", **known).status_code == 200


def test_a_cue_has_its_words_and_what_other_engines_understood_by_number(
    port: ApiPort, ana: dict[str, str], review: OpenedReview
) -> None:
    spoken = speak(CUES)
    store_transcript(port.configuration, review.fingerprint, "whisper-1", spoken)
    others = {"aaa-1": {"Schuffa": "Schufa"}, "bbb-2": {"Schuffa": "Shuffle", "say.": "said."}}
    for variant, spellings in others.items():
        heard = respell(spoken, spellings)
        store_transcript(port.configuration, review.fingerprint, variant, heard)
    shown = _read(review, ana, "/cues/1")
    assert (shown["number"], shown["cue_count"], shown["source"]) == (1, 3, None)
    assert shown["cue"]["lines"] == [CUES[0].text]
    assert shown["cue"]["duration"] == 2.0
    assert shown["words"]["engine"] == "whisper large"
    assert [word["text"] for word in shown["words"]["words"]] == ["The", "Schuffa", "said", "no."]
    assert shown["words"]["words"][1] == {
        "text": "Schuffa",
        "start": 1.5,
        "end": 1.95,
        "confidence": 0.9,
        "is_estimated": False,
    }
    assert [(one["number"], one["engine"], one["text"]) for one in shown["alternatives"]] == [
        (1, "aaa large", "The Schufa said no."),
        (2, "bbb large", "The Shuffle said no."),
    ]
    third = _read(review, ana, "/cues/3")
    assert [(one["number"], one["text"]) for one in third["alternatives"]] == [
        (1, "So they say."),
        (2, "So they said."),
    ]
    taken = {"kind": "take", "cue": "1", "text": shown["alternatives"][0]["text"], "engine": "aaa"}
    edited = review.edit(ana, taken, shown["etag"])
    assert edited.status_code == 200, edited.text
    assert edited.json()["cues"][0]["lines"] == shown["alternatives"][0]["lines"]
    missing = review.send(ana, "GET", "/cues/99")
    assert (missing.status_code, missing.json()["hint"]) == (404, "Read the review again")


def test_the_words_of_a_span_are_its_own_and_none_if_nothing_is_stored(
    port: ApiPort, ana: dict[str, str], review: OpenedReview
) -> None:
    nothing = _read(review, ana, "/words?start=0&end=10")
    assert (nothing["engine"], nothing["words"]) == (None, [])
    store_transcript(port.configuration, review.fingerprint, "whisper-1", speak(CUES))
    words = _read(review, ana, "/words?start=2.1&end=4.4")
    assert [word["text"] for word in words["words"]] == ["said", "no.", "He"]
    for span in ("start=3&end=3", "start=3&end=2", "start=0&end=601"):
        answer = review.send(ana, "GET", f"/words?{span}")
        assert answer.json()["type"].endswith("invalid-span"), span


def test_a_preview_counts_and_measures_and_keeps_nothing(
    ana: dict[str, str], review: OpenedReview
) -> None:
    tag = review.show(ana)["etag"]
    found = {"kind": "replace", "find": "e", "replacement": "E", "is_whole_word": False}
    tried = review.send(ana, "POST", "/preview", {"operation": found}, tag).json()
    assert (tried["cue_count"], tried["match_count"]) == (3, 5)
    assert tried["changes"][0]["after"]["lines"] == ["ThE Schuffa said no."]
    typed = {"kind": "text", "cue": "1", "lines": ["x" * 100]}
    measured = review.send(ana, "POST", "/preview", {"operation": typed}, tag).json()
    assert [cue["id"] for cue in measured["cues"]] == ["1"]
    assert (measured["cues"][0]["cps"], measured["cues"][0]["line_length"]) == (50.0, 100.0)
    assert {"warning"} == {one["severity"] for one in measured["findings"]}
    assert review.show(ana)["version"] == 0
    gone = review.send(ana, "POST", "/preview", {"operation": typed | {"cue": "9"}}, tag)
    assert gone.json()["type"].endswith("invalid-operation")
    assert review.send(ana, "POST", "/preview", {"operation": typed}).status_code == 428


def test_viewers_read_cues_and_do_not_preview(port: ApiPort, review: OpenedReview) -> None:
    viewer = port.key(Role.VIEWER)
    for path in ("/list", "/cues/1", "/words?start=0&end=9"):
        assert review.send(viewer, "GET", path).status_code == 200
    body = {"operation": {"kind": "delete", "cues": ["1"]}}
    tag = review.show(viewer)["etag"]
    assert review.send(viewer, "POST", "/preview", body, tag).status_code == 403
    stranger = port.key(Role.REVIEWER, "series")
    assert port.get(f"{review.path}/list", stranger).status_code == 404


def test_another_engine_is_asked_about_cues_and_its_words_are_an_alternative(
    port: ApiPort, ana: dict[str, str], review: OpenedReview
) -> None:
    listed = _read(review, ana, "/passages")
    assert listed["items"] == []
    (engine,) = [one["name"] for one in listed["engines"] if not one["refusal"]]
    body = {"engine": engine, "cues": ["1", "2"]}
    asked = review.send(ana, "POST", "/passages", body)
    assert asked.status_code == 202
    again = review.send(ana, "POST", "/passages", body)
    assert again.json() == asked.json()
    assert (asked.json()["status"], asked.json()["start"], asked.json()["end"]) == (
        "waiting",
        0.5,
        7.0,
    )
    port.db.passages.finish(asked.json()["id"], "whisper-1", speak(CUES[:2]))
    (item,) = _read(review, ana, "/passages")["items"]
    assert (item["status"], item["by"]) == ("done", asked.json()["by"])
    (other,) = _read(review, ana, "/cues/2")["alternatives"]
    assert (other["engine"], other["text"]) == (engine, CUES[1].text)
    tag = review.show(ana)["etag"]
    take = {"kind": "take", "cue": "1", "text": other["text"], "engine": engine}
    assert review.edit(ana, take, tag).status_code == 200
    for wrong, status in (
        ({"engine": "nobody", "cues": ["1"]}, 409),
        ({"engine": engine, "cues": ["99"]}, 404),
        ({"engine": engine, "cues": []}, 422),
        ({"engine": engine, "cues": ["1"] * 101}, 422),
        ({"engine": engine, "cues": ["<b>"]}, 422),
    ):
        answer = review.send(ana, "POST", "/passages", wrong)
        assert answer.status_code == status, answer.text
        assert answer.json()["hint"] or answer.json()["detail"]


def test_people_write_notes_on_cues_answer_and_resolve_them(
    port: ApiPort, ana: dict[str, str], review: OpenedReview
) -> None:
    ben, viewer = port.key(Role.REVIEWER), port.key(Role.VIEWER)
    first = review.send(ana, "POST", "/notes", {"cue": "2", "text": " Is it <b>York</b>? "})
    assert first.status_code == 201
    number = first.json()["id"]
    answer = review.send(ben, "POST", "/notes", {"answers": number, "text": "New York."})
    # An answer to an answer is one more in the same thread.
    reply = {"answers": answer.json()["id"], "text": "Yes."}
    assert review.send(ana, "POST", "/notes", reply).status_code == 201
    assert review.send(ana, "POST", "/notes", {"cue": "1", "text": "Who?"}).status_code == 201
    assert review.send(viewer, "POST", "/notes", {"cue": "1", "text": "x"}).status_code == 403
    earlier, thread = _read(review, viewer, "/notes")["items"]
    assert (earlier["cue"], thread["number"], thread["text"]) == ("1", 2, "Is it <b>York</b>?")
    assert [one["text"] for one in thread["answers"]] == ["New York.", "Yes."]
    assert thread["by"] != thread["answers"][0]["by"]
    resolved = review.send(ben, "PUT", f"/notes/{number}", {"resolved": True})
    assert resolved.status_code == 200
    assert _read(review, ana, "/notes")["items"][1]["resolved_by"] == thread["answers"][0]["by"]
    rows = port.get(review.path + "/report", ana, format="cues").text
    assert "Is it <b>York</b>?" in rows
    assert "New York." in rows
    assert f"resolved by {thread['answers'][0]['by']}" in rows
    page = port.get(review.path + "/report", ana, format="html").text
    assert "Is it &lt;b&gt;York&lt;/b&gt;?" in page
    # Whoever answers opens the thread again.
    review.send(ana, "POST", "/notes", {"answers": number, "text": "Wait."})
    assert _read(review, ana, "/notes")["items"][1]["resolved_by"] is None
    # Notes are no edits: nobody needs a second reader for them, and the version stays.
    assert review.show(ana)["version"] == 0
    for wrong, status in (
        ({"cue": "99", "text": "x"}, 404),
        ({"cue": "\x00", "text": "x"}, 404),
        ({"answers": 10**9, "text": "x"}, 404),
        ({"cue": "1", "text": " \x00 "}, 422),
        ({"cue": "1", "text": "x" * 2001}, 422),
        ({"cue": "1", "text": "\ud800"}, 422),
    ):
        assert review.send(ana, "POST", "/notes", wrong).status_code == status, wrong
    assert review.send(ana, "PUT", "/notes/999999", {"resolved": True}).status_code == 404


def test_a_note_stays_when_its_cue_is_gone(ana: dict[str, str], review: OpenedReview) -> None:
    review.send(ana, "POST", "/notes", {"cue": "2", "text": "Delete it?"})
    tag = review.show(ana)["etag"]
    assert review.edit(ana, {"kind": "delete", "cues": ["2"]}, tag).status_code == 200
    (thread,) = _read(review, ana, "/notes")["items"]
    assert (thread["number"], thread["start"], thread["text"]) == (
        None,
        CUES[1].start,
        "Delete it?",
    )
    answer = {"answers": thread["id"], "text": "Done."}
    assert review.send(ana, "POST", "/notes", answer).status_code == 201
