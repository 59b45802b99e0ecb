"""Quality reports of reviews: what people said, found and changed, as CSV and as a page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from subtitled.daemon.review_reports.gathering import (
    QualityReport,
    TooManyReviewsError,
    report_activity,
    report_review,
)
from subtitled.daemon.review_reports.page import render_report
from subtitled.daemon.review_reports.report import CueChangeKind
from subtitled.daemon.review_reports.tables import write_counts, write_cues
from subtitled.daemon.reviews.approving import approve_review
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.db.operations import (
    CueVerdict,
    ErrorCategory,
    ErrorSeverity,
    ReviewActivity,
    Verdict,
)
from subtitled.plugin import Cue, Language
from subtitled.subtitles.evaluation.compliance import ComplianceRule
from subtitled.subtitles.review import operations as ops
from support.review_library import FULL, ReviewLibrary, publish

ANA, BEN = Actor.user("ana"), Actor.user("ben")
NOTE = "=HYPERLINK(\"http://x\")\n<script>alert('note')</script>"
CUES = (
    Cue(1.0, 3.0, "The Schuffa said no."),
    Cue(4.0, 6.5, "He lives in New York."),
    Cue(8.0, 10.0, "So they say."),
    Cue(12.0, 14.0, "And that was all of it."),
    Cue(16.0, 16.3, "But nobody can read so much in so little time."),
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[ReviewLibrary]:
    made = ReviewLibrary(tmp_path)
    yield made
    made.db.close()


def _edit(library: ReviewLibrary, number: int, name: str, operation: ops.SimpleOperation) -> None:
    tag = VersionTag.of(library.service.load(number))
    library.service.edit(number, name, operation, tag, ANA)


def _judge(library: ReviewLibrary, number: int, cue: str, at: float = 1e9, **said: str) -> None:
    verdict = CueVerdict(
        cue=cue,
        verdict=Verdict(said.get("verdict", "wrong")),
        category=ErrorCategory(said["category"]) if "category" in said else None,
        severity=ErrorSeverity(said["severity"]) if "severity" in said else None,
        note=said.get("note", ""),
        actor="ben",
        at=at,
    )
    library.service.set_verdict(number, verdict, VersionTag.of(library.service.load(number)))


@pytest.fixture
def number(library: ReviewLibrary) -> int:
    """A review in which cues were judged, corrected, retimed, split and deleted."""
    opened = library.open("=Film", CUES)
    _judge(library, opened, "1", category="terms", severity="major", note=NOTE)
    _judge(library, opened, "3", category="style")
    _judge(library, opened, "2", verdict="right")
    _edit(library, opened, "a", ops.SetText(cue="1", lines=("The SCHUFA said no.",)))
    _edit(library, opened, "b", ops.Delete(cues=("3",)))
    _edit(library, opened, "c", ops.SetTimes(cue="2", start=4.0, end=6.0))
    split = ops.Split(cue="4", at=13.0, first=("And that was",), second=("- all of it.",))
    _edit(library, opened, "d", split)
    return opened


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_each_cue_says_what_was_found_said_and_changed(library: ReviewLibrary, number: int) -> None:
    (report,) = report_review(library.service, number).reports
    changes = {cue.cue: cue.change for cue in report.cues}
    assert changes == {
        "1": CueChangeKind.TEXT,
        "2": CueChangeKind.TIMES,
        "3": CueChangeKind.DELETED,
        "4": CueChangeKind.TEXT,
        "d.1": CueChangeKind.INSERTED,
        "5": CueChangeKind.NONE,
    }
    (fast,) = (cue for cue in report.cues if cue.cue == "5")
    assert ComplianceRule.SPEED in {one.rule for one in fast.findings}
    totals = report.totals
    assert (totals.cues, totals.judged, totals.right, totals.wrong) == (5, 3, 1, 2)
    assert totals.changed == 5
    assert totals.errors == {
        (ErrorCategory.TERMS, ErrorSeverity.MAJOR): 1,
        (ErrorCategory.STYLE, None): 1,
    }
    assert totals.per_100_cues(totals.wrong) == 40.0
    # One word was corrected, three were deleted; those of the split cue only moved.
    assert (totals.words.errors, totals.words.replaced) == (4, 1)
    assert report.editors == ("ana",)


def test_a_table_has_what_was_said_and_no_cell_is_a_formula(
    library: ReviewLibrary, number: int
) -> None:
    rows = {row["cue"]: row for row in _rows(write_cues(report_review(library.service, number)))}
    first = rows["1"]
    assert first["file"].endswith("/=Film.mkv")
    assert (first["verdict"], first["category"], first["severity"]) == ("wrong", "terms", "major")
    assert first["note"] == f"'{NOTE}"
    assert (first["judged_by"], first["judged_at"]) == ("ben", "2001-09-09T01:46:40Z")
    assert (first["machine_text"], first["text"]) == ("The Schuffa said no.", "The SCHUFA said no.")
    assert first["difference"] == "The [-Schuffa-]{+SCHUFA+} said no."
    assert (rows["3"]["change"], rows["3"]["number"], rows["3"]["text"]) == ("deleted", "", "")
    assert rows["d.1"]["text"] == "'- all of it.", "a dialogue dash is a sign of a formula, too"
    assert rows["d.1"]["machine_text"] == ""
    assert "warning" in rows["5"]["findings"] or "error" in rows["5"]["findings"]
    for row in rows.values():
        for cell in row.values():
            assert not cell.lstrip().startswith(("=", "+", "-", "@"))


def test_a_table_counts_errors_by_category_and_severity(
    library: ReviewLibrary, number: int
) -> None:
    rows = _rows(write_counts(report_review(library.service, number)))
    found = {(row["category"], row["severity"]): row["wrong"] for row in rows}
    assert found == {("all", "all"): "2", ("terms", "major"): "1", ("style", ""): "1"}
    assert {row["wrong_per_100_cues"] for row in rows} == {"40.0", "20.0"}


class _Page(HTMLParser):
    """The elements of a page, and the text of some."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)


