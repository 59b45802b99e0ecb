"""Reviews are ordered by their expected errors, and every operation is stored once."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from subtitled.db.actors import Actor
from subtitled.db.approvals import record_approval
from subtitled.db.database import Database
from subtitled.db.operations import (
    CueVerdict,
    ErrorCategory,
    ErrorSeverity,
    NewOperation,
    ReviewBase,
    Verdict,
)
from subtitled.db.records import FileRecord
from subtitled.db.review_records import (
    HOLD_SECONDS,
    CueEstimate,
    ReviewFilter,
    ReviewPosition,
    ReviewStatus,
    SubtitleEstimate,
)
from subtitled.db.sidecars import SidecarStatus
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.ownership import SidecarDescription, Signature
from support.seen_files import record_seen

ANA, BEN = Actor.user("ana"), Actor.user("ben")

ENGLISH, FULL = Language("en"), SubtitleKind.FULL
BASE = ReviewBase(format="srt", sha256="abc", cues="[]")
EDIT = NewOperation(
    operation_id="one",
    actor=ANA.name,
    person=ANA.person,
    made_on=0,
    kind="text",
    operation="{}",
    change="[]",
)


@pytest.fixture
def db(tmp_path: Path, server: str | None) -> Database:
    return Database(tmp_path / "subtitled.sqlite", server)


def _add_file(db: Database, name: str = "Film", library: str = "films") -> FileRecord:
    path = Path(f"/{library}/{name}.mkv")
    record_seen(db, library, path, Path("/").stat())
    record = db.files.get(path)
    assert record is not None
    sidecar = path.with_suffix(".en.srt")
    description = SidecarDescription(
        name=sidecar.name, fingerprint="f0", language=ENGLISH, format="srt", variant="test"
    )
    db.sidecars.adopt([(sidecar, path, Signature.create(b"text", description))])
    return record


def _estimate(file_id: int, expected_errors: float = 2.5, sha256: str = "abc") -> SubtitleEstimate:
    return SubtitleEstimate(
        file_id=file_id,
        language=ENGLISH,
        kind=FULL,
        sha256=sha256,
        expected_errors=expected_errors,
        flagged=1,
        cue_count=9,
        cues=[CueEstimate(index=3, probability=0.75, reasons=["unsure of", {"text": "loop"}])],
        elsewhere=[{"start": 5.0, "end": 7.0}],
    )


def test_an_estimate_opens_a_review_and_a_later_one_replaces_it(db: Database) -> None:
    file = _add_file(db)
    number = db.reviews.keep_estimate(_estimate(file.id))
    assert db.reviews.keep_estimate(_estimate(file.id, 1.0, "def")) == number
    assert db.reviews.open(file.id, ENGLISH, FULL) == number
    assert db.reviews.open(file.id, Language("de"), FULL) != number
    record = db.reviews.get(number)
    assert record is not None
    assert (record.expected_errors, record.estimated_sha256) == (1.0, "def")
    assert (record.path, record.library, record.version) == (file.path, "films", 0)
    cues, elsewhere = db.reviews.estimate_of(number)
    assert cues == [CueEstimate(index=3, probability=0.75, reasons=["unsure of", {"text": "loop"}])]
    assert elsewhere == [{"start": 5.0, "end": 7.0}]


def test_the_queue_begins_with_the_most_expected_errors_and_pages_miss_none(db: Database) -> None:
    expected = [0.5, 3.0, 3.0, 7.25, 1.0]
    for number, errors in enumerate(expected):
        file = _add_file(db, f"Film {number}", "films" if number else "series")
        db.reviews.keep_estimate(_estimate(file.id, errors))
    seen, after = [], None
    while page := db.reviews.page(ReviewFilter(), after, 2):
        seen += page
        after = ReviewPosition(page[-1].expected_errors, page[-1].id)
    assert [one.expected_errors for one in seen] == sorted(expected, reverse=True)
    assert len({one.id for one in seen}) == len(expected)
    assert db.reviews.count(ReviewFilter()) == 5
    assert db.reviews.count(ReviewFilter(libraries=["series"], language="en", kind="full")) == 1
    assert db.reviews.count(ReviewFilter(status=ReviewStatus.APPROVED)) == 0


def test_a_subtitle_that_was_removed_is_not_in_the_queue(db: Database) -> None:
    file = _add_file(db)
    number = db.reviews.open(file.id, ENGLISH, FULL)
    sidecar = file.path.with_suffix(".en.srt")
    for status in (SidecarStatus.YIELDED, SidecarStatus.REMOVED_BY_USER):
        db.sidecars.set_status(sidecar, status)
        assert db.reviews.page(ReviewFilter()) == []
        assert db.reviews.count(ReviewFilter()) == 0
    db.sidecars.set_status(sidecar, SidecarStatus.PRESENT)
    assert [one.id for one in db.reviews.page(ReviewFilter())] == [number]


def test_the_queue_is_read_from_an_index(tmp_path: Path) -> None:
    db = Database(tmp_path / "subtitled.sqlite")
    seen, parameters = list[str](), list[tuple[object, ...]]()

    def note(*values: Any) -> None:
        seen.append(values[2])
        parameters.append(values[3])

    sa.event.listen(db._engine, "before_cursor_execute", note)
    db.reviews.page(ReviewFilter(), None, 50)
    with db._engine.connect() as c:
        plan = c.exec_driver_sql(f"EXPLAIN QUERY PLAN {seen[0]}", parameters[0]).all()
    steps = " ".join(row[3] for row in plan)
    assert "ix_reviews_queue" in steps
    assert "SORT" not in steps.upper().replace("SORTED", "")
    assert "TEMP B-TREE" not in steps.upper()


def test_an_operation_is_stored_once_however_often_it_is_sent(db: Database) -> None:
    number = db.reviews.open(_add_file(db).id, ENGLISH, FULL)
    first = db.operations.append(number, EDIT, 0, BASE)
    assert first is not None
    assert first.version == 1
    assert db.operations.append(number, EDIT, 0, BASE) is None
    assert db.operations.append(number, EDIT, 1) is None
    assert db.operations.after(number) == [first]
    record = db.reviews.get(number)
    assert record is not None
    assert (record.version, record.base_sha256, record.published_sha256) == (1, "abc", "abc")
    assert db.operations.base(number) == BASE


def test_of_two_operations_on_one_version_one_is_stored(db: Database) -> None:
    number = db.reviews.open(_add_file(db).id, ENGLISH, FULL)
    results = {}
    barrier = threading.Barrier(4)

    def append(name: str) -> None:
        barrier.wait()
        results[name] = db.operations.append(
            number, replace(EDIT, operation_id=name, actor=name), 0, BASE
        )

    threads = [threading.Thread(target=append, args=(str(name),)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stored is not None for stored in results.values()) == [False, False, False, True]
    assert len(db.operations.after(number)) == 1


def test_an_edit_of_another_version_0_is_not_stored(db: Database) -> None:
    number = db.reviews.open(_add_file(db).id, ENGLISH, FULL)
    said = CueVerdict(cue="1", verdict=Verdict.RIGHT, actor="ana", at=1.0)
    assert db.operations.set_verdict(number, said, BASE)
    other = replace(BASE, sha256="other")
    assert db.operations.append(number, EDIT, 0, other) is None
    assert not db.operations.set_verdict(number, said, other)
    record = db.reviews.get(number)
    assert record is not None
    assert (record.version, record.base_sha256) == (0, "abc")


def test_the_last_verdict_on_a_cue_counts(db: Database) -> None:
    number = db.reviews.open(_add_file(db).id, ENGLISH, FULL)
    wrong = CueVerdict(
        cue="7",
        verdict=Verdict.WRONG,
        category=ErrorCategory.TERMS,
        severity=ErrorSeverity.MAJOR,
        note="Winterfell",
        actor="ana",
        at=1.0,
    )
    db.operations.set_verdict(number, replace(wrong, verdict=Verdict.RIGHT, category=None))
    db.operations.set_verdict(number, wrong)
    assert db.operations.verdicts_of(number) == [wrong]
    assert db.operations.count_verdicts([number, number + 1]) == {number: 1}
    assert db.operations.delete_verdict(number, "7")
    assert not db.operations.delete_verdict(number, "7")


def test_a_review_that_somebody_has_is_taken_when_their_time_is_over(db: Database) -> None:
    number = db.reviews.open(_add_file(db).id, ENGLISH, FULL)
    assert db.reviews.take(number, ANA, until=100.0, now=0.0)
    assert not db.reviews.take(number, BEN, until=200.0, now=50.0)
    db.operations.append(number, EDIT, 0, BASE, held_until=150.0)
    assert not db.reviews.take(number, BEN, until=200.0, now=120.0)
    assert db.reviews.take(number, BEN, until=300.0, now=151.0)
    assert not db.reviews.release(number, ANA)
    assert db.reviews.release(number, BEN)
    assert not db.reviews.release(number)


def test_who_took_a_review_while_the_clock_was_ahead_does_not_have_it_for_years(
    db: Database,
) -> None:
    number = db.reviews.open(_add_file(db).id, ENGLISH, FULL)
    assert db.reviews.take(number, ANA, until=1e9 + HOLD_SECONDS, now=1e9)
    record = db.reviews.get(number)
    assert record is not None
    assert record.is_held(1e9)
    assert record.is_held(1e9 - 60.0), "another machine's clock may be a minute behind"
    assert not record.is_held(2e6)
    assert not db.reviews.take(number, BEN, until=1e9 + HOLD_SECONDS - 60.0, now=1e9 - 60.0)
    assert db.reviews.take(number, BEN, until=2e6 + HOLD_SECONDS, now=2e6)


def test_an_approved_review_leaves_the_queue_until_it_is_reopened(db: Database) -> None:
    number = db.reviews.open(_add_file(db).id, ENGLISH, FULL)
    db.operations.append(number, EDIT, 0, BASE)
    with db._engine.begin() as c:
        record_approval(c, number, version=1, actor=ANA, sha256="new")
    record = db.reviews.get(number)
    assert record is not None
    assert (record.status, record.approved_by, record.approved_version) == ("approved", "ana", 1)
    assert record.published_sha256 == "new"
    assert db.reviews.page(ReviewFilter()) == []
    late = replace(EDIT, operation_id="late")
    assert db.operations.append(number, late, 1) is None
    db.reviews.reopen(number)
    assert db.operations.append(number, late, 1) is not None
    assert [one.id for one in db.reviews.page(ReviewFilter())] == [number]


def test_an_edit_that_came_after_the_approved_version_keeps_the_review_open(db: Database) -> None:
    number = db.reviews.open(_add_file(db).id, ENGLISH, FULL)
    db.operations.append(number, EDIT, 0, BASE)
    with db._engine.begin() as c:
        record_approval(c, number, version=0, actor=ANA, sha256="new")
    record = db.reviews.get(number)
    assert record is not None
    assert (record.status, record.approved_version, record.version) == ("open", 0, 1)


def test_edits_outlive_the_record_of_the_file_and_follow_it_when_it_moves(db: Database) -> None:
    file = _add_file(db)
    db.files.set_fingerprint(file.id, "f1")
    number = db.reviews.open(file.id, ENGLISH, FULL)
    unused = db.reviews.open(file.id, Language("de"), FULL)
    db.operations.append(number, EDIT, 0, BASE)
    moved = _add_file(db, "Renamed")
    db.files.merge_moved(moved, file)
    db.files.set_fingerprint(moved.id, "f1")
    assert db.reviews.open(moved.id, ENGLISH, FULL) == number
    db.files.mark_missing(moved.id, 1.0)
    assert db.files.forget_missing("films", 2.0) == 1
    assert db.reviews.page(ReviewFilter()) == []
    assert db.reviews.prune() == 1
    assert db.reviews.get(unused) is None
    back = _add_file(db, "Back")
    db.files.set_fingerprint(back.id, "f1")
    assert db.reviews.open(back.id, ENGLISH, FULL) == number
    assert len(db.operations.after(number)) == 1
