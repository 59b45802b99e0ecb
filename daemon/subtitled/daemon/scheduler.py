"""The scheduler of library scans, watcher checks, notices of reviews and the daily cleanup."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

WATCHER_CHECK_SECONDS = 30.0
"""Seconds between two checks that a watcher runs and its folder exists."""
CLOCK_CHANGE_SECONDS = 5.0
"""Seconds by which the clock may drift from the monotonic one before it counts as set."""

_CLEANUP_JOB = "clean up"


class Scheduler:
    """APScheduler with our four kinds of scheduled job. Jobs on media files are not among them."""

    def __init__(self, libraries: int) -> None:
        # Each library may hang in its scan and in its watcher check without blocking another one.
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(2 * libraries + 2)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        self._clock = _clock_offset()

    def start(self) -> None:
        """Start the scheduler's threads."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stop the scheduler, without waiting for running jobs."""
        self._scheduler.shutdown(wait=False)

    def add_scan(
        self, library: str, interval_seconds: float, scan: Callable[[str], object]
    ) -> None:
        """Scan a library at an interval, and whenever :meth:`scan_in` asks for it."""
        self._scheduler.add_job(
            scan,
            "interval",
            args=[library],
            seconds=max(1.0, interval_seconds),
            id=f"scan {library}",
        )

    def scan_in(self, library: str, seconds: float) -> None:
        """Schedule the next scan of a library in a number of seconds."""
        when = _now() + timedelta(seconds=seconds)
        self._scheduler.modify_job(f"scan {library}", next_run_time=when)

    def add_watch_check(self, library: str, check: Callable[[str], object]) -> None:
        """Check the watcher of a library now and every :data:`WATCHER_CHECK_SECONDS`."""
        self._scheduler.add_job(
            check,
            "interval",
            args=[library],
            seconds=WATCHER_CHECK_SECONDS,
            id=f"watch {library}",
            next_run_time=_now(),
        )

    def add_review_notices(self, interval_seconds: float, check: Callable[[], object]) -> None:
        """Look at the review queue now and at an interval."""
        self._scheduler.add_job(
            check,
            "interval",
            seconds=interval_seconds,
            id="review notices",
            next_run_time=_now(),
        )

    def detect_clock_change(self) -> bool:
        """Return whether the clock was set. If so, make all scans and watcher checks due now.

        APScheduler uses the time of day, so they might otherwise be due in a year.
        """
        if abs(_clock_offset() - self._clock) < CLOCK_CHANGE_SECONDS:
            return False
        self._clock = _clock_offset()
        for job in self._scheduler.get_jobs():
            if job.id != _CLEANUP_JOB:
                job.modify(next_run_time=_now())
        return True

    def add_daily_cleanup(self, clean_up: Callable[[], object]) -> None:
        """Clean up once a day, at night."""
        self._scheduler.add_job(clean_up, "cron", hour=4, minute=17, id=_CLEANUP_JOB)


def _now() -> datetime:
    return datetime.now().astimezone()


def _clock_offset() -> float:
    return time.time() - time.monotonic()
