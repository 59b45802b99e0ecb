"""The caller's side of a running call: its progress, and whether it is cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from subtitled.plugin.limits import read_number

CANCEL_SECONDS = 10.0
"""Seconds that a cancelled call has to end by itself. Its process is ended then, unless it answers
other calls too."""


@dataclass(kw_only=True)
class CallWatch:
    """What the caller wants to know of a call, and may tell it."""

    seconds: float
    """The length of the audio."""
    on_progress: Callable[[float], None]
    """Is told the seconds that are done, whenever they are more."""
    is_cancelled: Callable[[], bool]
    """Whether the result is not wanted any more."""
    reported: object = field(default=None, init=False)
    """What the engine reported last, as it came."""
    _told: float = field(default=0.0, init=False)
    _cancelled_at: float | None = field(default=None, init=False)

    def tell_progress(self) -> None:
        """Pass the last report on, if it can be and says more than before."""
        seconds = read_number(self.reported, 0.0, self.seconds)
        if seconds is not None and seconds > self._told:
            self._told = seconds
            self.on_progress(seconds)

    def wants_cancelling(self) -> bool:
        """Return whether the call was cancelled just now."""
        if self._cancelled_at is not None or not self.is_cancelled():
            return False
        self._cancelled_at = time.monotonic()
        return True

    @property
    def was_cancelled(self) -> bool:
        """Whether the result is not wanted any more."""
        return self._cancelled_at is not None

    @property
    def is_overdue(self) -> bool:
        """Whether the call was cancelled and has not ended in time."""
        at = self._cancelled_at
        return at is not None and time.monotonic() - at > CANCEL_SECONDS
