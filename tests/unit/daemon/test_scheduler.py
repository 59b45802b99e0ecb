"""The scheduler's detection of a changed system clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from subtitled.daemon import scheduler as scheduling
from subtitled.daemon.scheduler import Scheduler


@pytest.fixture
def schedule() -> Iterator[Scheduler]:
    scheduler = Scheduler(1)
    scheduler.start()
    yield scheduler
    scheduler.stop()


def test_requested_scan_is_due_at_once(schedule: Scheduler) -> None:
    walked = threading.Event()
    schedule.add_scan("films", 6 * 3600.0, lambda name: walked.set())
    assert not walked.wait(0.3)
    schedule.scan_in("films", 0.0)
    assert walked.wait(10)


def test_clock_set_back_a_year_delays_no_scan(
    schedule: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked, looked = threading.Event(), threading.Event()
    schedule.add_scan("films", 60.0, lambda name: walked.set())
    schedule.scan_in("films", 365 * 24 * 3600.0)
    schedule.add_watch_check("films", lambda name: looked.set())
    assert looked.wait(10)
    assert not schedule.detect_clock_change()
    usual = scheduling._clock_offset()
    monkeypatch.setattr(scheduling, "_clock_offset", lambda: usual - 365 * 24 * 3600.0)
    assert schedule.detect_clock_change()
    assert walked.wait(10)
    assert not schedule.detect_clock_change()


def test_tidying_stays_at_night(schedule: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    tidied = threading.Event()
    schedule.add_daily_cleanup(tidied.set)
    if abs(datetime.now() - datetime.now().replace(hour=4, minute=17)) < timedelta(minutes=1):
        pytest.skip("it is that time of night")
    monkeypatch.setattr(scheduling, "_clock_offset", lambda: 0.0)
    assert schedule.detect_clock_change()
    assert not tidied.wait(0.3)
