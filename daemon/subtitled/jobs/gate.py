"""The gate of all work: why a job may not run now.

The rules are pauses, working hours, throttles, circuit breakers and disk space.
``job_gate`` makes jobs wait for them.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.settings import AppSettings
from subtitled.db.kv import KeyValueStore
from subtitled.engines.breaker import CircuitBreakers

from .pauses import Pause, active_pauses, resume_command
from .throttle_state import RemoteThrottles, ThrottleRegistry
from .working_hours import Schedule, WorkingHours

BYTES_PER_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why a job may not run, and until when if that is known (seconds since 1970).

    ``is_for_all_jobs``: no job may run, so this one keeps its place. Otherwise the job is deferred
    and others may run first.
    """

    reason: str
    until: float | None
    is_for_all_jobs: bool


class WorkGate:
    """The rules by which work is allowed under one configuration."""

    def __init__(
        self,
        settings: AppSettings,
        state: Path,
        kv: KeyValueStore,
        throttles: ThrottleRegistry | RemoteThrottles,
        breakers: CircuitBreakers,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._state = state
        self._kv = kv
        self._throttles = throttles
        self._breakers = breakers
        self._now = now
        self.schedule = Schedule(settings.schedule)

    def blocked_for_all(self) -> Blocked | None:
        """Return why no job may run, or None. Files that are being watched may be exempt."""
        return next(self._check_all(), None)

    def watched_files(self, rule: str | None = None) -> list[Path]:
        """Return the files that may be worked on although others may not: those being watched.

        ``rule`` names the throttle that exempts them, by default any.
        """
        exempt_paths = sorted(self._throttles.exempt_paths(rule))
        return [path for path in exempt_paths if next(self._check_all(path), None) is None]

    def blocked_for_library(self, library: str) -> Blocked | None:
        """Return why no job of a library may run although those of others may, or None."""
        return next(self._check_library(library), None)

    def blocked_for_engine(self, engine: str) -> Blocked | None:
        """Return why an engine may not be called, or None."""
        return next(self._check_engine(engine), None)

    def blocked_for_job(
        self,
        library: str,
        engines: Sequence[str],
        media: Path | None = None,
        *,
        keeps_hours: bool = True,
    ) -> Blocked | None:
        """Return why a job may not run, or None.

        Args:
            library: The name of its library; "" if it has none.
            media: Its file. One that is being watched is not held by playback.
            engines: The engines it may use. One that may be called is enough; without any, none is
                needed.
            keeps_hours: Whether the working hours of everything concern it. Those of its engines
                always do.
        """
        blocked = next(self._check_all(media, keeps_hours=keeps_hours), None)
        blocked = blocked or self.blocked_for_library(library)
        if blocked is not None:
            return blocked
        blocked_engines = [self.blocked_for_engine(name) for name in engines]
        blocking = [blocked for blocked in blocked_engines if blocked is not None]
        if not blocking or len(blocking) < len(blocked_engines):
            return None
        return min(blocking, key=lambda blocked: blocked.until or float("inf"))

    def disk_space(self, library: str) -> Blocked | None:
        """Return why there is too little disk space to start a job, or None.

        This reads the file system of the library, which may hang.
        """
        throttle = self._settings.throttle
        for place, folder, min_free_mb in (
            ("the state folder", self._state, throttle.min_free_state_mb),
            (
                f"library {library}",
                self._settings.libraries[library].path,
                throttle.min_free_library_mb,
            ),
        ):
            if (
                min_free_mb
                and (free_mb := shutil.disk_usage(folder).free // BYTES_PER_MB) < min_free_mb
            ):
                reason = f"the disk of {place} has {free_mb} MB free, fewer than {min_free_mb}"
                return Blocked(reason, self._now() + 300.0, is_for_all_jobs=False)
        return None

    def _check_all(
        self, media: Path | None = None, *, keeps_hours: bool = True
    ) -> Iterator[Blocked]:
        now = self._now()
        for pause in active_pauses(self._kv, now):
            if not pause.library:
                yield Blocked(self._describe_pause(pause), pause.until, is_for_all_jobs=True)
        if (reason := self._throttles.first_reason(media)) is not None:
            yield Blocked(reason, None, is_for_all_jobs=True)
        if keeps_hours:
            yield from self._check_working_hours(
                "work", self.schedule.global_hours, is_for_all_jobs=True
            )

    def _check_library(self, library: str) -> Iterator[Blocked]:
        for pause in active_pauses(self._kv, self._now()):
            if pause.library == library:
                yield Blocked(self._describe_pause(pause), pause.until, is_for_all_jobs=False)
        hours = self.schedule.libraries.get(library)
        if hours is not None:
            yield from self._check_working_hours(f"library {library}", hours, is_for_all_jobs=False)

    def _check_engine(self, engine: str) -> Iterator[Blocked]:
        hours = self.schedule.engines.get(engine)
        if hours is not None:
            yield from self._check_working_hours(f"engine {engine}", hours, is_for_all_jobs=False)
        breaker = self._breakers.state_of(engine)
        if breaker.open_until > self._now():
            reason = (
                f"engine {engine} failed {breaker.failures} times in a row ({breaker.reason}); "
                f"it is tried again at {self._format_time(breaker.open_until)}, or now with: "
                f"subtitled engine reset {engine}"
            )
            yield Blocked(reason, breaker.open_until, is_for_all_jobs=False)

    def _check_working_hours(
        self, subject: str, hours: WorkingHours, *, is_for_all_jobs: bool
    ) -> Iterator[Blocked]:
        now = self._now()
        if hours.is_open_at(now):
            return
        until = hours.next_change(now)
        duration = (
            f"until {self._format_time(until)}" if until is not None else "for more than a year"
        )
        yield Blocked(f"the hours of {subject} are over {duration}", until, is_for_all_jobs)

    def _describe_pause(self, pause: Pause) -> str:
        subject = f"library {pause.library} is paused" if pause.library else "paused"
        until = f" until {self._format_time(pause.until)}" if pause.until is not None else ""
        return f"{subject}{until}; resume with: {resume_command(pause.library)}"

    def _format_time(self, timestamp: float) -> str:
        return self.schedule.format_time(timestamp, self._now())
