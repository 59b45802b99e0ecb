"""Notifiers hear of everything in their rhythm, and again what they could not be told."""

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

from subtitled.config.plugins import Configured
from subtitled.library import notices as kept
from subtitled.library.ledger import Ledger
from subtitled.notify import notifying
from subtitled.notify.notifying import Notifying, quiet_left, wait_for
from subtitled.plugin import (
    Event,
    Failed,
    Finished,
    Misconfigured,
    Notice,
    Notifier,
    Rejected,
    Rhythm,
    Settings,
    Temporary,
)


def wait_until(done: Callable[[], object], limit: float = 20) -> None:
    end = time.monotonic() + limit
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def event(number: int) -> Event:
    return Finished(Path(f"/films/{number}.mkv"), (), "made en")


class Ear(Notifier):
    """Keeps what it is told; ``trouble`` is raised once each."""

    heard: list[list[Notice]]
    trouble: list[Exception]
    pace = Rhythm()

    @classmethod
    def rhythm(cls, settings: Any) -> Rhythm:
        return cls.pace

    def notify(self, notices: Sequence[Notice]) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.heard.append(list(notices))


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> type[Ear]:
    monkeypatch.setattr(notifying, "WAITS", (0.2,))
    monkeypatch.setattr(notifying, "MISCONFIGURED", 0.2)

    class One(Ear):
        heard: list[list[Notice]] = []  # noqa: RUF012
        trouble: list[Exception] = []  # noqa: RUF012

    return One


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[Callable[..., Notifying]]:
    """Begins the life of some notifiers over one ledger."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    begun: list[Notifying] = []

    def begin(**ears: type[Ear]) -> Notifying:
        configured = {name: Configured(name, name, one, Settings()) for name, one in ears.items()}
        configuration: Any = SimpleNamespace(notifiers=configured)
        life = Notifying(configuration, ledger.notices)
        life.start()
        begun.append(life)
        return life

    yield begin
    for life in begun:
        life.stop()
    wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("notifier ")])
    ledger.close()


def test_each_event_is_told_by_itself_and_in_order(
    lives: Callable[..., Notifying], ear: type[Ear]
) -> None:
    life = lives(bell=ear)
    for number in range(5):
        life.happened(event(number))
    wait_until(lambda: len(ear.heard) == 5)
    assert [[one.event for one in batch] for batch in ear.heard] == [[event(n)] for n in range(5)]
    assert len({batch[0].id for batch in ear.heard}) == 5


@pytest.mark.parametrize("problem", [Temporary("away"), Misconfigured("key"), RuntimeError("bug")])
def test_what_could_not_be_told_is_told_again(
    lives: Callable[..., Notifying], ear: type[Ear], problem: Exception
) -> None:
    ear.trouble = [problem, problem]
    lives(bell=ear).happened(event(1))
    wait_until(lambda: ear.heard)
    assert ear.heard[0][0].event == event(1)
    assert ear.trouble == []


def test_what_is_rejected_is_given_up_and_the_next_is_told(
    lives: Callable[..., Notifying], ear: type[Ear]
) -> None:
    ear.trouble = [Rejected("no such film")]
    life = lives(bell=ear)
    life.happened(event(1))
    life.happened(event(2))
    wait_until(lambda: ear.heard)
    assert [one.event for batch in ear.heard for one in batch] == [event(2)]


def test_one_that_is_away_holds_up_no_other_and_hears_all_in_the_next_life(
    lives: Callable[..., Notifying], ear: type[Ear], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away(Ear):
        heard: list[list[Notice]] = []  # noqa: RUF012
        trouble: list[Exception] = [Temporary("away", retry_after=3600.0)]  # noqa: RUF012

    life = lives(bell=ear, away=Away)
    life.happened(event(1))
    life.happened(event(2))
    wait_until(lambda: len(ear.heard) == 2)
    assert Away.heard == []
    life.stop()
    lives(bell=ear, away=Away)
    wait_until(lambda: len(Away.heard) == 2)
    assert [one.event for batch in Away.heard for one in batch] == [event(1), event(2)]
    assert len(ear.heard) == 2


def test_who_collects_hears_what_happened_meanwhile_in_one(
    lives: Callable[..., Notifying], ear: type[Ear]
) -> None:
    ear.pace = Rhythm(every=0.5)
    life = lives(bell=ear)
    for number in range(4):
        life.happened(event(number))
    wait_until(lambda: ear.heard)
    assert [[one.event for one in batch] for batch in ear.heard] == [[event(n) for n in range(4)]]


def test_what_is_kept_for_one_that_never_comes_is_bounded_and_forgotten_with_it(
    lives: Callable[..., Notifying], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST", 3)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for number in range(7):
        ledger.notices.put(["gone", "other"], event(number), float(number))
    assert [one.at for one in ledger.notices.waiting("gone")] == [4.0, 5.0, 6.0]
    assert len(ledger.notices.waiting("other")) == 3
    ledger.notices.forget_others(["other"])
    assert ledger.notices.waiting("gone") == []
    assert len(ledger.notices.waiting("other")) == 3
    ledger.close()


def test_an_event_comes_back_from_the_ledger_as_it_was(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    failed = Failed(Path("/films/caf\udce9.mkv"), "why", "cure", again_at=12.5)
    ledger.notices.put(["bell"], failed, 3.0)
    (notice,) = ledger.notices.waiting("bell")
    assert (notice.event, notice.at) == (failed, 3.0)
    ledger.notices.told([notice.id])
    assert ledger.notices.waiting("bell") == []
    ledger.close()


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
    assert quiet_left(Rhythm(quiet=quiet), now) == left * 3600


_clock = st.times(max_value=clock(23, 59)).map(lambda t: t.replace(second=0, microsecond=0))


@given(_clock, _clock, st.floats(0, 2 * 86400), st.floats(-86400, 86400), st.floats(0, 86400))
def test_nobody_is_ever_told_in_quiet_hours_nor_kept_waiting_for_ever(
    begin: clock, end: clock, every: float, since: float, offset: float
) -> None:
    if begin == end:
        return
    now = at(0) + offset
    rhythm = Rhythm(every, (begin, end))
    wait = wait_for(rhythm, now - since, now)
    assert 0 <= wait <= every + 86400
    assert quiet_left(rhythm, now + wait + 0.001) == 0
