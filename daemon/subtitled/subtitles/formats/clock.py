"""Times as SubRip and WebVTT write them."""

from __future__ import annotations

import re

PATTERN = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
"""Four groups: hours, minutes, seconds, the fraction."""


def shown(seconds: float, mark: str) -> str:
    """``01:02:03,004`` with ``mark`` in front of the milliseconds."""
    ms = round(seconds * 1000)
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}{mark}{ms % 1000:03}"


def seconds(found: re.Match[str], first: int) -> float:
    """The time in four groups of a match, from number ``first`` on."""
    hours, minutes, whole = (int(found[first + n] or 0) for n in range(3))
    ms = int(found[first + 3].ljust(3, "0"))
    return (hours * 3_600_000 + minutes * 60_000 + whole * 1000 + ms) / 1000
