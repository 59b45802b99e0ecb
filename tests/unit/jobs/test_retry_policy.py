"""The retry policy: waits double, vary at random and are limited."""

from __future__ import annotations

import pytest

from subtitled.db.records import FileState
from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.jobs.retry_policy import (
    JITTER,
    MAX_ATTEMPTS,
    MAX_WAIT_SECONDS,
    RetryDecision,
    next_state,
)
from subtitled.plugin import TransientError

DOWN = TransientError("down")


def test_waits_double_and_are_spread_by_chance() -> None:
    for attempt in range(1, MAX_ATTEMPTS):
        plain = 60.0 * 2 ** (attempt - 1)
        waits = [
            next_state(DOWN, attempt, 0.0, 60.0, jitter=chance).retry_at
            for chance in (0.0, 0.5, 1.0)
        ]
        assert waits == pytest.approx([plain * (1 - JITTER), plain, plain * (1 + JITTER)])


def test_wait_is_at_most_a_day_and_attempts_are_limited() -> None:
    assert next_state(DOWN, 7, 0.0, 86400.0, jitter=1.0).retry_at == MAX_WAIT_SECONDS
    assert next_state(DOWN, MAX_ATTEMPTS, 0.0, 60.0).state is FileState.FAILED
    assert (
        next_state(TransientError("limit", retry_after=7200.0), 1, 0.0, 60.0, jitter=0.0).retry_at
        == 7200.0
    )


def test_what_waits_for_a_budget_waits_and_has_not_failed() -> None:
    spent = ResourceUnavailableError("the budget is spent", retry_after=7200.0)
    assert next_state(spent, MAX_ATTEMPTS, 0.0, 60.0) == RetryDecision(FileState.WAITING, 7200.0)
    month = ResourceUnavailableError("the budget is spent", retry_after=30 * 86400.0)
    assert next_state(month, 0, 0.0, 60.0).retry_at == MAX_WAIT_SECONDS
