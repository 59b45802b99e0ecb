"""Random histories of a watched library: in the end the database has exactly what exists."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import time
from pathlib import Path
from typing import Literal

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.library.ingest import Ingest
from subtitled.library.scanner import scan
from subtitled.library.watcher import LibraryWatcher

NAMES = ("a.mkv", "b [x] 100%.mkv", "-c.mkv", "café.mp4", "d.mkv.part", "e.srt", "extras")
FOLDERS = ("show", "season 1", "@eaDir", "\u202ex")


class History:
    """What people and their programs do to a library and beside it."""

    def __init__(self, rng: random.Random, root: Path, outside: Path) -> None:
        self.rng, self.root, self.outside = rng, root, outside
        self.linked: set[int] = set()

    def step(self) -> None:
        kinds = [self.write, self.write, self.make, self.move, self.move, self.delete, self.link]
        with contextlib.suppress(OSError):  # a folder into itself, a file onto a folder
            self.rng.choice(kinds)()

    def write(self) -> None:
        target = self.folder() / self.rng.choice(NAMES)
        with target.open("ab") as file:
            file.write(b"x" * self.rng.randrange(3))

    def make(self) -> None:
        (self.folder() / self.rng.choice(FOLDERS) / self.rng.choice(FOLDERS)).mkdir(parents=True)

    def move(self) -> None:
        there = self.anything()
        there.rename(self.folder(outside=True) / self.rng.choice((there.name, *NAMES, *FOLDERS)))

    def link(self) -> None:
        there = self.anything()
        os.link(there, self.folder() / self.rng.choice(NAMES))
        self.linked.add(there.stat().st_ino)

    def delete(self) -> None:
        there = self.anything()
        shutil.rmtree(there) if there.is_dir() else there.unlink()

    def folder(self, *, outside: bool = False) -> Path:
        roots = [self.root, self.outside] if outside else [self.root]
        root = self.rng.choice(roots)
        return self.rng.choice([root, *sorted(p for p in root.rglob("*") if p.is_dir())])

    def anything(self) -> Path:
        found = sorted([*self.root.rglob("*"), *self.outside.rglob("*")])
        if not found:
            raise FileNotFoundError
        return self.rng.choice(found)


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["events"] * 12 + ["poll"] * 6)
def test_after_any_history_the_database_has_exactly_what_exists(
    how: Literal["events", "poll"], tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    root, outside = tmp_path / "films", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    library = LibrarySettings(path=root, stability_delay=0.0, watch=how)
    database = Database(tmp_path / "subtitled.sqlite")
    intake = Ingest(database, {"films": library})
    listed: list[Path] = []
    watch = LibraryWatcher({"films": library}, listed.append, lambda name: None)
    history = History(rng, root, outside)
    for _ in range(rng.randrange(10)):
        history.step()
    assert watch.supervise("films")
    intake.scan("films")

    def take() -> None:
        if how == "poll":
            intake.scan("films")
        intake.on_paths_changed(*(listed.pop(0) for _ in range(len(listed))))
        for record in intake.ready_files(time.time()):
            database.states.set_state(record.id, FileState.DONE)

    try:
        for _ in range(60):
            history.step()
            if rng.random() < 0.2:
                take()
        (root / "last.txt").touch()  # an empty library would be "away"
        there = dict(scan(root, library))
        # Of what is written through another name of a file nobody is told.
        unseen = history.linked if how == "events" else set[int]()
        expected = {p: stat.st_size for p, stat in there.items() if stat.st_ino not in unseen}

        def known() -> dict[Path, int]:
            seen = [state for state in FileState if state is not FileState.MISSING]
            return {record.path: record.size for record in database.states.by_state(*seen)}

        end = time.monotonic() + 60
        while known().keys() != there.keys() or not expected.items() <= known().items():
            differences = {
                "missed": there.keys() - known().keys(),
                "extra": known().keys() - there.keys(),
            }
            assert time.monotonic() < end, (differences, expected, known())
            time.sleep(0.02)
            take()
    finally:
        watch.stop()
        database.close()
