"""Turns are remembered in the database, and what waits is found by folder and series."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from subtitled.config.library_settings import ORIGINAL
from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.records import BACKFILL, NEW, URGENT, FileRecord, FileState
from subtitled.jobs.turn_taking import MAX_OVERTAKEN_SECONDS, TurnTaker, new_job_id, note_start
from support.seen_files import record_seen

LIBRARIES = {
    name: LibrarySettings(path=Path("/") / name, languages=(ORIGINAL,))
    for name in ("films", "series")
}
HOUR = 3600.0


def _arrives(db: Database, path: str, title: str = "") -> FileRecord:
    """Add a file whose job is queued."""
    library = path.split("/")[1]
    record_seen(db, library, Path(path), os.stat("/"))  # noqa: PTH116 - any stat will do
    record = db.files.get(Path(path))
    assert record is not None
    db.states.set_state(record.id, FileState.QUEUED, job_id=f"job {record.id}", title=title)
    queued = db.files.get_by_id(record.id)
    assert queued is not None
    return queued


class Queue(dict[str, int]):
    """The ranks of jobs that wait."""

    def waiting_ranks(self, job_ids: Sequence[str]) -> dict[str, int]:
        return {job: self[job] for job in job_ids if job in self}

    def set_ranks(self, ranks: Mapping[str, int]) -> None:
        assert ranks.keys() <= self.keys()
        self.update(ranks)


class Waiting:
    """Files that wait in a queue whose jobs run one after the other."""

    def __init__(self, db: Database, libraries: Mapping[str, LibrarySettings]) -> None:
        self.db, self.queue, self.libraries = db, Queue(), libraries
        self.turns = TurnTaker(db, libraries, self.queue)

    def add(self, *paths: str, hour: int = 0, kind: int = BACKFILL, attempts: int = 0) -> None:
        """Queue files that were added in an hour."""
        for path in paths:
            record = replace(_arrives(self.db, path), added_at=hour * 3600, attempts=attempts)
            job = new_job_id("0123456789abcdef0")
            self.db.states.set_state(
                record.id,
                FileState.QUEUED,
                added_at=record.added_at,
                priority=kind,
                job_id=job,
            )
            self.queue[job] = self.turns.rank(record, kind, HOUR)

    def run(self, number: int = 10**6) -> list[str]:
        """Begin the next jobs, and return the names of their files."""
        names = []
        for _ in range(min(number, len(self.queue))):
            job = min(self.queue, key=lambda one: (self.queue[one], one))
            (record,) = (r for r in self.db.states.by_state(FileState.QUEUED) if r.job_id == job)
            note_start(self.db, self.libraries, record, self.queue.pop(job))
            self.db.states.set_state(record.id, FileState.DONE)
            names.append(record.path.stem)
        return names


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "subtitled.sqlite")
    yield database
    database.close()


def test_the_newest_files_of_a_library_come_first_and_those_of_an_hour_by_name(
    db: Database,
) -> None:
    waiting = Waiting(db, LIBRARIES)
    waiting.add("/films/a.mkv", "/films/b.mkv", hour=5)
    waiting.add("/films/old.mkv", hour=1)
    waiting.add("/films/c.mkv", hour=5)
    waiting.add("/films/newest.mkv", hour=9)
    waiting.add("/films/middle.mkv", hour=3)
    assert waiting.run() == ["newest", "a", "b", "c", "middle", "old"]


def test_the_oldest_files_come_first_where_a_library_says_so(db: Database) -> None:
    library = LIBRARIES["films"].model_copy(update={"order": "oldest"})
    waiting = Waiting(db, {"films": library})
    waiting.add("/films/new.mkv", hour=9)
    waiting.add("/films/a.mkv", "/films/b.mkv", hour=5)
    waiting.add("/films/old.mkv", hour=1)
    assert waiting.run() == ["old", "a", "b", "new"]


def test_a_file_that_failed_lets_the_files_that_wait_go_first(db: Database) -> None:
    waiting = Waiting(db, LIBRARIES)
    waiting.add("/films/b.mkv", "/films/c.mkv", hour=5)
    waiting.add("/films/a.mkv", hour=9, attempts=1)
    assert waiting.run() == ["b", "c", "a"]


def test_who_overtakes_takes_no_turn_of_another_library_or_of_new_files(db: Database) -> None:
    waiting = Waiting(db, LIBRARIES)
    waiting.add(*(f"/films/f{number}.mkv" for number in range(6)), hour=5)
    waiting.add(*(f"/series/s{number}.mkv" for number in range(6)), hour=5)
    waiting.add("/films/arrived.mkv", hour=7, kind=NEW)
    waiting.add("/films/newer.mkv", hour=9)
    begun = waiting.run()
    assert begun[0] == "arrived"
    assert begun[1:3] in (["newer", "s0"], ["s0", "newer"])
    assert [name for name in begun if name[0] == "s"] == [f"s{number}" for number in range(6)]
    turns = "".join(name[0].replace("n", "f") for name in begun[1:13])
    assert all(abs(turns[:end].count("f") - turns[:end].count("s")) <= 1 for end in range(12))


def test_a_file_that_has_waited_for_a_week_is_overtaken_no_more(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = Waiting(db, LIBRARIES)
    waiting.add("/films/old.mkv", hour=1, kind=NEW)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + MAX_OVERTAKEN_SECONDS + 60)
    waiting.add("/films/newer.mkv", hour=9, kind=NEW)
    assert waiting.run() == ["old", "newer"]


@pytest.mark.parametrize("years", [-50, -1, 1, 50])
def test_a_clock_that_is_set_has_nothing_overtaken_for_ever(
    db: Database, monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    waiting = Waiting(db, LIBRARIES)
    waiting.add("/films/old.mkv", hour=1, kind=NEW)
    clock, nanoseconds = time.time, time.time_ns
    monkeypatch.setattr(time, "time", lambda: clock() + years * 365 * 86400.0)
    monkeypatch.setattr(time, "time_ns", lambda: nanoseconds() + years * 365 * 86400 * 10**9)
    waiting.add("/films/newer.mkv", hour=9, kind=NEW)
    assert waiting.run(1) == ["old"]
    waiting.add("/films/newest.mkv", hour=10, kind=NEW)  # by the clock as it is now
    assert waiting.run() == ["newest", "newer"]


def test_a_library_without_work_saves_no_turns_up_while_nothing_is_queued(db: Database) -> None:
    waiting = Waiting(db, LIBRARIES)
    waiting.add(*(f"/films/f{number:02}.mkv" for number in range(40)))
    waiting.run(20)  # nothing is queued meanwhile, and nothing runs when something is
    waiting.add(*(f"/series/s{number:02}.mkv" for number in range(20)))
    begun = waiting.run(10)
    assert 4 <= sum(name[0] == "s" for name in begun) <= 6


def test_a_small_library_does_not_wait_for_a_large_one_after_a_restart() -> None:
    with tempfile.TemporaryDirectory() as folder:
        db, ranks = Database(Path(folder) / "subtitled.sqlite"), Queue()
        turns = TurnTaker(db, LIBRARIES, ranks)
        films = [_arrives(db, f"/films/{number}.mkv") for number in range(20)]
        for film in films:
            ranks[film.job_id or ""] = turns.rank(film, BACKFILL, HOUR)
        db.files.claim(films[0], "daemon")
        note_start(db, LIBRARIES, films[0], ranks.pop("job 1"))
        again = TurnTaker(db, LIBRARIES, ranks)
        episode = _arrives(db, "/series/1.mkv")
        rank = again.rank(episode, BACKFILL, HOUR)
        assert rank < ranks["job 3"] < ranks["job 20"]
        new = _arrives(db, "/series/2.mkv")
        assert again.rank(new, NEW, HOUR) < rank
        assert again.rank(new, URGENT, HOUR) == URGENT
        db.close()


def test_turns_begin_again_when_nothing_is_queued() -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = Database(Path(folder) / "subtitled.sqlite")
        turns = TurnTaker(db, LIBRARIES, Queue())
        film = _arrives(db, "/films/1.mkv")
        first = turns.rank(film, BACKFILL, 100 * HOUR)
        assert turns.rank(replace(film, id=99), BACKFILL, HOUR) > first, "the other one is queued"
        db.states.set_state(film.id, FileState.DONE)
        assert turns.rank(film, BACKFILL, HOUR) == first
        db.close()


def test_what_waits_is_found_by_folder_and_by_series() -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = Database(Path(folder) / "subtitled.sqlite")
        first = _arrives(db, "/series/Harbour/S01/1.mkv", "Harbour: Night")
        second = _arrives(db, "/series/Harbour/S02/2.mkv", "Harbour: Day (1999)")
        other = _arrives(db, "/series/Harbour Two/1.mkv", "Harbour Two: Fog")
        done = _arrives(db, "/series/Harbour/S01/3.mkv", "Harbour: Rain")
        db.states.set_state(done.id, FileState.DONE)
        waiting = [first.path, second.path]
        assert db.waiting.in_folder(Path("/series/Harbour")) == waiting
        assert db.waiting.in_folder(Path("/series")) == [*waiting, other.path]
        assert db.waiting.in_folder(Path("/series/Harb")) == []
        assert db.waiting.by_series() == {"Harbour": waiting, "Harbour Two": [other.path]}
        db.close()
