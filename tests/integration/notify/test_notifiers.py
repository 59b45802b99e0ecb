"""Notifiers get every event on their schedule, and again after failures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from datetime import time as clock
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.config.plugins import ConfiguredComponent
from subtitled.daemon.answers.servers import find_notifier_errors
from subtitled.db import notifications as kept
from subtitled.db.database import Database
from subtitled.db.kv import NOTIFIER_ERROR_KEY
from subtitled.notify import notifiers
from subtitled.notify.notifiers import (
    NotifierDispatcher,
    quiet_seconds_left,
    seconds_until_delivery,
)
from subtitled.plugin import (
    Backoff,
    DeliverySchedule,
    Event,
    InputRejectedError,
    JobFailed,
    JobFinished,
    Notification,
    Notifier,
    Settings,
    SetupError,
    TransientError,
)


def wait_until(done: Callable[[], object], limit: float = 120) -> None:
    end = time.monotonic() + limit
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def event(number: int) -> Event:
    return JobFinished(Path(f"/films/{number}.mkv"), (), "made en")


class FakeNotifier(Notifier):
    """A notifier that records notifications and raises each of ``trouble`` once."""

    received: list[list[Notification]]
    trouble: list[Exception]
    pace = DeliverySchedule()

    @classmethod
    def delivery_schedule(cls, settings: Any) -> DeliverySchedule:
        return cls.pace

    def notify(self, notifications: Sequence[Notification]) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.received.append(list(notifications))


@pytest.fixture
def fake_notifier(monkeypatch: pytest.MonkeyPatch) -> type[FakeNotifier]:
    monkeypatch.setattr(notifiers, "BACKOFF", Backoff(first=0.2, factor=1.0))
    monkeypatch.setattr(notifiers, "SETUP_ERROR_WAIT_SECONDS", 0.2)

    class One(FakeNotifier):
        received: list[list[Notification]] = []  # noqa: RUF012
        trouble: list[Exception] = []  # noqa: RUF012

    return One


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[Callable[..., NotifierDispatcher]]:
    """Start the workers of some notifiers over one database."""
    database = Database(tmp_path / "subtitled.sqlite")
    begun: list[NotifierDispatcher] = []

    def begin(**fake_notifiers: type[FakeNotifier]) -> NotifierDispatcher:
        configured = {
            name: ConfiguredComponent(
                name=name, plugin=name, component_class=one, settings=Settings()
            )
            for name, one in fake_notifiers.items()
        }
        configuration: Any = SimpleNamespace(notifiers=configured)
        life = NotifierDispatcher(configuration, database)
        life.start()
        begun.append(life)
        return life

    yield begin
    for life in begun:
        life.stop()
    wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("notifier ")])
    database.close()


def test_each_event_is_delivered_by_itself_and_in_order(
    lives: Callable[..., NotifierDispatcher], fake_notifier: type[FakeNotifier]
) -> None:
    life = lives(bell=fake_notifier)
    for number in range(5):
        life.enqueue(event(number))
    wait_until(lambda: len(fake_notifier.received) == 5)
    assert [[one.event for one in batch] for batch in fake_notifier.received] == [
        [event(n)] for n in range(5)
    ]
    assert len({batch[0].id for batch in fake_notifier.received}) == 5


def test_what_a_notifier_raised_is_kept_until_it_works(
    lives: Callable[..., NotifierDispatcher],
    fake_notifier: type[FakeNotifier],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hold = threading.Event()

    class Held(fake_notifier):  # type: ignore[misc, valid-type]
        def notify(self, notifications: Sequence[Notification]) -> None:
            if not hold.is_set():
                raise KeyError("bug")
            super().notify(notifications)

    database = Database(tmp_path / "subtitled.sqlite")
    database.kv.set(f"{NOTIFIER_ERROR_KEY}gone", "an error of a run before")
    lives(bell=Held).enqueue(event(1))
    wait_until(lambda: database.kv.get(f"{NOTIFIER_ERROR_KEY}bell"))
    (error,) = find_notifier_errors(database).values()
    assert "the plugin bell failed: KeyError: 'bug' (" in error and "test_notifiers.py:" in error
    assert "notify)" in error and "Correct that line" in error
    hold.set()
    wait_until(lambda: not find_notifier_errors(database))
    assert fake_notifier.received[0][0].event == event(1)
    database.close()


@pytest.mark.parametrize(
    "problem", [TransientError("away"), SetupError("key"), RuntimeError("bug")]
)
def test_failed_notification_is_delivered_again(
    lives: Callable[..., NotifierDispatcher], fake_notifier: type[FakeNotifier], problem: Exception
) -> None:
    fake_notifier.trouble = [problem, problem]
    lives(bell=fake_notifier).enqueue(event(1))
    wait_until(lambda: fake_notifier.received)
    assert fake_notifier.received[0][0].event == event(1)
    assert fake_notifier.trouble == []


def test_rejected_notification_is_dropped_and_the_next_delivered(
    lives: Callable[..., NotifierDispatcher], fake_notifier: type[FakeNotifier]
) -> None:
    fake_notifier.trouble = [InputRejectedError("no such film")]
    life = lives(bell=fake_notifier)
    life.enqueue(event(1))
    life.enqueue(event(2))
    wait_until(lambda: fake_notifier.received)
    assert [one.event for batch in fake_notifier.received for one in batch] == [event(2)]


def test_unreachable_notifier_delays_no_other_and_gets_its_backlog_after_restart(
    lives: Callable[..., NotifierDispatcher],
    fake_notifier: type[FakeNotifier],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Away(FakeNotifier):
        received: list[list[Notification]] = []  # noqa: RUF012
        trouble: list[Exception] = [TransientError("away", retry_after=3600.0)]  # noqa: RUF012

    life = lives(bell=fake_notifier, away=Away)
    life.enqueue(event(1))
    life.enqueue(event(2))
    wait_until(lambda: len(fake_notifier.received) == 2 and not Away.trouble)
    assert Away.received == []
    life.stop()
    lives(bell=fake_notifier, away=Away)
    wait_until(lambda: len(Away.received) == 2)
    assert [one.event for batch in Away.received for one in batch] == [event(1), event(2)]
    assert len(fake_notifier.received) == 2


def test_notifier_with_an_interval_gets_events_in_one_batch(
    lives: Callable[..., NotifierDispatcher], fake_notifier: type[FakeNotifier]
) -> None:
    # Long enough to store four events, however busy the machine is.
    fake_notifier.pace = DeliverySchedule(batch_seconds=5.0)
    life = lives(bell=fake_notifier)
    for number in range(4):
        life.enqueue(event(number))
    wait_until(lambda: fake_notifier.received)
    assert [[one.event for one in batch] for batch in fake_notifier.received] == [
        [event(n) for n in range(4)]
    ]


def test_what_is_kept_for_one_that_never_comes_is_bounded_and_forgotten_with_it(
    lives: Callable[..., NotifierDispatcher], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MAX_EVENTS_PER_NOTIFIER", 3)
    database = Database(tmp_path / "subtitled.sqlite")
    for number in range(7):
        database.notifications.enqueue(["gone", "other"], event(number), float(number))
    assert [one.occurred_at for one in database.notifications.pending("gone")] == [4.0, 5.0, 6.0]
    assert len(database.notifications.pending("other")) == 3
    database.notifications.delete_unconfigured(["other"])
    assert database.notifications.pending("gone") == []
    assert len(database.notifications.pending("other")) == 3
    database.close()


def test_event_read_from_the_database_is_unchanged(tmp_path: Path) -> None:
    database = Database(tmp_path / "subtitled.sqlite")
    failed = JobFailed(Path("/films/caf\udce9.mkv"), "why", "cure", retry_at=12.5)
    database.notifications.enqueue(["bell"], failed, 3.0)
    (notice,) = database.notifications.pending("bell")
    assert (notice.event, notice.occurred_at) == (failed, 3.0)
    database.notifications.mark_delivered([notice.id])
    assert database.notifications.pending("bell") == []
    database.close()


def at(hour: int, minute: int = 0) -> float:
    return datetime(2026, 1, 14, hour, minute).timestamp()


@pytest.mark.parametrize(
    ("quiet", "now", "left"),
    [
        ((clock(22), clock(7)), at(23), 8.0),
        ((clock(22), clock(7)), at(3, 30), 3.5),
        ((clock(22), clock(7)), at(7), 0.0),
        ((clock(22), clock(7)), at(12), 0.0),
        ((clock(22), clock(7)), at(22), 9.0),
        ((clock(9), clock(17)), at(9), 8.0),
        ((clock(9), clock(17)), at(18), 0.0),
        (None, at(3), 0.0),
    ],
)
def test_quiet_hours_may_span_midnight(
    quiet: tuple[clock, clock] | None, now: float, left: float
) -> None:
    assert quiet_seconds_left(DeliverySchedule(quiet_hours=quiet), now) == left * 3600


_clock = st.times(max_value=clock(23, 59)).map(lambda t: t.replace(second=0, microsecond=0))


@given(_clock, _clock, st.floats(0, 2 * 86400), st.floats(-86400, 86400), st.floats(0, 86400))
def test_nothing_is_delivered_in_quiet_hours_and_everything_after_them(
    begin: clock, end: clock, every: float, since: float, offset: float
) -> None:
    if begin == end:
        return
    now = at(0) + offset
    rhythm = DeliverySchedule(every, (begin, end))
    wait = seconds_until_delivery(rhythm, now - since, now)
    assert 0 <= wait <= every + 86400
    assert quiet_seconds_left(rhythm, now + wait + 0.001) == 0
