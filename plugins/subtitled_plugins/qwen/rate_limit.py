"""The rate limit of the account, over all threads, and retries."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from subtitled.plugin import Backoff, TransientError

T = TypeVar("T")
MAX_ATTEMPTS = 5
"""How often a request is made before its error is raised."""
BACKOFF = Backoff(first=1.0, jitter=0.5)
MAX_WAIT_SECONDS = 60.0
"""The longest wait between two attempts. If the service asks for more, the error is raised."""


class RateLimiter:
    """A limit of requests per minute for all threads, spread evenly.

    The service applies its limit to each second as well.
    """

    def __init__(self, per_minute: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._interval = 60.0 / per_minute
        self._next_at = 0.0
        self._lock = threading.Lock()
        self._sleep = sleep

    def acquire(self) -> None:
        """Wait until a request may be made."""
        with self._lock:
            now = time.monotonic()
            start_at = max(now, self._next_at)
            self._next_at = start_at + self._interval
        if start_at > now:
            self._sleep(start_at - now)

    def pause(self, seconds: float) -> None:
        """Delay all requests by some seconds, as the service asked."""
        with self._lock:
            self._next_at = max(self._next_at, time.monotonic() + seconds)

    def call_with_retries(self, call: Callable[[], T]) -> T:
        """Make a request, and retry it after a :class:`TransientError`.

        Args:
            call: Makes the request.

        Returns:
            The result of ``call``.

        Raises:
            SubtitledError: The request failed for good, or too often.
        """
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
