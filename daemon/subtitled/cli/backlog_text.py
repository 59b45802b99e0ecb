"""How much work is left and when it is done, in words."""

from __future__ import annotations

import time
from collections.abc import Iterator

from subtitled.daemon.answers.backlog import BacklogAnswer
from subtitled.jobs.prediction import WorkRange

from .amounts import count_files, describe_hours

_HOUR, _DAY = 3600.0, 86400.0
_DAYS_FROM_HOURS = 48
"""From so many hours on, days are told."""


def describe_backlog_lines(answer: BacklogAnswer) -> Iterator[str]:
    """Yield what is left, how long it takes and when it is done."""
    if answer.files:
        unknown = f", {answer.unknown_files} of unknown length" if answer.unknown_files else ""
        yield (
            f"left: {count_files(answer.files)}, {describe_hours(answer.sound_seconds)} of sound"
            f"{unknown}; {describe_work(answer.work, answer.basis)}"
        )
        if answer.done_at is not None:
            dates = (answer.done_at.low, answer.done_at.expected, answer.done_at.high)
            low, expected, high = map(_describe_date, dates)
            between = f" (between {low} and {high})" if low != high else ""
            yield f"done: {expected}, in the working hours as they are{between}"
    if answer.undecided_files:
        yield f"{count_files(answer.undecided_files)} not examined yet, and not counted"


def describe_work(work: WorkRange | None, basis: str) -> str:
    """Describe how long some work takes without a break, and what that is by."""
    if work is None:
        return f"how long that takes is not known yet: {basis}"
    if not work.high:
        return basis
    low, expected, high = (
        _describe_seconds(seconds, work.expected)
        for seconds in (work.low, work.expected, work.high)
    )
    return f"about {expected} of work ({low} to {high}), {basis}"


def _describe_seconds(seconds: float, like: float) -> str:
    """Describe a duration in the unit that suits another one."""
    if like >= _DAYS_FROM_HOURS * _HOUR:
        return f"{seconds / _DAY:.1f} days"
    if like >= _HOUR:
        return f"{seconds / _HOUR:.1f} hours"
    return f"{seconds / 60:.0f} minutes"


def _describe_date(at: float | None) -> str:
    if at is None:
        return "in more than ten years"
    return time.strftime("%Y-%m-%d", time.localtime(at))
