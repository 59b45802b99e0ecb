"""The worker thread of a library: many events lead to one check, and nothing blocks it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from subtitled.config.settings import LibrarySettings
from subtitled.daemon import library_worker
from subtitled.daemon.library_worker import LibraryWorker
from subtitled.db.database import Database
from subtitled.db.records import FileRecord, FileState
from subtitled.library.ingest import Ingest


def wait_until(done: Callable[[], object], limit: float = 15) -> None:
    end = time.monotonic() + limit
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


class Rig:
    """A real database and library, and a planner that records its calls."""

    def __init__(self, home: Path) -> None:
        self.root = home / "films"
        self.root.mkdir()
        self.database = Database(home / "subtitled.sqlite")
        libraries = {"films": LibrarySettings(path=self.root, stability_delay=0.3)}
        self.intake = Ingest(self.database, libraries)
        self.planned: list[tuple[str, float]] = []
        self.expected: list[list[str]] = []
        self.taking = LibraryWorker("films", self.database, self.intake, self)

    def expect(self, records: Sequence[FileRecord]) -> None:
        self.expected += [[record.path.name for record in records]]

    def plan(self, record: FileRecord) -> None:
        self.database.states.set_state(record.id, FileState.DONE)
        self.planned.append((record.path.name, time.time()))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.planned]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    created = Rig(tmp_path)
    yield created
    created.taking.request_stop()
    created.taking.join(10)
    created.database.close()


def test_file_of_an_event_is_planned_once_it_is_stable(rig: Rig) -> None:
    rig.taking.start()
    time.sleep(0.2)
    (rig.root / "a.mkv").touch()
    arrived = time.time()
    rig.taking.path_changed(rig.root / "a.mkv")
    wait_until(lambda: rig.planned)
    assert 0.3 <= rig.planned[0][1] - arrived < 30.0


def test_ten_thousand_words_about_one_file_are_few_looks_and_one_piece_of_work(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    noticed = rig.intake.on_paths_changed
    monkeypatch.setattr(
        rig.intake, "on_paths_changed", lambda *paths: (looks.append(len(paths)), noticed(*paths))
    )
    (rig.root / "a.mkv").touch()
    rig.taking.start()
    for _ in range(10_000):
        rig.taking.path_changed(rig.root / "a.mkv")
    wait_until(lambda: rig.planned)
    assert set(looks) == {1}
    assert len(looks) < 20
    assert rig.names == ["a.mkv"]


def test_endless_events_do_not_delay_stable_files(rig: Rig) -> None:
    (rig.root / "a.mkv").touch()
    rig.intake.on_paths_changed(rig.root / "a.mkv")
    rig.taking.start()
    end = time.monotonic() + 15
    while not rig.planned and time.monotonic() < end:
        rig.taking.path_changed(rig.root / "never there.mkv")
        time.sleep(0.001)
    assert rig.names == ["a.mkv"]


def test_what_is_new_is_planned_before_the_rest_of_a_long_backfill(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        (rig.root / f"old {number}.mkv").touch()
    rig.intake.scan("films")
    slow = rig.plan

    def plan(record: FileRecord) -> None:
        time.sleep(0.02)
        slow(record)

    monkeypatch.setattr(rig, "plan", plan)
    time.sleep(0.4)
    rig.taking.start()
    wait_until(lambda: len(rig.planned) > 3)
    (rig.root / "new.mkv").touch()
    rig.taking.path_changed(rig.root / "new.mkv")
    wait_until(lambda: len(rig.planned) == 61)
    assert rig.names.index("new.mkv") < 55


def test_events_before_an_error_are_not_lost(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_worker, "ERROR_WAIT_SECONDS", 0.3)
    noticed, failures = rig.intake.on_paths_changed, [OSError("the disk is full")]

    def fails_once(*paths: Path) -> None:
        if failures:
            raise failures.pop()
        noticed(*paths)

    monkeypatch.setattr(rig.intake, "on_paths_changed", fails_once)
    (rig.root / "a.mkv").touch()
    rig.taking.start()
    rig.taking.path_changed(rig.root / "a.mkv")
    wait_until(lambda: rig.planned)


def test_a_file_whose_plan_cannot_be_stored_waits_longer_each_time_and_stops_no_other(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(library_worker, "ERROR_WAIT_SECONDS", 0.3)
    store, tried = rig.plan, list[float]()

    def plan(record: FileRecord) -> None:
        if record.path.name == "odd.mkv" and len(tried) < 4:
            tried.append(time.time())
            raise UnicodeEncodeError("utf-8", "\udc80", 0, 1, "surrogates not allowed")
        store(record)

    monkeypatch.setattr(rig, "plan", plan)
    for name in ("a.mkv", "odd.mkv", "z.mkv"):
        (rig.root / name).touch()
    rig.intake.scan("films")
    rig.taking.start()
    wait_until(lambda: len(rig.planned) == 3, 30)
    assert rig.names[-1] == "odd.mkv"
    waits = [after - before for before, after in zip(tried, tried[1:], strict=False)]
    assert waits[0] >= 0.3
    assert waits[1] >= 0.6
    assert waits[2] >= 1.2
    assert "odd.mkv: its plan cannot be stored" in caplog.text


def test_while_the_database_is_down_all_files_keep_their_place(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_worker, "ERROR_WAIT_SECONDS", 0.3)
    is_down, tried, store = threading.Event(), list[str](), rig.plan
    is_down.set()
    schedule = rig.database.states.schedule_check

    def refuse() -> None:
        if is_down.is_set():
            raise OperationalError("UPDATE", {}, sqlite3.OperationalError("disk full"))

    def plan(record: FileRecord) -> None:
        tried.append(record.path.name)
        refuse()
        store(record)

    def schedule_or_fail(file_ids: Sequence[int], check_at: float | None) -> None:
        if file_ids and check_at is not None:
            refuse()
        schedule(file_ids, check_at)

    monkeypatch.setattr(rig, "plan", plan)
    monkeypatch.setattr(rig.database.states, "schedule_check", schedule_or_fail)
    for name in ("a.mkv", "b.mkv"):
        (rig.root / name).touch()
    rig.intake.scan("films")
    rig.taking.start()
    wait_until(lambda: len(tried) >= 2, 30)
    is_down.clear()
    begin = time.monotonic()
    wait_until(lambda: len(rig.planned) == 2, 30)
    assert time.monotonic() - begin < 5


def test_a_library_that_hangs_holds_up_no_other_and_not_the_end(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hangs, due = threading.Event(), rig.intake.ready_files

    def hang(now: float, names: Any = None) -> list[FileRecord]:
        if names == ["away"]:
            hangs.set()
            threading.Event().wait(60)
        return due(now, names)

    monkeypatch.setattr(rig.intake, "ready_files", hang)
    away = LibraryWorker("away", rig.database, rig.intake, rig)
    away.start()
    assert hangs.wait(10)
    rig.taking.start()
    (rig.root / "a.mkv").touch()
    rig.taking.path_changed(rig.root / "a.mkv")
    wait_until(lambda: rig.planned)
    begin = time.monotonic()
    away.request_stop()
    assert time.monotonic() - begin < 1


@pytest.mark.parametrize(
    ("took", "collected"), [(0.0, 0.1), (0.01, 0.1), (1.0, 5.0), (26.0, 10.0), (9000.0, 10.0)]
)
def test_ten_thousand_paths_of_a_webhook_do_not_hold_up_a_new_film_for_minutes(
    took: float, collected: float
) -> None:
    assert library_worker.collect_seconds(took) == pytest.approx(collected)


def test_a_file_is_announced_with_those_after_it_before_it_is_planned(rig: Rig) -> None:
    for number in range(8):
        (rig.root / f"{number}.mkv").touch()
    rig.intake.scan("films")
    rig.taking.start()
    wait_until(lambda: len(rig.planned) == 8, 60)
    assert [names[0] for names in rig.expected] == rig.names
    assert max(map(len, rig.expected)) == library_worker.EXPECTED_FILES
    for names in rig.expected:
        place = rig.names.index(names[0])
        assert names == rig.names[place : place + len(names)]
