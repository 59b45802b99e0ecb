"""DBOS looks for jobs when its database has changed, and seldom otherwise."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from dbos import _dbos, _queue
from dbos._utils import INTERNAL_QUEUE_NAME

from subtitled.jobs import dbos_polling
from subtitled.jobs.dbos_polling import (
    ACTIVE_SECONDS,
    MAX_WAIT_SECONDS,
    SLOW_QUESTION_SECONDS,
    ChangePacer,
    JanitorPacer,
    pace_queues,
)

_REAL_WORKER = _queue.queue_worker_thread


class Clock:
    """A clock and an event whose waits pass at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.version = "1"
        self.changes: dict[float, str] = {}
        self.stop = threading.Event()
        monkeypatch.setattr(dbos_polling.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(self.stop, "wait", self.wait)

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        for due in [at for at in self.changes if at <= self.now]:
            self.version = self.changes.pop(due)
        return self.stop.is_set()

    def current_version(self) -> str:
        if self.version == "unreachable":
            raise OSError("no connection")
        return self.version

    def measure_waits(self, pacer: ChangePacer, number: int) -> list[float]:
        waits = []
        for _ in range(number):
            began = self.now
            assert pacer.wait(1.0) is False
            waits.append(self.now - began)
        return waits


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_an_idle_queue_is_looked_at_once_a_minute(clock: Clock) -> None:
    pacer = ChangePacer(clock.stop, clock.current_version)
    active = clock.measure_waits(pacer, round(ACTIVE_SECONDS))
    assert active == [1.0] * len(active)
    assert clock.measure_waits(pacer, 3) == [MAX_WAIT_SECONDS] * 3


def test_a_queued_job_is_seen_within_a_second_whoever_queued_it(clock: Clock) -> None:
    pacer = ChangePacer(clock.stop, clock.current_version)
    clock.measure_waits(pacer, 20)
    clock.changes = {clock.now + 5.0: "2"}
    assert clock.measure_waits(pacer, 1) == [5.0]


def test_a_look_that_came_too_early_is_repeated_soon(clock: Clock) -> None:
    pacer = ChangePacer(clock.stop, clock.current_version)
    clock.measure_waits(pacer, 20)
    clock.changes = {clock.now + 5.0: "2"}
    waits = clock.measure_waits(pacer, 5)
    assert waits == [5.0, 1.0, 1.0, 1.0, 1.0]


def test_a_database_that_cannot_be_asked_is_looked_at_as_dbos_would(clock: Clock) -> None:
    pacer = ChangePacer(clock.stop, clock.current_version)
    clock.measure_waits(pacer, 20)
    clock.version = "unreachable"
    assert clock.measure_waits(pacer, 30) == [1.0] * 30
    clock.version = "1"
    assert clock.measure_waits(pacer, 1) == [1.0]


@pytest.mark.parametrize("remaining", [0.0, 0.001, 0.3])
def test_a_loop_with_little_time_left_does_not_spin(clock: Clock, remaining: float) -> None:
    asked: list[float] = []

    def current_version() -> str:
        asked.append(clock.now)
        return "1"

    pacer = ChangePacer(clock.stop, current_version)
    clock.measure_waits(pacer, 20)
    asked.clear()
    assert pacer.wait(remaining) is False
    assert len(asked) <= MAX_WAIT_SECONDS + 1


def test_only_the_loop_that_starts_jobs_asks_each_second(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: dict[str, list[float]] = {}

    def loop(stop: ChangePacer, dbos: object, queue: SimpleNamespace) -> None:
        clock.measure_waits(stop, 20)
        began = clock.now
        clock.changes = {began + 5.0: f"{queue.name} changed"}
        waits[queue.name] = clock.measure_waits(stop, 1)

    monkeypatch.setattr(dbos_polling, "_WORKER", loop)
    undo = pace_queues(clock.current_version)
    try:
        for name in ("media", INTERNAL_QUEUE_NAME):
            vars(_queue)["queue_worker_thread"](clock.stop, None, SimpleNamespace(name=name))
    finally:
        undo()
        vars(_queue)["queue_worker_thread"] = _REAL_WORKER
    assert waits == {"media": [5.0], INTERNAL_QUEUE_NAME: [1.0 + SLOW_QUESTION_SECONDS]}


def test_no_lock_is_held_while_the_database_does_not_change(clock: Clock) -> None:
    pacer = JanitorPacer(clock.stop, clock.current_version)
    locked: list[float] = []
    free: list[float] = []
    for _ in range(20):
        for waits, timeout in ((locked, 0.9), (free, 0.0)):
            began = clock.now
            assert pacer.wait(timeout) is False
            waits.append(round(clock.now - began, 3))
    assert locked == [0.9] * 20
    assert free[-3:] == [MAX_WAIT_SECONDS] * 3
    clock.stop.set()
    assert pacer.wait(0.0) is True
    assert pacer.wait(0.9) is True


def test_the_end_of_the_process_ends_the_wait(clock: Clock) -> None:
    pacer = ChangePacer(clock.stop, clock.current_version)
    clock.measure_waits(pacer, 20)
    clock.stop.set()
    assert pacer.is_set()
    assert pacer.wait(1.0) is True


def test_the_loops_of_dbos_are_those_that_are_paced() -> None:
    before = _dbos.queue_thread, _dbos.background_jobs_thread, _queue.queue_worker_thread
    assert {"stop_event", "dbos"} <= set(before[0].__code__.co_varnames)
    assert before[2].__code__.co_argcount == 3
    undo = pace_queues(lambda: "1")
    try:
        during = _dbos.queue_thread, _dbos.background_jobs_thread, _queue.queue_worker_thread
        assert not set(before) & set(during)
    finally:
        undo()
    assert before == (
        _dbos.queue_thread,
        _dbos.background_jobs_thread,
        _queue.queue_worker_thread,
    )


def test_other_loops_of_another_version_stay_as_they_are(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert dbos_polling._find_loop("_queue", "renamed") is None
    assert dbos_polling._find_loop("_renamed", "queue_thread") is None
    monkeypatch.setattr(dbos_polling, "_JANITOR", None)
    before = vars(_dbos)["queue_thread"]
    pace_queues(lambda: "1")()
    assert vars(_dbos)["queue_thread"] is before
    assert "are not known" in caplog.text
