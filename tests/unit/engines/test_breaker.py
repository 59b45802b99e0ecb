"""Circuit breakers: an engine that is down costs its files no attempts."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.db.database import Database
from subtitled.engines.breaker import (
    FIRST_WAIT_SECONDS,
    MAX_WAIT_SECONDS,
    BreakerState,
    CircuitBreakers,
    next_state_after_failure,
)
from subtitled.engines.protocol import EngineCrashedError
from subtitled.plugin import InputRejectedError, SetupError, SubtitledError, TransientError


class Clock:
    def __init__(self) -> None:
        self.at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breakers(tmp_path: Path, clock: Clock) -> CircuitBreakers:
    return CircuitBreakers(Database(tmp_path / "subtitled.sqlite").kv, clock, lambda: 0.5)


def fail(breakers: CircuitBreakers, media: str, problem: SubtitledError | None = None) -> None:
    raised = problem or TransientError("the other side is down", "Wait")
    with pytest.raises(type(raised)), breakers.guard("cloud", media):
        raise raised


def test_three_failures_in_a_row_over_two_media_open_it(
    breakers: CircuitBreakers, clock: Clock
) -> None:
    fail(breakers, "a")
    fail(breakers, "a", EngineCrashedError("it crashed"))
    assert breakers.state_of("cloud").is_closed
    fail(breakers, "b", SetupError("the key is wrong", "Make another"))
    known = breakers.state_of("cloud")
    assert known.open_until == clock.at + FIRST_WAIT_SECONDS
    assert (known.reason, known.hint) == ("the key is wrong", "Make another")
    assert breakers.state_of("other").is_closed


def test_one_media_file_alone_never_opens_the_breaker(breakers: CircuitBreakers) -> None:
    for _ in range(20):
        fail(breakers, "poison", EngineCrashedError("it crashed"))
    assert breakers.state_of("cloud").is_closed


def test_a_success_or_a_refusal_of_one_file_ends_the_row(breakers: CircuitBreakers) -> None:
    fail(breakers, "a")
    fail(breakers, "b")
    with breakers.guard("cloud", "c"):
        pass
    fail(breakers, "a")
    fail(breakers, "b")
    fail(breakers, "c", InputRejectedError("this one cannot be done"))
    fail(breakers, "a")
    fail(breakers, "b")
    assert breakers.state_of("cloud").is_closed


def test_language_identification_does_not_close_the_breaker(breakers: CircuitBreakers) -> None:
    for media in "abc":
        with breakers.guard("cloud", media, counts_as_success=False):
            pass
        fail(breakers, media)
    assert not breakers.state_of("cloud").is_closed


def test_a_try_that_fails_doubles_the_wait_up_to_an_hour(
    breakers: CircuitBreakers, clock: Clock
) -> None:
    for media in "aab":
        fail(breakers, media)
    waits = []
    for _ in range(9):
        waits.append(breakers.state_of("cloud").open_until - clock.at)
        clock.at = breakers.state_of("cloud").open_until
        fail(breakers, "a")
    assert waits[:3] == [FIRST_WAIT_SECONDS, 2 * FIRST_WAIT_SECONDS, 4 * FIRST_WAIT_SECONDS]
    assert waits[-1] == MAX_WAIT_SECONDS
    clock.at = breakers.state_of("cloud").open_until
    with breakers.guard("cloud", "a"):
        pass
    assert breakers.state_of("cloud") == BreakerState()


def test_failures_that_were_under_way_when_it_opened_do_not_lengthen_it(
    breakers: CircuitBreakers, clock: Clock
) -> None:
    for media in "aabcd":
        fail(breakers, media)
    assert breakers.state_of("cloud").open_until == clock.at + FIRST_WAIT_SECONDS


def test_what_the_other_side_asks_for_is_waited_for() -> None:
    known = BreakerState(failures=2, media=("a",))
    limited = TransientError("too many requests", retry_after=1234.0)
    assert next_state_after_failure(known, "b", limited, 0.0).open_until == 1234.0


def test_waits_are_spread_by_chance() -> None:
    known, down = BreakerState(failures=2, media=("a",)), TransientError("down")
    spread = {
        next_state_after_failure(known, "b", down, 0.0, chance).open_until
        for chance in (0.0, 0.5, 1.0)
    }
    assert spread == {FIRST_WAIT_SECONDS * 0.8, FIRST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 1.2}


def test_it_survives_a_restart_and_can_be_reset(tmp_path: Path, breakers: CircuitBreakers) -> None:
    for media in "aab":
        fail(breakers, media)
    later = CircuitBreakers(Database(tmp_path / "subtitled.sqlite").kv)
    assert later.open_states().keys() == {"cloud"}
    assert later.reset("cloud")
    assert not later.reset("cloud")
    assert breakers.state_of("cloud").is_closed
