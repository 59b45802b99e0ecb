"""Polling workers: called again and again, also after errors, until they are stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from subtitled.polling import PollingWorker

LIMIT = 10.0
FOREVER = 3600.0


class _Worker(PollingWorker):
    def __init__(self, wait: float = FOREVER, act: Callable[[int], None] = lambda n: None) -> None:
        super().__init__("worker under test")
        self.calls = 0
        self.called = threading.Semaphore(0)
        self.wakeable = True
        self._wait, self._act = wait, act

    def tick(self) -> float:
        self.calls += 1
        self.called.release()
        self._act(self.calls)
        return self._wait

    def error_wait(self) -> float:
        return 0.0

    def is_wakeable(self) -> bool:
        return self.wakeable


@pytest.fixture
def start() -> Iterator[Callable[..., _Worker]]:
    workers: list[_Worker] = []

    def begin(worker: _Worker) -> _Worker:
        workers.append(worker)
        worker.start()
        return worker

    yield begin
    for worker in workers:
        worker.request_stop()
        worker.join(LIMIT)
        assert not worker.is_alive()


def test_a_worker_is_called_again_after_the_seconds_that_it_returned(
    start: Callable[[_Worker], _Worker],
) -> None:
    worker = start(_Worker(wait=0.0))
    assert all(worker.called.acquire(timeout=LIMIT) for _ in range(3))


def test_waking_a_worker_ends_its_wait(start: Callable[[_Worker], _Worker]) -> None:
    worker = start(_Worker())
    assert worker.called.acquire(timeout=LIMIT)
    worker.wake()
    assert worker.called.acquire(timeout=LIMIT)


def test_a_wake_up_during_a_call_leads_to_another_call(
    start: Callable[[_Worker], _Worker],
) -> None:
    worker = _Worker(act=lambda number: worker.wake() if number == 1 else None)
    start(worker)
    assert worker.called.acquire(timeout=LIMIT)
    assert worker.called.acquire(timeout=LIMIT)
    assert not worker.called.acquire(timeout=0.1)


def test_a_worker_that_may_not_be_woken_waits(start: Callable[[_Worker], _Worker]) -> None:
    worker = _Worker()
    worker.wakeable = False
    start(worker)
    assert worker.called.acquire(timeout=LIMIT)
    worker.wake()
    assert not worker.called.acquire(timeout=0.1)


@pytest.mark.parametrize("error", [RuntimeError("a fault of ours"), OSError(28, "disk full")])
def test_an_unexpected_error_is_logged_and_the_worker_is_called_again(
    start: Callable[[_Worker], _Worker], caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fail_once(number: int) -> None:
        if number == 1:
            raise error

    worker = start(_Worker(act=fail_once))
    assert worker.called.acquire(timeout=LIMIT)
    assert worker.called.acquire(timeout=LIMIT)
    assert "worker under test: unexpected error" in caplog.text


def test_a_worker_that_waits_for_long_stops_at_once(start: Callable[[_Worker], _Worker]) -> None:
    worker = start(_Worker())
    assert worker.called.acquire(timeout=LIMIT)
    worker.request_stop()
    worker.join(LIMIT)
    assert not worker.is_alive()
    assert worker.calls == 1
