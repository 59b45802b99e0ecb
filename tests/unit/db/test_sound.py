"""How much sound there is and arrives, and what is spoken in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from subtitled.db.database import Database
from subtitled.db.records import BACKFILL, NEW, FileState
from subtitled.db.schema import files

DAY, HOUR = 86400.0, 3600.0
NOW = 1_800_000_000.0


def add(db: Database, *rows: dict[str, object]) -> None:
    with db.files._engine.begin() as c:
        for number, values in enumerate(rows, 1):
            plain = {
                "library": "films",
                "path": os.fsencode(f"/films/{number}.mkv"),
                "device": 1,
                "inode": number,
                "size": 1,
                "mtime_ns": 1,
                "state": FileState.DONE,
                "stable_since": NOW - 100 * DAY,
                "updated_at": 0.0,
                "duration": HOUR,
                "priority": BACKFILL,
            }
            c.execute(files.insert().values(**plain | values))


def test_new_files_are_those_that_arrived_in_the_last_month(tmp_path: Path) -> None:
    db = Database(tmp_path / "subtitled.sqlite")
    assert db.sound.describe(NOW).files == 0
    assert db.sound.describe(NOW).new_seconds_per_day is None
    add(
        db,
        {"spoken_language": "en"},
        {"spoken_language": "en", "stable_since": NOW - 20 * DAY, "priority": NEW},
        {"spoken_language": "de", "stable_since": NOW - 3 * DAY, "priority": NEW},
        {"stable_since": NOW - 3 * DAY, "priority": BACKFILL},
        {"stable_since": NOW - 60 * DAY, "priority": NEW},
        {"stable_since": NOW - DAY, "priority": NEW, "state": FileState.MISSING},
        {"duration": None},
    )
    sound = db.sound.describe(NOW)
    assert (sound.files, sound.seconds) == (6, 5 * HOUR)
    assert sound.new_seconds_per_day == pytest.approx(2 * HOUR / 30)
    assert sound.languages == ("en", "de")
    db.close()


def test_of_a_library_that_is_new_it_is_not_known_what_arrives(tmp_path: Path) -> None:
    db = Database(tmp_path / "subtitled.sqlite")
    add(db, {"stable_since": NOW - 6 * DAY, "priority": NEW})
    assert db.sound.describe(NOW).new_seconds_per_day is None
    assert db.sound.describe(NOW + 4 * DAY).new_seconds_per_day == pytest.approx(HOUR / 10)
    db.close()


def test_a_language_of_one_film_in_a_hundred_decides_nothing(tmp_path: Path) -> None:
    db = Database(tmp_path / "subtitled.sqlite")
    english: dict[str, object] = {"spoken_language": "en"}
    add(db, *[english] * 99, {"spoken_language": "ja"})
    assert db.sound.describe(NOW).languages == ("en",)
    db.close()
