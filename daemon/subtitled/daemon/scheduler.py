"""What happens by the clock: walks of the libraries, a look at the watchers, tidying up."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

WATCHER_CHECK_SECONDS = 30.0
"""Seconds between two looks at whether the watchers still live and their folders are there."""
CLOCK_CHANGE_SECONDS = 5.0
"""Seconds by which the clock may stray from the monotonic one without having been set."""

_CLEANUP_JOB = "tidy"


class Scheduler:
    """APScheduler with our three kinds of job; it never owns work on media."""

    def __init__(self, libraries: int) -> None:
        # Each library may hang in its walk and in the look at its watcher, and hold up no other.
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(2 * libraries + 2)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        self._clock = _clock_offset()

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def add_scan(
        self, library: str, interval_seconds: float, scan: Callable[[str], object]
    ) -> None:
        """Walk a library every so many seconds, or when :meth:`scan_in` says."""
        self._scheduler.add_job(
            scan,
            "interval",
            args=[library],
            seconds=max(1.0, interval_seconds),
            id=f"walk {library}",
        )

    def scan_in(self, library: str, seconds: float) -> None:
        """Have the next walk of a library in so many seconds."""
        when = _now() + timedelta(seconds=seconds)
        self._scheduler.modify_job(f"walk {library}", next_run_time=when)

    def add_watch_check(self, library: str, check: Callable[[str], object]) -> None:
        """Look after the watcher of a library now and from time to time."""
        self._scheduler.add_job(
            check,
            "interval",
            args=[library],
            seconds=WATCHER_CHECK_SECONDS,
            id=f"watch {library}",
            next_run_time=_now(),
        )

    def detect_clock_change(self) -> bool:
        """Whether the clock was set; then walks and watchers are due now, not in a day or a year.

        APScheduler goes by the time of day.
        """
        if abs(_clock_offset() - self._clock) < CLOCK_CHANGE_SECONDS:
            return False
        self._clock = _clock_offset()
        for job in self._scheduler.get_jobs():
            if job.id != _CLEANUP_JOB:
                job.modify(next_run_time=_now())
        return True

    def add_daily_cleanup(self, clean_up: Callable[[], object]) -> None:
        """Tidy up once a day, at night."""
        self._scheduler.add_job(clean_up, "cron", hour=4, minute=17, id=_CLEANUP_JOB)


def _now() -> datetime:
    return datetime.now().astimezone()


def _clock_offset() -> float:
    return time.time() - time.monotonic()
