"""What happens by the clock: walks of the libraries, a look at the watchers, tidying up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

LOOK_AFTER_WATCHERS = 30.0
"""Seconds between two looks at whether the watchers still live and their folders are there."""


class Schedule:
    """APScheduler with our three kinds of job; it never owns work on media."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(4)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def walks(self, library: str, every: float, walk: Callable[[str], object]) -> None:
        """Walk a library now and then every so many seconds."""
        self._scheduler.add_job(
            walk,
            "interval",
            args=[library],
            seconds=max(1.0, every),
            id=f"walk {library}",
            next_run_time=datetime.now().astimezone(),
        )

    def walk_now(self, library: str) -> None:
        """Bring the next walk of a library forward to now."""
        self._scheduler.modify_job(f"walk {library}", next_run_time=datetime.now().astimezone())

    def watchers(self, look: Callable[[], object]) -> None:
        """Look after the watchers from time to time."""
        self._scheduler.add_job(look, "interval", seconds=LOOK_AFTER_WATCHERS, id="watchers")

    def daily(self, tidy: Callable[[], object]) -> None:
        """Tidy up once a day, at night."""
        self._scheduler.add_job(tidy, "cron", hour=4, minute=17, id="tidy")
