"""Pages that read much of the database, so that one of them is made at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

_T = TypeVar("_T")


class OneAtATime:
    """Calls functions in a thread, one after the other.

    Requests that wait for their turn hold none of the threads in which other pages are made.
    """

    def __init__(self) -> None:
        self._limiter: CapacityLimiter | None = None

    async def call(self, function: Callable[[], _T]) -> _T:
        """Call a function when no other one runs, and return what it returns."""
        if self._limiter is None:  # It belongs to the event loop, which runs only now.
            self._limiter = CapacityLimiter(1)
        return await to_thread.run_sync(function, limiter=self._limiter)
