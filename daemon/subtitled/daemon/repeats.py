"""Log lines that repeat: the first is written, then one a minute with their number."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

WINDOW_SECONDS = 60.0
"""Seconds for which equal lines are counted and not written."""
MIN_REPEATS = 5
"""So many equal lines are written before the others are counted."""
MAX_KEYS = 1000
"""Most different lines that are remembered."""


class RepeatFilter(logging.Filter):
    """Counts equal warnings and errors."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is written. A line that ends a window says how many were not."""
        if record.levelno < logging.WARNING:
            return True
        try:
            key = (record.name, record.levelno, record.getMessage()[:500])
        except Exception:  # noqa: BLE001 - the handler reports arguments that do not fit
            return True
        now = self._clock()
        with self._lock:
            begin, count = self._seen.pop(key, (now, 0))
            left_out = 0
            if now - begin >= WINDOW_SECONDS:
                begin, left_out, count = now, max(0, count - MIN_REPEATS), 0
            self._seen[key] = (begin, count + 1)
            while len(self._seen) > MAX_KEYS:
                del self._seen[next(iter(self._seen))]
        if count >= MIN_REPEATS:
            return False
        if left_out:
            record.msg = f"{record.getMessage()} (and {left_out} times more before)"
            record.args = ()
        return True
