"""Working hours: whether work is allowed at a time, and when that changes next.

Windows are in local time of a zone (:mod:`subtitled.config.time_windows`), so they keep their hours
when the clocks change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from tzlocal import get_localzone

from subtitled.config.daemon_settings import ScheduleSettings, WorkingHoursSettings
from subtitled.config.time_windows import Window, parse_window

SEARCH_CHUNK_DAYS = 8
"""Days that are searched at a time."""
MAX_SEARCH_DAYS = 400
"""Days after which a search gives up: the hours then count as never changing."""
_STEP_SECONDS = 6 * 3600
"""Seconds between two readings of the UTC offset. Two changes are weeks apart."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The windows in which work is allowed, and those in which it is not, in one time zone.

    Without windows of the first kind it is always allowed.
    """

    windows: tuple[Window, ...]
    quiet_windows: tuple[Window, ...]
    zone: tzinfo

    def is_open_at(self, at: float) -> bool:
        """Return whether work is allowed at a time (seconds since 1970)."""
        wall = datetime.fromtimestamp(at, self.zone)
        allowed = not self.windows or any(window.holds(wall) for window in self.windows)
        return allowed and not any(window.holds(wall) for window in self.quiet_windows)

    def next_change(self, after: float) -> float | None:
        """Return the next time at which :meth:`is_open_at` changes, or None."""
        if not self.windows and not self.quiet_windows:
            return None
        is_open_now = self.is_open_at(after)
        first = datetime.fromtimestamp(after, self.zone).date()
        for day in range(0, MAX_SEARCH_DAYS, SEARCH_CHUNK_DAYS):
            chunk = self._candidates(first + timedelta(day))
            change = next(
                (at for at in chunk if at > after and self.is_open_at(at) != is_open_now), None
            )
            if change is not None:
                return change
        return None

    def _candidates(self, start: date) -> list[float]:
        """Return every time within a few days, and the days around them, at which it may change."""
        edges = {edge for window in (*self.windows, *self.quiet_windows) for edge in window.edges()}
        instants = set[float]()
        for number in range(-1, SEARCH_CHUNK_DAYS + 1):
            day = start + timedelta(number)
            for edge in edges:
                wall = datetime(day.year, day.month, day.day, *divmod(edge, 60))
                # A local time that occurs twice gives two instants. For one that never occurs
                # neither fits; the change of the clocks is itself an instant.
                for fold in (0, 1):
                    instants.add(wall.replace(tzinfo=self.zone, fold=fold).timestamp())
        return sorted(instants | set(_clock_changes(min(instants), max(instants), self.zone)))


def _clock_changes(begin: float, end: float, zone: tzinfo) -> Iterator[float]:
    def utc_offset(at: float) -> timedelta | None:
        return datetime.fromtimestamp(at, zone).utcoffset()

    at = int(begin)
    while at < end:
        low, high = at, at + _STEP_SECONDS
        if utc_offset(low) != utc_offset(high):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (
                    (middle, high) if utc_offset(middle) == utc_offset(low) else (low, middle)
                )
            yield float(high)
        at += _STEP_SECONDS


def timezone_of(settings: ScheduleSettings) -> tzinfo:
    """Return the time zone of the schedule."""
    return ZoneInfo(settings.timezone) if settings.timezone else get_localzone()


def working_hours_of(settings: WorkingHoursSettings, zone: tzinfo) -> WorkingHours:
    """Return the working hours that a section of the configuration describes."""
    return WorkingHours(
        tuple(map(parse_window, settings.windows)),
        tuple(map(parse_window, settings.quiet_hours)),
        zone,
    )


class Schedule:
    """The working hours of everything, of each library and of each engine."""

    def __init__(self, settings: ScheduleSettings) -> None:
        self.zone = timezone_of(settings)
        self.global_hours = working_hours_of(settings, self.zone)
        self.libraries = {
            name: working_hours_of(section, self.zone)
            for name, section in settings.libraries.items()
        }
        self.engines = {
            name: working_hours_of(section, self.zone) for name, section in settings.engines.items()
        }

    def iter_named_hours(self) -> Iterator[tuple[str, WorkingHours]]:
        """Yield the name and the hours of everything that has any."""
        whole = [("work", self.global_hours)]
        libraries = [(f"library {name}", hours) for name, hours in self.libraries.items()]
        engines = [(f"engine {name}", hours) for name, hours in self.engines.items()]
        for name, hours in (*whole, *libraries, *engines):
            if hours.windows or hours.quiet_windows:
                yield name, hours

    def format_time(self, at: float, now: float) -> str:
        """Format a time in the schedule's zone as ``22:00``, with the date unless that is today."""
        wall, today = (datetime.fromtimestamp(when, self.zone) for when in (at, now))
        return wall.strftime("%H:%M" if wall.date() == today.date() else "%a %d %b %H:%M")
