"""A clock that stands still while engines are suspended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class PausableClock:
    """A monotonic clock that can be paused. Timeouts of calls are measured by it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paused_seconds = 0.0
        self._paused_since: float | None = None
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return seconds since an arbitrary moment."""
        with self._lock:
            return (
                self._clock() if self._paused_since is None else self._paused_since
            ) - self._paused_seconds

    @property
    def is_paused(self) -> bool:
        """Whether the clock stands still."""
        return self._paused_since is not None

    def pause(self) -> None:
        """Stop the clock."""
        with self._lock:
            self._paused_since = (
                self._paused_since if self._paused_since is not None else self._clock()
            )

    def resume(self) -> None:
        """Let the clock run again."""
        with self._lock:
            if self._paused_since is not None:
                self._paused_seconds += self._clock() - self._paused_since
                self._paused_since = None