def _read_page(report: QualityReport) -> _Page:
    text = render_report(report, 1e9)
    assert text.startswith("<!doctype html>")
    page = _Page(text)
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & {
        tag for tag, _ in page.tags
    }
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "href")]
    return page


def test_the_page_stands_alone_and_runs_nothing(library: ReviewLibrary, number: int) -> None:
    page = _read_page(report_review(library.service, number))
    assert page.texts["del"][1:] == ["Schuffa", "So they say.", " all of it."]
    assert page.texts["ins"][1:] == ["SCHUFA", "- all of it."]
    assert any("alert('note')" in text for text in page.texts["bdi"]), "a note is shown as text"


def test_a_text_from_right_to_left_says_so(library: ReviewLibrary) -> None:
    record, _ = library.add("Arabic")
    arabic = Language("ar")
    publish(library.db, record.path, (Cue(1.0, 4.0, "قال لا."),), "srt", arabic)
    number = library.service.open(record, arabic, FULL).id
    _edit(library, number, "a", ops.SetText(cue="1", lines=("قال نعم.",)))
    page = _read_page(report_review(library.service, number))
    spans = [attributes for tag, attributes in page.tags if tag == "span" and "dir" in attributes]
    assert spans and all(one["dir"] == "rtl" and one["lang"] == "ar" for one in spans)
    assert page.texts["ins"][1:] == ["نعم"]


def test_a_time_is_about_the_reviews_that_people_worked_on_in_it(library: ReviewLibrary) -> None:
    judged, edited, approved, _untouched = (library.open(name) for name in "ABCD")
    _judge(library, judged, "1", at=1e9)
    _edit(library, edited, "e", ops.SetText(cue="1", lines=("Edited.",)))
    approve_review(library.service, approved, BEN, accepts_warnings=True)

    def numbers(**activity: object) -> list[int]:
        found = report_activity(library.service, ReviewActivity(**activity))  # type: ignore[arg-type]
        return [one.record.id for one in found.reports]

    assert numbers() == [judged, edited, approved]
    assert numbers(since=1e9 + 1) == [edited, approved]
    assert numbers(since=1e9, until=1e9 + 1) == [judged]
    assert numbers(libraries=["series"]) == []
    assert numbers(language="de") == []
    with pytest.raises(TooManyReviewsError, match="more than 2 reviews"):
        report_activity(library.service, ReviewActivity(), 2)
    whole = report_activity(library.service, ReviewActivity())
    assert (whole.totals.reviews, whole.totals.judged, whole.totals.changed) == (3, 1, 1)
    _read_page(whole)


def test_a_review_whose_subtitle_is_gone_is_named_and_the_others_are_told(
    library: ReviewLibrary,
) -> None:
    record, sidecar = library.add("Gone")
    approved = library.service.open(record, Language("en"), FULL).id
    kept = library.open("Kept")
    approve_review(library.service, approved, BEN, accepts_warnings=True)
    _judge(library, kept, "1")
    sidecar.unlink()
    report = report_activity(library.service, ReviewActivity())
    assert [one.record.id for one in report.reports] == [kept]
    (reason,) = report.left_out
    assert f"review {approved}" in reason and "Gone.mkv" in reason
    assert any("Gone.mkv" in text for text in _read_page(report).texts["bdi"])
