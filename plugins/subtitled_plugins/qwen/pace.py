"""How often the account is asked, over all threads, and how often a request is tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from subtitled.plugin import Backoff, Temporary

T = TypeVar("T")
TRIES = 5
"""Times that a request is made before the core is told to come back later."""
BACKOFF = Backoff(first=1.0, jitter=0.5)
LONGEST_WAIT = 60.0
"""Seconds between two of them; who is told to wait longer gives the work back."""


class Pace:
    """A limit of requests a minute for all threads. The service holds it to each second as well,
    so they are spread evenly."""

    def __init__(self, per_minute: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._step = 60.0 / per_minute
        self._next = 0.0
        self._lock = threading.Lock()
        self._sleep = sleep

    def wait(self) -> None:
        """Return when it is this caller's turn."""
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next)
            self._next = at + self._step
        if at > now:
            self._sleep(at - now)

    def hold(self, seconds: float) -> None:
        """Let nobody ask for so long: the service said that it is too much."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def patiently(self, ask: Callable[[], T]) -> T:
        """What ``ask`` gives, which is tried again as long as that what it raises may pass."""
        for number in range(1, TRIES + 1):
            self.wait()
            try:
                return ask()
            except Temporary as problem:
                pause = BACKOFF.delay(number, problem.retry_after)
                if problem.retry_after is not None:
                    self.hold(min(pause, LONGEST_WAIT))
                if number == TRIES or pause > LONGEST_WAIT:
                    raise
                self._sleep(pause)
        raise AssertionError("the last try returns or raises")
