"""The review pages without scripts: the queue, hearing, correcting, judging and approving."""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from subtitled.db.review_records import ReviewStatus
from subtitled.plugin import Cue
from subtitled.subtitles.formats import read_cues
from support.review_library import CUES
from support.review_port import Reader, ReviewedFilm, ReviewSitePort
from support.web_library import HOSTILE

LINES = tuple(Cue(index * 4.0 + 1, index * 4.0 + 3, f"Line {index} of it.") for index in range(130))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewSitePort]:
    made = ReviewSitePort(tmp_path_factory.mktemp("site"))
    yield made
    made.port.close()


@pytest.fixture
def film(site: ReviewSitePort) -> ReviewedFilm:
    return site.add(probabilities=(0.2, 0.9, 0.4))


@pytest.fixture
def ana(site: ReviewSitePort) -> Reader:
    return site.reader()


def wait_for(is_done: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 60
    while not is_done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def links_of(reader: Reader) -> list[str]:
    """Return the reviews that a page leads to."""
    return re.findall(r'href="(/review/\d+)"', reader.page)


def test_the_queue_begins_with_the_most_expected_errors_and_goes_on_by_pages(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    site = ReviewSitePort(tmp_path_factory.mktemp("queue"))
    reader = site.reader("viewer")
    assert "Nothing waits for a review." in reader.open("/review")
    assert 'class="count"' not in reader.page
    films = [site.add(probabilities=(0.01 * number, 0.3, 0.0)) for number in range(55)]
    first = reader.open("/review")
    # A number that took long to count is kept for some seconds.
    wait_for(lambda: '<span class="count">55</span>' in reader.open("/review"))
    wait_for(lambda: "55 subtitles wait for a review" in reader.open("/"))
    (after,) = re.findall(r'<a rel="next" href="([^"]+)"', first)
    second = reader.open(after.replace("&amp;", "&"))
    found = [int(one) for page in (first, second) for one in re.findall(r"/review/(\d+)\"", page)]
    assert found == [film.number for film in reversed(films)]
    assert "1 / 3" in first  # one doubtful cue of three
    site.port.close()


def test_the_queue_is_filtered_by_the_address(site: ReviewSitePort, film: ReviewedFilm) -> None:
    other = site.add(library="series", probabilities=(0.5, 0.5, 0.5))
    reader = site.reader("viewer")
    reader.open("/review?library=series")
    assert other.path in links_of(reader)
    assert film.path not in links_of(reader)
    assert '<option value="series" selected>' in reader.page
    reader.open("/review?language=de")
    assert links_of(reader) == []
    assert "No review is like this." in reader.page
    reader.open("/review?state=approved&library=series")
    assert links_of(reader) == []
    reader.open("/review?after=nonsense", status=400)
    bound = site.reader("bound")
    bound.open("/review")
    assert other.path in links_of(bound)
    assert film.path not in bound.page
    bound.open(film.path, status=404)
    assert bound.browser.post(f"{film.path}/cues", {"action": "keep"}).status_code == 404
    assert bound.browser.post(f"{film.path}/approve", {}).status_code == 404


def test_the_worst_cue_is_the_first_one_and_says_why_in_words(
    site: ReviewSitePort, ana: Reader
) -> None:
    film = site.add(probabilities=(0.2, 0.9, 0.4), gaps=((20.0, 23.5),))
    page = ana.open(film.path)
    assert "Cue 2 / 3" in page
    assert "very doubtful (90 %)" in page
    assert "The recogniser was unsure of word 1." in page
    sound = f'<source src="/api/v1/reviews/{film.number}/sound?start=3.7&amp;end=6.8"'
    assert sound in page
    assert '<audio controls preload="none"' in page
    assert "Speech without a cue" in page
    assert "00:00:20.000 – 00:00:23.500" in page
    listed = re.findall(r'way=worst&amp;cue=(\d+)#cue"[^>]*>\d+ ·', page)
    assert listed == ["2", "3"]
    german = ana.browser.get(film.path, **{"Accept-Language": "de"}).text
    assert "Der Erkenner war unsicher bei word 1." in german
    ana.press(film, "keep")
    ana.open(film.path)
    assert (
        ana.send(
            f"{film.path}/cues", ana.form("/cues", 'value="add"') | {"action": "add"}
        ).status_code
        == 303
    )
    assert "Cue 4 / 4" in ana.page
    assert "Speech without a cue" not in ana.page
    assert "error: has no text" in ana.page


def test_the_three_ways_show_how_far_a_person_is(site: ReviewSitePort, ana: Reader) -> None:
    probabilities = tuple(0.8 if number % 10 == 0 else 0.0 for number in range(130))
    film = site.add(LINES, probabilities=probabilities)
    assert "Worst first</a>" not in ana.open(film.path)
    for text in ("Worst first: 0 / 13", "Straight through: 0 / 130", "Spot check: 0 / 7"):
        assert text in ana.page
    ana.press(film, "right")
    assert "Worst first: 1 / 13" in ana.page
    assert "Cue 11 / 130" in ana.page
    ana.open(f"{film.path}?way=straight&cue=77")
    assert "Cue 77 / 130" in ana.page
    assert ana.page.count('<li><a href="') + ana.page.count('<li class="chosen">') >= 50
    assert "Cues before these" in ana.page and "Cues after these" in ana.page
    ana.press(film, "keep", text="Another text.")
    assert "Cue 77 / 130" in ana.page
    assert "Straight through: 2 / 130" in ana.page
    ana.open(f"{film.path}?way=spot")
    assert "Cue 2 / 130" in ana.page  # the first one was judged before


def test_each_button_is_one_step_that_is_undone_and_redone(film: ReviewedFilm, ana: Reader) -> None:
    before = film.texts
    for action, typed, after in (
        ("keep", {"text": "He lives in Oslo."}, [before[0], "He lives in Oslo.", before[2]]),
        (
            "split",
            {"text": "He lives\r\n\r\nin New York."},
            [before[0], "He lives", "in New York.", before[2]],
        ),
        ("merge", {}, [before[0], f"{before[1]}\n{before[2]}"]),
        ("merge", {"text": "He left."}, [before[0], f"He left.\n{before[2]}"]),
        ("insert", {}, [before[0], before[1], "", before[2]]),
        ("delete", {"text": "typed in vain"}, [before[0], before[2]]),
    ):
        ana.open(f"{film.path}?cue=2")
        assert ana.press(film, action, **typed).status_code == 303, action
        assert film.texts == after, action
        ana.open(film.path)  # the edits survive a reload
        assert ana.press(film, "undo").status_code == 303
        assert film.texts == before, action
        assert ana.press(film, "redo").status_code == 303
        assert film.texts == after, action
        ana.press(film, "undo")
    ana.open(f"{film.path}?cue=2")
    ana.press(film, "keep", start="4,25", end="00:00:06.000")
    assert [(cue.start, cue.end) for cue in film.document.cues][1] == (4.25, 6.0)
    ana.press(film, "break", text="One two three four five six seven eight nine ten eleven twelve.")
    assert len(film.document.cues[1].lines) == 2
    ana.press(film, "restore")
    assert film.texts == before


def test_a_cue_is_judged_with_category_and_note_and_the_verdict_taken_back(
    site: ReviewSitePort, film: ReviewedFilm, ana: Reader
) -> None:
    ana.open(film.path)
    answer = ana.press(
        film, "wrong", category="terms", severity="major", note=f"not {HOSTILE}", text="Corrected."
    )
    assert answer.status_code == 303
    assert "Cue 3 / 3" in ana.page  # the next doubtful one
    (verdict,) = site.db.operations.verdicts_of(film.number)
    assert (verdict.cue, verdict.verdict, verdict.category) == ("2", "wrong", "terms")
    assert (verdict.severity, verdict.actor) == ("major", "reviewer")
    assert film.texts[1] == "Corrected."
    page = ana.open(f"{film.path}?cue=2")
    assert HOSTILE not in page
    assert "&lt;img src=x" in page
    ana.press(film, "unjudge")
    assert site.db.operations.verdicts_of(film.number) == []
    ana.press(film, "right", category="terms")
    (verdict,) = site.db.operations.verdicts_of(film.number)
    assert (verdict.verdict, verdict.category) == ("right", None)


@pytest.mark.parametrize(
    ("action", "typed", "said"),
    [
        ("keep", {"start": "soon"}, "“soon” is no time"),
        ("keep", {"end": "0:99:99"}, "is no time"),
        ("keep", {"start": "9", "end": "8"}, "has to end after it begins"),
        ("split", {"text": "one line"}, "put an empty line"),
        ("keep", {"text": "x" * 1001}, "cannot be kept like this"),
        ("keep", {"text": "\n".join("line" for _ in range(30))}, "cannot be kept like this"),
        ("fly", {}, "no such action"),
        ("keep", {"version": "v1"}, "too old"),
    ],
)
def test_what_cannot_be_kept_is_shown_again_as_it_was_typed(
    film: ReviewedFilm, ana: Reader, action: str, typed: dict[str, str], said: str
) -> None:
    ana.open(f"{film.path}?cue=2")
    fields = {"text": "What I typed & meant.", **typed, "action": action}
    answer = ana.send(f"{film.path}/cues", ana.form("/cues", 'value="keep"') | fields)
    assert answer.status_code == 400
    assert said in answer.text
    assert film.texts[1] == "He lives in New York."
    shown = ana.form("/cues", 'value="keep"')
    for name in {"text", "start", "end"} & set(fields):
        assert shown[name] == fields[name]


def test_the_values_of_a_cue_stand_beside_the_limits_of_its_library(
    site: ReviewSitePort, ana: Reader
) -> None:
    film = site.add(
        (Cue(1, 2, "Far too many words to be read by anybody in a second."), *LINES[3:5])
    )
    page = ana.open(film.path)
    rows = dict(re.findall(r'<th scope="row" role="rowheader">([^<]+)</th>(.*?)</tr>', page))
    assert "53" in rows["Characters a second"] and "≤ 20" in rows["Characters a second"]
    assert "warning" in rows["Characters a second"]
    assert "warning" in rows["Characters a line"]
    assert "good" in rows["Duration"] and "good" in rows["Lines"]
    assert "1 cue with a warning" in page


def test_a_cue_carries_its_language_and_direction(site: ReviewSitePort, ana: Reader) -> None:
    film = site.add((Cue(1, 3, "مرحبا بكم"),))
    film.add_subtitle((Cue(1, 3, "مرحبا بكم"),), "ar")
    page = ana.open(film.path)
    assert '<textarea id="text" name="text" rows="4" lang="en" dir="ltr"' in page
    record = site.db.files.get_by_id(film.film)
    assert record is not None
    ana.open(f"/files/{film.film}")
    fields = ana.form(f"/files/{film.film}/review")
    ana.send(f"/files/{film.film}/review", fields)
    assert 'lang="ar" dir="rtl"' in ana.page
    # It is a translation from English, whose text stands beside it.
    assert "What is said (en)" in ana.page


def test_the_page_of_a_file_and_the_menu_lead_to_its_review(
    site: ReviewSitePort, film: ReviewedFilm, ana: Reader
) -> None:
    page = ana.open(f"/files/{film.film}")
    assert f'href="{film.path}"' in page
    assert 'href="/review"' in page
    viewer = site.reader("viewer")
    page = viewer.open(film.path)
    assert f'action="{film.path}' not in page
    assert "He lives in New York." in page
    for path in ("cues", "approve", "reopen", "unlock", "holder"):
        assert viewer.browser.post(f"{film.path}/{path}", {}).status_code == 403
    foreign = {"csrf_token": "another"}
    assert ana.browser.post(f"{film.path}/cues", foreign).status_code == 403


def test_two_people_in_one_review_keep_edits_of_different_cues_and_see_both_of_the_same(
    site: ReviewSitePort, film: ReviewedFilm, ana: Reader
) -> None:
    ben = site.reader("ben")
    ana.open(f"{film.path}?cue=1")
    ben.open(f"{film.path}?cue=3")
    mine = site.reader("ben")
    mine.open(f"{film.path}?cue=1")
    ana.press(film, "keep", text="Hers & only hers.")
    assert ben.press(film, "keep", text="His.").status_code == 303
    assert film.texts == ["Hers & only hers.", "He lives in New York.", "His."]
    answer = mine.press(film, "right", text="His own.")
    assert answer.status_code == 409
    for text in ("The Schuffa said no.", "His own.", "Hers &amp; only hers."):
        assert text in answer.text
    assert film.texts[0] == "Hers & only hers."
    assert site.db.operations.verdicts_of(film.number) == []
    assert mine.form("/cues")["text"] == "His own."
    assert mine.press(film, "keep").status_code == 303
    assert film.texts[0] == "His own."


def test_a_text_for_a_cue_that_somebody_deleted_can_be_inserted_again(
    site: ReviewSitePort, film: ReviewedFilm, ana: Reader
) -> None:
    ben = site.reader("ben")
    ben.open(f"{film.path}?cue=2")
    ana.open(f"{film.path}?cue=2")
    ana.press(film, "delete")
    page = ana.send(
        f"{film.path}/cues",
        ana.form("/cues", 'value="keep"')
        | {"cue": "2", "action": "keep", "text": "Typed too late."},
    )
    assert page.status_code == 400
    assert "There is no such cue" in page.text
    assert ana.form("/cues", 'value="add"')["text"] == "Typed too late."
    answer = ben.press(film, "keep", text="He lived in Oslo.")
    assert answer.status_code == 409
    assert "no such cue" in answer.text
    assert ben.press(film, "add").status_code == 303
    assert film.texts == ["The Schuffa said no.", "He lived in Oslo.", "So they say."]


def test_a_form_that_is_sent_twice_is_applied_once(film: ReviewedFilm, ana: Reader) -> None:
    ana.open(f"{film.path}?cue=2")
    fields = ana.form("/cues", 'value="insert"') | {"action": "insert"}
    with ThreadPoolExecutor(4) as pool:
        statuses = list(
            pool.map(lambda _: ana.browser.post(f"{film.path}/cues", fields).status_code, range(8))
        )
    assert set(statuses) == {303}
    assert len(film.document.cues) == 4


def test_errors_bar_the_approval_and_warnings_are_asked_for_once(
    site: ReviewSitePort, ana: Reader
) -> None:
    quick = "These are far too many words for anybody to read."
    film = site.add((Cue(1, 2, quick), Cue(4, 6, "Fine."), Cue(8, 9, "Good.")))
    ana.open(f"{film.path}?cue=2")
    ana.press(film, "keep", start="8.5", end="10")
    page = ana.open(f"{film.path}/approve")
    assert "1 cue with an error" in page
    assert "error: overlaps the next" in page
    assert f'action="{film.path}/approve"' not in page
    version = re.findall(r"v1-[0-9a-f]{12}", ana.open(film.path))[0]
    fields = {"version": version, "accepts_warnings": "yes"}
    assert ana.browser.post(f"{film.path}/approve", fields).status_code == 409
    ana.press(film, "undo")
    page = ana.open(f"{film.path}/approve")
    assert "Approve with these warnings" in page
    fields = ana.form("/approve")
    unasked = {name: value for name, value in fields.items() if name != "accepts_warnings"}
    assert ana.browser.post(f"{film.path}/approve", unasked).status_code == 409
    answer = ana.approve(film)
    assert answer.status_code == 303
    assert "Approved, written and locked:" in ana.page


def test_an_approval_writes_every_format_locks_them_and_opens_the_next_file(
    site: ReviewSitePort, ana: Reader
) -> None:
    film = site.add(probabilities=(0.2, 0.9, 0.4), library="series")
    following = site.add(probabilities=(0.9, 0.9, 0.7), library="series")
    taken = site.add(probabilities=(0.9, 0.9, 0.9), library="series")
    bound, ben = site.reader("bound"), site.reader("ben")
    ben.open(taken.path)
    ben.press(taken, "right")
    bound.open(film.path)
    bound.press(film, "keep", text="He lives in Oslo.")
    assert f"<bdi>{'bound'}</bdi>" in bound.open("/review")
    bound.open(f"{film.path}/approve")
    answer = bound.approve(film)
    assert answer.headers["location"] == f"{following.path}?approved={film.number}"
    assert "Approved, written and locked:" in bound.page
    cues = read_cues(film.sidecar.read_bytes(), "srt")
    assert [cue.text for cue in cues][1] == "He lives in Oslo."
    signature = site.db.sidecars.approval(film.sidecar)
    assert signature is not None
    assert signature.approved is not None
    assert signature.approved.by == "bound"
    page = bound.open(film.path)
    assert f'action="{film.path}/cues"' not in page
    assert "Reopen the review" in page
    assert bound.browser.post(f"{film.path}/approve", {}).status_code == 303  # sent twice
    assert film.path in bound.open("/review?state=approved")


def test_an_approved_review_is_reopened_and_its_files_unlocked(
    site: ReviewSitePort, film: ReviewedFilm, ana: Reader
) -> None:
    stale = site.reader("ben")
    stale.open(f"{film.path}?cue=1")
    ana.open(f"{film.path}/approve")
    assert ana.approve(film).status_code == 303
    answer = stale.press(film, "keep", text="Too late.")
    assert answer.status_code == 409
    assert "Too late." in answer.text
    assert "Reopen it first" in answer.text
    ana.open(film.path)
    assert ana.send(f"{film.path}/reopen", {}).status_code == 303
    assert "The review is open again." in ana.page
    record = site.db.reviews.get(film.number)
    assert record is not None
    assert record.status is ReviewStatus.OPEN
    assert site.db.sidecars.approval(film.sidecar) is not None
    ana.press(film, "keep", text="Corrected after all.")
    ana.open(f"{film.path}/approve")
    ana.approve(film)
    ana.open(film.path)
    assert ana.send(f"{film.path}/unlock", {}).status_code == 303
    assert "The files are unlocked." in ana.page
    assert site.db.sidecars.approval(film.sidecar) is None


def test_a_file_that_another_program_changed_is_shown_in_three_versions_and_not_overwritten(
    film: ReviewedFilm, ana: Reader
) -> None:
    ana.open(f"{film.path}?cue=1")
    ana.press(film, "keep", text="Mine.")
    theirs = film.sidecar.read_text("utf-8").replace("So they say.", "Theirs.")
    film.sidecar.write_text(theirs, "utf-8")
    ana.open(f"{film.path}/approve")
    answer = ana.approve(film)
    assert answer.status_code == 409
    assert film.sidecar.read_text("utf-8") == theirs
    for text in ("As the review began", "Mine.", "Theirs.", "2 places differ."):
        assert text in answer.text
    assert ana.approve(film).status_code == 303  # now with the hash of the file that was shown
    assert [cue.text for cue in read_cues(film.sidecar.read_bytes(), "srt")] == [
        "Mine.",
        "He lives in New York.",
        "So they say.",
    ]


def test_a_file_that_was_deleted_meanwhile_is_written_only_when_that_was_shown(
    film: ReviewedFilm, ana: Reader
) -> None:
    ana.open(f"{film.path}?cue=2")
    ana.press(film, "keep", text="Mine.")
    film.sidecar.unlink()
    ana.open(f"{film.path}/approve")
    answer = ana.approve(film)
    assert answer.status_code == 409
    assert "The file is gone" in answer.text
    assert not film.sidecar.exists()
    assert ana.approve(film).status_code == 303
    assert film.sidecar.exists()


def test_a_long_subtitle_is_a_small_page(site: ReviewSitePort, ana: Reader) -> None:
    cues = tuple(
        Cue(index * 4.0, index * 4.0 + 3.2, f"This is line {index} of the talk, and\nit goes on.")
        for index in range(1500)
    )
    film = site.add(cues, probabilities=tuple(0.5 if n % 3 else 0.1 for n in range(1500)))
    for way in ("worst", "straight", "spot"):
        page = ana.open(f"{film.path}?way={way}")
        assert len(gzip.compress(page.encode())) < 60_000


def test_a_review_whose_subtitle_is_gone_says_so(site: ReviewSitePort, ana: Reader) -> None:
    film = site.add()
    film.sidecar.unlink()
    page = ana.open(film.path, status=404)
    assert "is not there any more" in page
    ana.open("/review/999999", status=404)


def test_who_has_a_review_is_shown_until_they_let_it_go(
    site: ReviewSitePort, film: ReviewedFilm, ana: Reader
) -> None:
    ana.open(film.path)
    ana.press(film, "right")
    ben = site.reader("ben")
    assert "Who has it: <bdi>reviewer</bdi>" in ben.open(film.path)
    assert "Let others have it" not in ben.page
    ana.open(film.path)
    ana.send(f"{film.path}/holder", {})
    assert "Who has it" not in ben.open(film.path)
    barrier = threading.Barrier(2)

    def judge(reader: Reader) -> int:
        reader.open(film.path)
        barrier.wait(timeout=20)
        return reader.press(film, "right").status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(judge, (ana, ben))) == [303, 303]


def test_ticked_subtitles_are_approved_at_once_and_those_with_errors_are_named(
    site: ReviewSitePort,
) -> None:
    good, bad = site.add(), site.add((*CUES, Cue(9.5, 12.0, "Too early.")))
    hidden, edited = site.add(library="series"), site.add()
    reader = site.reader("ben")
    reader.open("/review?library=films")
    ticked = [f"{one.number}-0" for one in (good, bad, edited, hidden)]
    assert f'value="{good.number}-0"' in reader.page
    later = site.reader()
    later.open(edited.path)
    later.press(edited, "keep", text="Edited meanwhile.")
    form = reader.form("/review/approve?library=films")
    bound = site.reader("bound")
    bound.open("/review")
    answer = reader.send(
        "/review/approve?library=films",
        form | {"review": ticked[:3], "accepts_warnings": "yes"},  # type: ignore[dict-item]
    )
    assert answer.status_code == 200
    page = reader.page
    assert page.index("Approved, written and locked") < page.index(good.path + '"')
    assert "1 cue is wrong" in page and "has version 1 meanwhile" in page
    db = site.db.reviews
    states = {one.number: db.get(one.number) for one in (good, bad, edited, hidden)}
    approved = {number for number, record in states.items() if record and record.approved_by}
    assert approved == {good.number}
    path = "/review/approve?library=films"
    nothing = reader.send(path, reader.form(path))
    assert "Nothing was chosen" in nothing.text
    own = bound.form("/review/approve") | {"review": f"{bad.number}-0"}
    assert "Nothing was chosen" in bound.send("/review/approve", own).text
    viewer = site.reader("viewer")
    assert "checkbox" not in viewer.open("/review")
