"""Time windows of the wall clock: ``22:00-07:00``, ``weekdays 22:00-07:00``, or ``sat,sun``.

A window is open by what the wall clock shows. An hour that the clock shows twice in autumn is in
the window both times. An hour that it skips in spring does not occur.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator

MINUTES_PER_DAY = 24 * 60

_DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_GROUPS = {
    "daily": frozenset(range(7)),
    "weekdays": frozenset(range(5)),
    "weekends": frozenset((5, 6)),
}
_TIME_RANGE = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_HINT = (
    'write one such as "22:00-07:00", "weekdays 22:00-07:00", "fri,sat 20:00-24:00" or "sat,sun"'
)


@dataclass(frozen=True, slots=True)
class Window:
    """A time window from one minute of the day to another, on some days of the week.

    Monday is 0. A window that ends at or before its start continues on the next day.
    """

    days: frozenset[int]
    start: int
    end: int

    def holds(self, wall: datetime) -> bool:
        """Return whether the window is open at a wall clock time."""
        minute, day = wall.hour * 60 + wall.minute, wall.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        began_today = day in self.days and minute >= self.start
        return began_today or ((day - 1) % 7 in self.days and minute < self.end)

    def edges(self) -> Iterator[int]:
        """Yield the minutes of a day at which it may open or close."""
        yield from (0, self.start % MINUTES_PER_DAY, self.end % MINUTES_PER_DAY)


def parse_window(text: str) -> Window:
    """Parse a window such as ``weekdays 22:00-07:00``.

    Raises:
        ValueError: The text is not a window. The message says what to write.
    """
    words = text.strip().lower().split()
    if len(words) == 5 and words[0][0] in "*0123456789":
        raise ValueError(f"this is a cron expression, not a time window; {_HINT}")
    time_range = " ".join(words)
    days = _DAY_GROUPS["daily"]
    if words and not words[0][0].isdigit():
        days, time_range = _parse_days(words[0]), " ".join(words[1:])
        if not time_range:
            return Window(days, 0, MINUTES_PER_DAY)
    match = _TIME_RANGE.fullmatch(time_range)
    if match is None:
        raise ValueError(f"not a time window; {_HINT}")
    start, end = (_parse_minute(*match.group(first, first + 1)) for first in (1, 3))
    if start % MINUTES_PER_DAY == end % MINUTES_PER_DAY and not (
        start == 0 and end == MINUTES_PER_DAY
    ):
        raise ValueError('it begins and ends at the same time; for whole days write "00:00-24:00"')
    return Window(days, start, end)


def _parse_minute(hour: str, minute: str) -> int:
    value = int(hour) * 60 + int(minute)
    if int(minute) > 59 or value > MINUTES_PER_DAY:
        raise ValueError(f"{hour}:{minute} is not a time of day; {_HINT}")
    return value


def _parse_days(text: str) -> frozenset[int]:
    if text in _DAY_GROUPS:
        return _DAY_GROUPS[text]
    weekdays = set[int]()
    for part in text.split(","):
        first, dash, last = (name[:3] for name in part.partition("-"))
        if first not in _DAY_NAMES or (dash and last not in _DAY_NAMES):
            raise ValueError(f"{part!r} is not a day of the week; {_HINT}")
        begin = _DAY_NAMES.index(first)
        length = (_DAY_NAMES.index(last) - begin) % 7 if dash else 0
        weekdays.update((begin + more) % 7 for more in range(length + 1))
    return frozenset(weekdays)


def _check_window(text: str) -> str:
    parse_window(text)
    return text


WindowText = Annotated[str, AfterValidator(_check_window)]
