"""Times as SubRip and WebVTT write them."""

from __future__ import annotations

import re

TIMESTAMP_PATTERN = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
"""Four groups: hours, minutes, seconds, the fraction."""


def format_timestamp(seconds: float, separator: str) -> str:
    """``01:02:03,004`` with ``mark`` in front of the milliseconds."""
    ms = round(seconds * 1000)
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}{separator}{ms % 1000:03}"


def parse_timestamp(match: re.Match[str], first_group: int) -> float:
    """The time in four groups of a match, from number ``first`` on."""
    hours, minutes, whole_seconds = (int(match[first_group + n] or 0) for n in range(3))
    ms = int(match[first_group + 3].ljust(3, "0"))
    return (hours * 3_600_000 + minutes * 60_000 + whole_seconds * 1000 + ms) / 1000
