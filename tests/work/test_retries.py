"""Waits between tries: doubled, spread by chance, and never endless."""

from __future__ import annotations

import pytest

from subtitled.engines.wire import Waiting
from subtitled.jobs.retries import JITTER, LONGEST_WAIT, MOST_ATTEMPTS, Next, after
from subtitled.library.records import FileState
from subtitled.plugin import Temporary

DOWN = Temporary("down")


def test_waits_double_and_are_spread_by_chance() -> None:
    for attempt in range(1, MOST_ATTEMPTS):
        plain = 60.0 * 2 ** (attempt - 1)
        waits = [after(DOWN, attempt, 0.0, 60.0, chance=chance).at for chance in (0.0, 0.5, 1.0)]
        assert waits == pytest.approx([plain * (1 - JITTER), plain, plain * (1 + JITTER)])


def test_nobody_waits_longer_than_a_day_or_tries_for_ever() -> None:
    assert after(DOWN, 7, 0.0, 86400.0, chance=1.0).at == LONGEST_WAIT
    assert after(DOWN, MOST_ATTEMPTS, 0.0, 60.0).state is FileState.FAILED
    assert after(Temporary("limit", retry_after=7200.0), 1, 0.0, 60.0, chance=0.0).at == 7200.0


def test_what_waits_for_a_budget_waits_and_has_not_failed() -> None:
    spent = Waiting("the budget is spent", retry_after=7200.0)
    assert after(spent, MOST_ATTEMPTS, 0.0, 60.0) == Next(FileState.WAITING, 7200.0)
    month = Waiting("the budget is spent", retry_after=30 * 86400.0)
    assert after(month, 0, 0.0, 60.0).at == LONGEST_WAIT
