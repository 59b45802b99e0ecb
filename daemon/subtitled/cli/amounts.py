"""Numbers of files and durations in words."""

from __future__ import annotations

_MINUTE, _HOUR = 60.0, 3600.0


def describe_hours(seconds: float) -> str:
    """Describe a duration in hours, or in minutes or seconds if it is shorter than one.

    Args:
        seconds: The duration.

    Returns:
        Such as ``2.5 hours``, ``17 minutes`` or ``1 second``.
    """
    if round(seconds / _MINUTE) >= _HOUR / _MINUTE:
        return f"{seconds / _HOUR:.1f} hours"
    if round(seconds) >= _MINUTE:
        return _count(round(seconds / _MINUTE), "minute")
    return _count(round(seconds), "second")


def count_files(number: int) -> str:
    """Return a number of files in words."""
    return _count(number, "file")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
