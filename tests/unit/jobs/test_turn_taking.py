"""Turns are remembered in the database, and what waits is found by folder and series."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from subtitled.config.library_settings import ORIGINAL
from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.records import BACKFILL, NEW, URGENT, FileRecord, FileState
from subtitled.jobs.turn_taking import TurnTaker
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


def test_a_small_library_does_not_wait_for_a_large_one_after_a_restart() -> None:
    with tempfile.TemporaryDirectory() as folder:
        db, ranks = Database(Path(folder) / "subtitled.sqlite"), dict[str, int]()
        turns = TurnTaker(db, LIBRARIES, ranks.get)
        films = [_arrives(db, f"/films/{number}.mkv") for number in range(20)]
        for film in films:
            ranks[film.job_id or ""] = turns.rank(film, BACKFILL, HOUR)
        db.files.claim(films[0], "daemon")
        again = TurnTaker(db, LIBRARIES, ranks.get)
        episode = _arrives(db, "/series/1.mkv")
        rank = again.rank(episode, BACKFILL, HOUR)
        assert ranks["job 1"] <= rank < ranks["job 3"] < ranks["job 20"]
        new = _arrives(db, "/series/2.mkv")
        assert again.rank(new, NEW, HOUR) < rank
        assert again.rank(new, URGENT, HOUR) == URGENT
        db.close()


def test_turns_begin_again_when_nothing_is_queued() -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = Database(Path(folder) / "subtitled.sqlite")
        turns = TurnTaker(db, LIBRARIES, lambda job: None)
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
