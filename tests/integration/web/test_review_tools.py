"""Tools of a review without scripts: words of other engines, snapping, splitting, many cues."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from support.heard_words import respell, speak, store_transcript
from support.review_library import CUES
from support.review_port import Reader, ReviewedFilm, ReviewSitePort


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewSitePort]:
    made = ReviewSitePort(tmp_path_factory.mktemp("site"))
    yield made
    made.port.close()


@pytest.fixture
def film(site: ReviewSitePort) -> ReviewedFilm:
    made = site.add()
    configuration = site.port.configuration
    record = site.db.reviews.get(made.number)
    assert record is not None
    spoken = speak(CUES, delay=0.2)
    store_transcript(configuration, record.fingerprint, "whisper-1", spoken)
    store_transcript(
        configuration, record.fingerprint, "qwen-2", respell(spoken, {"Schuffa": "Schufa"})
    )
    return made


@pytest.fixture
def ana(site: ReviewSitePort, film: ReviewedFilm) -> Reader:
    reader = site.reader()
    reader.open(f"{film.path}?way=straight&cue=1")
    return reader


def _undo(reader: Reader, film: ReviewedFilm) -> None:
    """Undo the last edit, and check that this was all of it."""
    reader.press(film, "undo")
    assert film.document.to_cues() == CUES


def test_the_words_of_another_engine_are_taken_and_undone(ana: Reader, film: ReviewedFilm) -> None:
    assert "The Schufa said no." in ana.page
    fields = ana.form("/cues", "qwen large") | {"action": "take"}
    fields["text"] = "The Schufa said no."
    ana.send(f"{film.path}/cues", fields)
    assert film.texts[0] == "The Schufa said no."
    assert "The words of the other engine are taken." in ana.page
    _undo(ana, film)


def test_a_cue_snaps_to_its_words_with_what_was_typed(ana: Reader, film: ReviewedFilm) -> None:
    ana.press(film, "snap-words", text="The Schufa said no.")
    cue = film.document.cues[0]
    assert (cue.start, cue.end) == (1.2, 3.15)
    assert cue.text == "The Schufa said no."
    _undo(ana, film)


def test_a_cue_snaps_to_shot_changes_and_ends_two_frames_before(
    ana: Reader, film: ReviewedFilm
) -> None:
    shots = "color=red:s=64x36:r=25:d=1.2[a];color=white:s=64x36:r=25:d=1.6[b];"
    shots += "color=blue:s=64x36:r=25:d=2[c];[a][b][c]concat=n=3"
    command = "ffmpeg -v error -nostdin -y -f lavfi -i".split()
    subprocess.run([*command, shots, "-c:v", "libx264", str(film.media)], check=True)
    ana.press(film, "snap-shots")
    cue = film.document.cues[0]
    assert cue.start == pytest.approx(1.2, abs=0.02)
    assert cue.end == pytest.approx(2.8 - 2 / 24, abs=0.03)
    _undo(ana, film)
    film.media.write_bytes(b"film")
    refused = ana.press(film, "snap-shots")
    assert refused.status_code == 409
    assert 'role="alert"' in ana.page


def test_where_nothing_was_said_a_cue_does_not_snap_and_the_text_is_shown_again(
    site: ReviewSitePort,
) -> None:
    silent = site.add()
    reader = site.reader()
    reader.open(f"{silent.path}?way=straight&cue=1")
    answer = reader.press(silent, "snap-words", text="Typed before.")
    assert answer.status_code == 400
    assert "No word is known to be said near this cue" in reader.page
    assert "Typed before." in reader.page


def test_a_split_begins_when_its_word_is_said(ana: Reader, film: ReviewedFilm) -> None:
    ana.press(film, "split", text="The Schuffa\n\nsaid no.")
    first, second = film.document.cues[:2]
    assert (first.text, second.text, second.start) == ("The Schuffa", "said no.", 2.2)
    _undo(ana, film)


def test_what_a_replacement_finds_is_counted_and_shown_before_it_is_kept(
    ana: Reader, film: ReviewedFilm
) -> None:
    asked = {"find": "SAY", "replacement": "said", "ignores_case": "yes"}
    page = ana.open(f"{film.path}/tools?{urlencode(asked)}")
    assert "Found 1 times, in 1 cues." in page
    assert "So they said." in page
    assert film.document.version == 0
    fields = ana.form("/tools", "Replace all") | {"action": "replace"}
    ana.send(f"{film.path}/tools", fields)
    assert film.texts[2] == "So they said."
    assert "The text is replaced." in ana.page
    ana.send(f"{film.path}/tools", fields)  # the form is sent twice
    assert film.document.version == 1
    _undo(ana, film)
    nothing = ana.open(f"{film.path}/tools?find=zebra")
    assert "Found 0 times, in 0 cues." in nothing
    assert "Replace all" not in nothing


def test_a_range_of_cues_is_shifted_and_a_wrong_one_told(ana: Reader, film: ReviewedFilm) -> None:
    ana.open(f"{film.path}/tools")
    form = ana.form("/tools", "shift") | {"action": "shift"}
    ana.send(f"{film.path}/tools", form | {"seconds": "-0.5", "first": "2", "last": "3"})
    assert [cue.start for cue in film.document.cues] == [1.0, 3.5, 7.5]
    _undo(ana, film)
    for wrong, told in (
        ({"seconds": "soon"}, "Write it as 01:02:03.500"),
        ({"seconds": "1", "first": "9"}, "numbered from 1 to 3"),
        ({"seconds": "1", "first": "0000000019"}, "numbered from 1 to 3"),
        ({"seconds": "1", "first": "3", "last": "1"}, "range ends before it begins"),
        ({"seconds": "-9"}, "outside the media"),
    ):
        ana.open(f"{film.path}/tools")
        fields = ana.form("/tools", "shift") | {"action": "shift"} | wrong
        assert ana.send(f"{film.path}/tools", fields).status_code in (400, 409)
        assert told in ana.page, wrong
    assert film.document.to_cues() == CUES


def test_viewers_see_what_engines_understood_and_change_nothing(
    site: ReviewSitePort, film: ReviewedFilm
) -> None:
    viewer = site.reader("viewer")
    page = viewer.open(f"{film.path}?way=straight&cue=1")
    assert "The Schufa said no." in page
    assert "Take these words" not in page
    viewer.open(f"{film.path}/tools", 403)


def test_another_engine_is_asked_about_a_cue_and_the_page_says_how_far_it_is(
    site: ReviewSitePort, ana: Reader, film: ReviewedFilm
) -> None:
    assert f"{film.path}/ask?cue=1" in ana.page
    page = ana.open(f"{film.path}/ask?cue=1")
    assert "The Schuffa said no." in page
    ana.send(f"{film.path}/ask", ana.form("/ask", "whisper") | {"engine": "whisper"})
    assert "waiting" in ana.page
    (asked,) = site.db.passages.of_review(film.number)
    assert (asked.engine, asked.span.start, asked.span.end) == ("whisper", 0.5, 3.5)
    site.db.passages.fail(asked.id, "the key is <wrong>", "Write the right one")
    page = ana.open(f"{film.path}/ask?cue=1")
    assert "failed" in page
    assert "the key is &lt;wrong&gt;" in page
    assert "Write the right one" in page
    wrong = ana.form("/ask", "whisper") | {"engine": "nobody"}
    assert ana.send(f"{film.path}/ask", wrong).status_code == 409
    assert "there is no engine" in ana.page
    # Without a cue, or with an unknown one, it shows what was asked.
    for query in ("", "?cue=99", "?cue=%3Cb%3E"):
        assert "failed" in ana.open(f"{film.path}/ask{query}")


def test_notes_are_written_answered_and_resolved_on_a_page(ana: Reader, film: ReviewedFilm) -> None:
    assert f"{film.path}/notes?cue=1" in ana.page
    ana.open(f"{film.path}/notes?cue=1")
    form = ana.form("/notes", "note-text")
    ana.send(f"{film.path}/notes", form | {"text": "Is it <i>Schufa</i>?", "action": "write"})
    assert "Is it &lt;i&gt;Schufa&lt;/i&gt;?" in ana.page
    thread = ana.form("/notes", "answer-")
    ana.send(f"{film.path}/notes", thread | {"text": "It is.", "action": "answer"})
    assert "It is." in ana.page
    ana.send(f"{film.path}/notes", thread | {"action": "resolve"})
    assert "resolved by" in ana.page
    ana.send(f"{film.path}/notes", thread | {"action": "reopen"})
    assert "resolved by" not in ana.page
    for wrong in ({"text": " ", "action": "write"}, {"note": "x", "action": "resolve"}):
        assert ana.send(f"{film.path}/notes", form | wrong).status_code == 409
    assert film.document.to_cues() == CUES
