"""Counts of whole tables are kept until the database changes, and never longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.db.database import Database
from subtitled.db.overview import FileOverview, RequirementRow
from subtitled.db.records import FileState
from subtitled.db.unchanged import UntilChange
from support.seen_files import record_seen


def test_a_result_is_read_once_for_each_version() -> None:
    versions, reads = iter("aabbba"), []
    kept = UntilChange(lambda: next(versions), lambda: reads.append(None) or len(reads))
    assert [kept.get() for _ in range(6)] == [1, 1, 2, 2, 2, 3]


def test_a_write_while_it_is_read_makes_the_next_call_read_again() -> None:
    stored = [0]

    def read() -> int:
        value = stored[0]
        stored[0] = 1  # another process writes just after the database was read
        return value

    kept = UntilChange(lambda: str(stored[0]), read)
    assert [kept.get(), kept.get()] == [0, 1]


@pytest.mark.parametrize("is_other_process", [False, True])
def test_every_count_follows_each_write_of_any_process(
    tmp_path: Path, server: str | None, is_other_process: bool
) -> None:
    db = Database(tmp_path / "subtitled.sqlite", server)
    writer = Database(tmp_path / "subtitled.sqlite", server) if is_other_process else db
    for number in range(1, 6):
        path = Path(f"/films/{number}.mkv")
        record_seen(writer, "films", path, Path("/").stat())
        assert sum(db.overview.count_unexamined_by_library().values()) == 1
        assert db.states.count_by_state()[FileState.STABILISING] == 1
        record = writer.files.get(path)
        assert record is not None
        wanted = RequirementRow(language="en", kind="full", status="met", reason="")
        overview = FileOverview(duration=2.0, title="", coverage=(), requirements=(wanted,))
        assert writer.states.set_state(record.id, FileState.DONE, overview=overview)
        assert not any(db.overview.count_unexamined_by_library().values())
        assert db.states.count_by_state() == {FileState.DONE: number}
        (states,) = db.overview.count_states()
        assert (states.files, states.seconds) == (number, 2.0 * number)
        (requirements,) = db.overview.count_requirements()
        assert requirements.files == number
    for opened in {id(one): one for one in (db, writer)}.values():
        opened.close()


def test_who_changes_a_count_that_was_returned_changes_no_other(tmp_path: Path) -> None:
    db = Database(tmp_path / "subtitled.sqlite")
    record_seen(db, "films", Path("/films/a.mkv"), Path("/").stat())
    db.states.count_by_state().clear()
    db.overview.count_states().clear()
    db.overview.count_unexamined_by_library().clear()
    assert db.states.count_by_state() == {FileState.STABILISING: 1}
    assert len(db.overview.count_states()) == 1
    assert sum(db.overview.count_unexamined_by_library().values()) == 1
    db.close()
