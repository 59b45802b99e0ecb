"""Exponential back-off."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Backoff


def test_delays_grow_by_the_factor_up_to_the_maximum() -> None:
    assert [Backoff(1.0).delay(n) for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert [Backoff(5.0, factor=3.0, maximum=40.0).delay(n) for n in (1, 2, 3)] == [5, 15, 40]
    assert Backoff(15.0, maximum=300.0).delay(5000) == 300.0


def test_what_the_other_side_asks_for_is_the_least() -> None:
    backoff = Backoff(10.0, maximum=60.0)
    assert backoff.delay(1, retry_after=3.0) == 10.0
    assert backoff.delay(1, retry_after=30.0) == 30.0
    assert backoff.delay(9, retry_after=3600.0) == 3600.0


def test_chance_spreads_a_delay_by_its_share() -> None:
    backoff = Backoff(10.0, jitter=0.2)
    assert [backoff.delay(1, chance=chance) for chance in (0.0, 0.5, 1.0)] == [8, 10, 12]


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_a_drawn_delay_stays_within_the_share(failures: int, jitter: float) -> None:
    delay = Backoff(1.0, maximum=100.0, jitter=jitter).delay(failures)
    assert 0 <= delay <= 100.0 * (1 + jitter) + 1e-9
