"""What each file has and needs is stored with its state, and counted."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from subtitled.db.database import Database
from subtitled.db.history import (
    KEPT_PER_FILE,
    KEPT_SECONDS,
    HistoryEntry,
    HistoryEvent,
    HistoryFilter,
)
from subtitled.db.overview import CoverageRow, FileOverview, RequirementRow
from subtitled.db.records import FINAL_STATES, FileRecord, FileState
from support.seen_files import record_seen

FILM = Path(os.fsdecode(b"/films/caf\xe9.mkv"))
ENGLISH = CoverageRow(
    language="en",
    kind="full",
    format="srt",
    origin="sidecar",
    location=os.fsdecode(b"caf\xe9.en.srt"),
    ownership="human",
)
MET = RequirementRow(language="en", kind="full", status="met", reason="covered by caf.en.srt")
MISSING = RequirementRow(language="de", kind="full", status="missing", reason="to be made")
OVERVIEW = FileOverview(
    duration=90.5, title="Café (1999)", coverage=(ENGLISH,), requirements=(MET, MISSING)
)


@pytest.fixture
def db(tmp_path: Path, server: str | None) -> Database:
    return Database(tmp_path / "subtitled.sqlite", server)


def _arrives(db: Database, path: Path = FILM, library: str = "films") -> FileRecord:
    record_seen(db, library, path, Path("/").stat())
    record = db.files.get(path)
    assert record is not None
    return record


def _entry(record: FileRecord, **values: object) -> HistoryEntry:
    entry = HistoryEntry(event=HistoryEvent.ENDED, path=record.path, file_id=record.id)
    return replace(entry, **values)  # type: ignore[arg-type]


def test_a_file_that_is_new_is_not_looked_at_yet(db: Database) -> None:
    record = _arrives(db)
    assert record.examined_at is None
    assert sum(db.overview.count_unexamined_by_library().values()) == 1
    assert list(db.overview.unexamined("films", sorted(FINAL_STATES), 9)) == []
    db.states.set_state(record.id, FileState.DONE)
    assert [r.id for r in db.overview.unexamined("films", sorted(FINAL_STATES), 9)] == [record.id]
    assert list(db.overview.unexamined("series", sorted(FINAL_STATES), 9)) == []


def test_what_a_file_has_and_needs_is_stored_with_its_state(db: Database) -> None:
    record = _arrives(db)
    assert db.states.set_state(record.id, FileState.UP_TO_DATE, overview=OVERVIEW)
    stored = db.files.get_by_id(record.id)
    assert stored is not None
    assert (stored.duration, stored.title, stored.state) == (90.5, "Café (1999)", "up-to-date")
    assert stored.examined_at is not None
    assert db.overview.coverage_of(record.id) == [ENGLISH]
    assert set(db.overview.requirements_of(record.id)) == {MET, MISSING}
    assert not any(db.overview.count_unexamined_by_library().values())


def test_a_later_look_replaces_the_earlier_one(db: Database) -> None:
    record = _arrives(db)
    db.overview.store(record.id, "films", OVERVIEW)
    later = replace(OVERVIEW, coverage=(), requirements=(replace(MISSING, status="met"),))
    assert db.overview.store(record.id, "films", later)
    assert db.overview.coverage_of(record.id) == []
    assert [row.status for row in db.overview.requirements_of(record.id)] == ["met"]


def test_a_job_that_was_replaced_writes_nothing_of_what_it_saw(db: Database) -> None:
    record = _arrives(db)
    db.states.set_state(record.id, FileState.QUEUED, job_id="old")
    old = db.files.get_by_id(record.id)
    db.states.set_state(record.id, FileState.QUEUED, job_id="new")
    assert not db.states.set_state(
        record.id, FileState.DONE, expected_job=old, overview=OVERVIEW, entry=_entry(record)
    )
    assert db.overview.coverage_of(record.id) == []
    assert db.history.newest(9) == []


def test_a_file_that_is_forgotten_takes_its_coverage_along_and_leaves_its_history(
    db: Database,
) -> None:
    record = _arrives(db)
    db.states.set_state(
        record.id, FileState.DONE, overview=OVERVIEW, entry=_entry(record, reason="made de")
    )
    db.files.mark_missing(record.id, 5.0)
    assert db.files.forget_missing("films", before=6.0) == 1
    assert db.overview.coverage_of(record.id) == []
    assert db.overview.count_requirements() == []
    assert [entry.path for entry in db.history.newest(9)] == [FILM]
    assert not db.overview.store(record.id, "films", OVERVIEW)


def test_a_file_that_is_gone_is_not_counted_and_is_examined_when_it_returns(db: Database) -> None:
    record = _arrives(db)
    db.files.set_fingerprint(record.id, "f")
    db.states.set_state(record.id, FileState.DONE, overview=OVERVIEW)
    db.files.mark_missing(record.id, 5.0)
    assert db.overview.count_requirements() == []
    assert db.overview.coverage_of(record.id) == []
    assert not any(db.overview.count_unexamined_by_library().values())
    db.states.set_state(record.id, FileState.DONE)
    assert [r.id for r in db.overview.unexamined("films", sorted(FINAL_STATES), 9)] == [record.id]


def test_a_file_counts_for_the_library_that_it_belongs_to_now(db: Database) -> None:
    for number in range(3):
        record = _arrives(db, Path(f"/films/{number}.mkv"))
        db.states.set_state(record.id, FileState.DONE, overview=OVERVIEW)
    _arrives(db, Path("/films/1.mkv"), "movies")
    counts = {(c.library, c.language, c.files) for c in db.overview.count_requirements()}
    assert counts == {
        ("films", "en", 2),
        ("films", "de", 2),
        ("movies", "en", 1),
        ("movies", "de", 1),
    }
    assert {count.library for count in db.overview.count_states()} == {"films", "movies"}


def test_requirements_and_states_are_counted_by_library(db: Database) -> None:
    for number in range(3):
        record = _arrives(db, Path(f"/films/{number}.mkv"))
        db.states.set_state(record.id, FileState.DONE, overview=OVERVIEW)
    other = _arrives(db, Path("/series/1.mkv"), "series")
    db.states.set_state(other.id, FileState.IMPOSSIBLE)
    counts = {
        (count.library, count.language, count.status): count.files
        for count in db.overview.count_requirements()
    }
    assert counts == {("films", "en", "met"): 3, ("films", "de", "missing"): 3}
    states = {(count.library, count.state): count for count in db.overview.count_states()}
    assert states["films", FileState.DONE].files == 3
    assert states["films", FileState.DONE].seconds == pytest.approx(271.5)
    assert states["series", FileState.IMPOSSIBLE].seconds == 0


def test_the_history_is_read_in_pages_and_from_where_a_reader_stopped(db: Database) -> None:
    record = _arrives(db)
    db.history.add(*(_entry(record, reason=str(number)) for number in range(7)))
    first = db.history.newest(3)
    assert [entry.reason for entry in first] == ["6", "5", "4"]
    rest = db.history.newest(9, before=first[-1].id)
    assert [entry.reason for entry in rest] == ["3", "2", "1", "0"]
    assert [entry.reason for entry in db.history.after(rest[0].id, 2)] == ["4", "5"]
    assert db.history.bounds() == (rest[-1].id, first[0].id)


def test_the_history_tells_who_asked_and_is_filtered(db: Database) -> None:
    record = _arrives(db)
    asked = _entry(record, event=HistoryEvent.REQUESTED, actor="ana", details={"from": "page"})
    db.history.add(_entry(record), asked)
    (entry,) = db.history.newest(9, HistoryFilter(actor="ana"))
    assert (entry.event, entry.details, entry.path) == ("requested", {"from": "page"}, FILM)
    assert len(db.history.newest(9, HistoryFilter(file_id=record.id))) == 2
    assert db.history.newest(9, HistoryFilter(library="series")) == []


def test_a_file_that_waits_again_for_the_same_reason_is_remembered_once(db: Database) -> None:
    record = _arrives(db)
    waits = _entry(record, event=HistoryEvent.WAITING, reason="outside the working hours")
    for _ in range(5):
        db.states.set_state(record.id, FileState.WAITING, entry=waits)
    db.states.set_state(record.id, FileState.DONE, entry=_entry(record))
    db.states.set_state(record.id, FileState.WAITING, entry=waits)
    assert [entry.event for entry in db.history.newest(9)] == ["waiting", "ended", "waiting"]


def test_old_and_too_many_entries_are_deleted(db: Database) -> None:
    record, other = _arrives(db), _arrives(db, Path("/films/b.mkv"))
    now = 2 * KEPT_SECONDS
    old = _entry(other, at=now - KEPT_SECONDS - 1)
    many = [_entry(record, at=now - 9, reason=str(n)) for n in range(KEPT_PER_FILE + 5)]
    db.history.add(old, *many, _entry(other, at=now - 1, reason="new"))
    assert db.history.prune(now) == 6
    kept = db.history.newest(999)
    assert len(kept) == KEPT_PER_FILE + 1
    assert min(int(e.reason) for e in kept if e.file_id == record.id) == 5
    assert db.history.prune(now) == 0
