"""How many requests that take long may run at the same time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from .problems import ApiError


class SlowRequests:
    """Requests that read media or start programs. Beyond their limit, callers have to come back."""

    def __init__(self, limit: int) -> None:
        self._free = threading.BoundedSemaphore(limit)

    @contextlib.contextmanager
    def enter(self) -> Iterator[None]:
        """Count one request while it runs.

        Raises:
            ApiError: Too many run already.
        """
        if not self._free.acquire(blocking=False):
            raise ApiError(
                503,
                "busy",
                "too many requests that take long are running",
                "Send it again in some seconds",
                retry_after=5,
            )
        try:
            yield
        finally:
            self._free.release()


LOOKS = SlowRequests(2)
"""Looks at media files."""
PLANS = SlowRequests(1)
"""Plans, which look at many media files."""
ORIGIN_COUNTS = SlowRequests(2)
"""Counts of whose the subtitles are, which read all that a library has."""
DOCTOR_RUNS = SlowRequests(1)
"""Runs of all checks."""
