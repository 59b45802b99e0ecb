"""Timestamps of SubRip and WebVTT."""

from __future__ import annotations

import re

TIMESTAMP_PATTERN = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
"""Groups: hours, minutes, seconds, fraction."""


def format_timestamp(seconds: float, separator: str) -> str:
    """Format a time such as ``01:02:03,004``, with a separator before the milliseconds."""
    ms = round(seconds * 1000)
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}{separator}{ms % 1000:03}"


def format_time_range(start: float, end: float, separator: str) -> str:
    """Format the line of times of a cue, such as ``00:00:01,000 --> 00:00:02,000``."""
    return f"{format_timestamp(start, separator)} --> {format_timestamp(end, separator)}"


def parse_timestamp(match: re.Match[str], first_group: int) -> float:
    """Return the seconds of the four groups of a match that begin with ``first_group``."""
    hours, minutes, whole_seconds = (int(match[first_group + n] or 0) for n in range(3))
    ms = int(match[first_group + 3].ljust(3, "0"))
    return (hours * 3_600_000 + minutes * 60_000 + whole_seconds * 1000 + ms) / 1000
