"""When work is allowed by the clock: now or not, and when that changes next.

Everything goes by what a clock on the wall of the zone shows
(:mod:`subtitled.config.time_windows`), so a window keeps its hours when the clocks change.
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
"""Days that are looked at in one go."""
MAX_SEARCH_DAYS = 400
"""Days that are looked ahead: what does not change by then is said never to change."""
_STEP_SECONDS = 6 * 3600
"""Seconds between two looks at what the zone is ahead of UTC; between two changes lie weeks."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Windows in which work is allowed, none standing for always, and windows in which it is not,
    in a zone."""

    windows: tuple[Window, ...]
    quiet_windows: tuple[Window, ...]
    zone: tzinfo

    def is_open_at(self, at: float) -> bool:
        """Whether work is allowed at an instant (seconds since 1970)."""
        wall = datetime.fromtimestamp(at, self.zone)
        allowed = not self.windows or any(window.holds(wall) for window in self.windows)
        return allowed and not any(window.holds(wall) for window in self.quiet_windows)

    def next_change(self, after: float) -> float | None:
        """The next instant at which :meth:`is_open_at` is another, or None."""
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
        """Every instant of some days, and of those around them, at which anything may change."""
        edges = {edge for window in (*self.windows, *self.quiet_windows) for edge in window.edges()}
        instants = set[float]()
        for number in range(-1, SEARCH_CHUNK_DAYS + 1):
            day = start + timedelta(number)
            for edge in edges:
                wall = datetime(day.year, day.month, day.day, *divmod(edge, 60))
                # An hour that comes twice has two of them; of one that never comes, neither fits,
                # and the change of the clocks itself is the instant.
                for fold in (0, 1):
                    instants.add(wall.replace(tzinfo=self.zone, fold=fold).timestamp())
        return sorted(instants | set(_clock_changes(min(instants), max(instants), self.zone)))


def _clock_changes(begin: float, end: float, zone: tzinfo) -> Iterator[float]:
    def ahead(at: float) -> timedelta | None:
        return datetime.fromtimestamp(at, zone).utcoffset()

    at = int(begin)
    while at < end:
        low, high = at, at + _STEP_SECONDS
        if ahead(low) != ahead(high):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if ahead(middle) == ahead(low) else (low, middle)
            yield float(high)
        at += _STEP_SECONDS


def timezone_of(settings: ScheduleSettings) -> tzinfo:
    """The zone whose clock counts."""
    return ZoneInfo(settings.timezone) if settings.timezone else get_localzone()


def working_hours_of(settings: WorkingHoursSettings, zone: tzinfo) -> WorkingHours:
    """The hours that a section describes."""
    return WorkingHours(
        tuple(map(parse_window, settings.windows)),
        tuple(map(parse_window, settings.quiet_hours)),
        zone,
    )


class Schedule:
    """The hours of everything, of each library and of each engine that has any."""

    def __init__(self, settings: ScheduleSettings) -> None:
        self.zone = timezone_of(settings)
        self.global_hours = working_hours_of(settings, self.zone)
        self.libraries = {
            name: working_hours_of(one, self.zone) for name, one in settings.libraries.items()
        }
        self.engines = {
            name: working_hours_of(one, self.zone) for name, one in settings.engines.items()
        }

    def iter_named_hours(self) -> Iterator[tuple[str, WorkingHours]]:
        """Whose hours, as people call it, and the hours; only what has any."""
        whole = [("work", self.global_hours)]
        libraries = [(f"library {name}", hours) for name, hours in self.libraries.items()]
        engines = [(f"engine {name}", hours) for name, hours in self.engines.items()]
        for what, hours in (*whole, *libraries, *engines):
            if hours.windows or hours.quiet_windows:
                yield what, hours

    def format_time(self, at: float, now: float) -> str:
        """An instant as people of the zone say it: ``22:00``, or with its day if that is another
        than today."""
        wall, today = (datetime.fromtimestamp(when, self.zone) for when in (at, now))
        return wall.strftime("%H:%M" if wall.date() == today.date() else "%a %d %b %H:%M")
