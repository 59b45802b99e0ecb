"""The clock of the schedule, which somebody may set."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from subtitled.service import schedule as scheduling
from subtitled.service.schedule import Schedule


@pytest.fixture
def schedule() -> Iterator[Schedule]:
    made = Schedule(1)
    made.start()
    yield made
    made.stop()


def test_a_walk_comes_when_it_is_asked_for(schedule: Schedule) -> None:
    walked = threading.Event()
    schedule.walks("films", 6 * 3600.0, lambda name: walked.set())
    assert not walked.wait(0.3)
    schedule.walk_in("films", 0.0)
    assert walked.wait(10)


def test_after_the_clock_was_set_back_a_year_nobody_waits_for_it(
    schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked, looked = threading.Event(), threading.Event()
    schedule.walks("films", 60.0, lambda name: walked.set())
    schedule.walk_in("films", 365 * 24 * 3600.0)
    schedule.watchers("films", lambda name: looked.set())
    assert looked.wait(10)
    assert not schedule.mind_the_clock()
    usual = scheduling._clock()
    monkeypatch.setattr(scheduling, "_clock", lambda: usual - 365 * 24 * 3600.0)
    assert schedule.mind_the_clock()
    assert walked.wait(10)
    assert not schedule.mind_the_clock()


def test_tidying_stays_at_night(schedule: Schedule, monkeypatch: pytest.MonkeyPatch) -> None:
    tidied = threading.Event()
    schedule.daily(tidied.set)
    if abs(datetime.now() - datetime.now().replace(hour=4, minute=17)) < timedelta(minutes=1):
        pytest.skip("it is that time of night")
    monkeypatch.setattr(scheduling, "_clock", lambda: 0.0)
    assert schedule.mind_the_clock()
    assert not tidied.wait(0.3)
