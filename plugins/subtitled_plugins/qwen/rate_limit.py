"""How often the account is asked, over all threads, and how often a request is tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from subtitled.plugin import Backoff, TransientError

T = TypeVar("T")
MAX_ATTEMPTS = 5
"""Times that a request is made before the core is told to come back later."""
BACKOFF = Backoff(first=1.0, jitter=0.5)
MAX_WAIT_SECONDS = 60.0
"""Seconds between two of them; who is told to wait longer gives the work back."""


class RateLimiter:
    """A limit of requests a minute for all threads. The service holds it to each second as well,
    so they are spread evenly."""

    def __init__(self, per_minute: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._interval = 60.0 / per_minute
        self._next_at = 0.0
        self._lock = threading.Lock()
        self._sleep = sleep

    def acquire(self) -> None:
        """Return when it is this caller's turn."""
        with self._lock:
            now = time.monotonic()
            start_at = max(now, self._next_at)
            self._next_at = start_at + self._interval
        if start_at > now:
            self._sleep(start_at - now)

    def pause(self, seconds: float) -> None:
        """Let nobody ask for so long: the service said that it is too much."""
        with self._lock:
            self._next_at = max(self._next_at, time.monotonic() + seconds)

    def call_with_retries(self, call: Callable[[], T]) -> T:
        """What ``ask`` gives, which is tried again as long as that what it raises may pass."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            self.acquire()
            try:
                return call()
            except TransientError as error:
                pause = BACKOFF.delay(attempt, error.retry_after)
                if error.retry_after is not None:
                    self.pause(min(pause, MAX_WAIT_SECONDS))
                if attempt == MAX_ATTEMPTS or pause > MAX_WAIT_SECONDS:
                    raise
                self._sleep(pause)
        raise AssertionError("the last try returns or raises")
