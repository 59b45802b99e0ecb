"""Time that a child process really had: it stands still while the process is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """A monotonic clock that can be stopped; time limits of calls go by it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lost = 0.0
        self._since: float | None = None
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds, from no particular begin."""
        with self._lock:
            return (self._clock() if self._since is None else self._since) - self._lost

    @property
    def stopped(self) -> bool:
        return self._since is not None

    def stop(self) -> None:
        with self._lock:
            self._since = self._since if self._since is not None else self._clock()

    def go(self) -> None:
        with self._lock:
            if self._since is not None:
                self._lost += self._clock() - self._since
                self._since = None
