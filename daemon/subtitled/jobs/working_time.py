"""When work is done, if it goes on in working hours only."""

from __future__ import annotations

from collections.abc import Sequence

from .working_hours import WorkingHours

WEEK_SECONDS = 7 * 86400.0
MAX_YEARS = 10
"""Work that takes longer has no date."""
_MAX_CHANGES = 2000
"""Changes of the hours that are looked at, at most."""


def find_end(hours: Sequence[WorkingHours], start: float, work_seconds: float) -> float | None:
    """Return when some work is done.

    Hours repeat each week. So whole weeks are skipped, and only the first and the last ones are
    looked at.

    Args:
        hours: Working hours, all of which must be open.
        start: When the work begins, or goes on (seconds since 1970).
        work_seconds: How long it takes.

    Returns:
        Seconds since 1970; None if that is in more than :data:`MAX_YEARS` years, or never.
    """
    limit = start + MAX_YEARS * 365 * 86400.0
    hours = [one for one in hours if one.windows or one.quiet_windows]
    if not hours:
        end = start + work_seconds
        return end if end <= limit else None
    at, left = _work_until(hours, start, work_seconds, start + WEEK_SECONDS)
    if left > 0:
        worked = work_seconds - left
        if worked <= 0:
            return None
        # One week less: the clocks may change, and a week is then longer or shorter.
        weeks = max(0, int(left / worked) - 1)
        at, left = at + weeks * WEEK_SECONDS, left - weeks * worked
        at, left = _work_until(hours, at, left, min(limit, at + 6 * WEEK_SECONDS))
    return at if left <= 0 and at <= limit else None


def _work_until(
    hours: Sequence[WorkingHours], at: float, left: float, end: float
) -> tuple[float, float]:
    """Work from a time until the work or the time is over.

    Returns:
        The time then, and how many seconds of work are left.
    """
    for _ in range(_MAX_CHANGES):
        if left <= 0 or at >= end:
            break
        changes = [one.next_change(at) for one in hours]
        until = min([end, *(change for change in changes if change is not None)])
        if all(one.is_open_at(at) for one in hours):
            worked = min(left, until - at)
            at, left = at + worked, left - worked
            if left <= 0:
                break
        at = max(at, until) if left > 0 else at
    return at, max(0.0, left)
