"""An engine that is down is left alone, and its files do not pay for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.engines.breaker import (
    FIRST_WAIT,
    LONGEST_WAIT,
    Breaker,
    Breakers,
    after_failure,
)
from subtitled.engines.wire import Crashed
from subtitled.library.ledger import Ledger
from subtitled.plugin import Misconfigured, Problem, Rejected, Temporary


class Clock:
    def __init__(self) -> None:
        self.at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breakers(tmp_path: Path, clock: Clock) -> Breakers:
    return Breakers(Ledger(tmp_path / "ledger.sqlite").mailbox, clock, lambda: 0.5)


def fail(breakers: Breakers, medium: str, problem: Problem | None = None) -> None:
    raised = problem or Temporary("the other side is down", "Wait")
    with pytest.raises(type(raised)), breakers.watching("cloud", medium):
        raise raised


def test_three_failures_in_a_row_over_two_media_open_it(breakers: Breakers, clock: Clock) -> None:
    fail(breakers, "a")
    fail(breakers, "a", Crashed("it crashed"))
    assert breakers.of("cloud").closed
    fail(breakers, "b", Misconfigured("the key is wrong", "Make another"))
    known = breakers.of("cloud")
    assert known.until == clock.at + FIRST_WAIT
    assert (known.why, known.cure) == ("the key is wrong", "Make another")
    assert breakers.of("other").closed


def test_one_medium_alone_never_opens_it(breakers: Breakers) -> None:
    for _ in range(20):
        fail(breakers, "poison", Crashed("it crashed"))
    assert breakers.of("cloud").closed


def test_a_success_or_a_refusal_of_one_file_ends_the_row(breakers: Breakers) -> None:
    fail(breakers, "a")
    fail(breakers, "b")
    with breakers.watching("cloud", "c"):
        pass
    fail(breakers, "a")
    fail(breakers, "b")
    fail(breakers, "c", Rejected("this one cannot be done"))
    fail(breakers, "a")
    fail(breakers, "b")
    assert breakers.of("cloud").closed


def test_that_the_language_was_heard_proves_nothing(breakers: Breakers) -> None:
    for medium in "abc":
        with breakers.watching("cloud", medium, proves=False):
            pass
        fail(breakers, medium)
    assert not breakers.of("cloud").closed


def test_a_try_that_fails_doubles_the_wait_up_to_an_hour(breakers: Breakers, clock: Clock) -> None:
    for medium in "aab":
        fail(breakers, medium)
    waits = []
    for _ in range(9):
        waits.append(breakers.of("cloud").until - clock.at)
        clock.at = breakers.of("cloud").until
        fail(breakers, "a")
    assert waits[:3] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert waits[-1] == LONGEST_WAIT
    clock.at = breakers.of("cloud").until
    with breakers.watching("cloud", "a"):
        pass
    assert breakers.of("cloud") == Breaker()


def test_failures_that_were_under_way_when_it_opened_do_not_lengthen_it(
    breakers: Breakers, clock: Clock
) -> None:
    for medium in "aabcd":
        fail(breakers, medium)
    assert breakers.of("cloud").until == clock.at + FIRST_WAIT


def test_what_the_other_side_asks_for_is_waited_for() -> None:
    known = Breaker(failures=2, media=("a",))
    limited = Temporary("too many requests", retry_after=1234.0)
    assert after_failure(known, "b", limited, 0.0).until == 1234.0


def test_waits_are_spread_by_chance() -> None:
    known, down = Breaker(failures=2, media=("a",)), Temporary("down")
    spread = {after_failure(known, "b", down, 0.0, chance).until for chance in (0.0, 0.5, 1.0)}
    assert spread == {FIRST_WAIT * 0.8, FIRST_WAIT, FIRST_WAIT * 1.2}


def test_it_survives_a_restart_and_can_be_reset(tmp_path: Path, breakers: Breakers) -> None:
    for medium in "aab":
        fail(breakers, medium)
    later = Breakers(Ledger(tmp_path / "ledger.sqlite").mailbox)
    assert later.all().keys() == {"cloud"}
    assert later.reset("cloud")
    assert not later.reset("cloud")
    assert breakers.of("cloud").closed
