"""Exponential back-off: how long to wait before the next try."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays that grow by a factor from one failure to the next."""

    first: float
    """Seconds to wait after the first failure."""
    factor: float = 2.0
    """By how much each delay is longer than the one before."""
    maximum: float = math.inf
    """Seconds of the longest delay, before jitter."""
    jitter: float = 0.0
    """The largest share of a delay that is added or subtracted at random, 0 to 1, so that clients
    that failed together do not all retry at the same moment."""

    def delay(
        self, failures: int, retry_after: float | None = None, chance: float | None = None
    ) -> float:
        """Compute the delay before the next try.

        Args:
            failures: The number of failures in a row, this one included: 1 or more.
            retry_after: Seconds that the service asked for. The delay is at least that.
            chance: Decides the jitter, 0 to 1. None draws it at random.

        Returns:
            Seconds to wait.
        """
        try:
            delay = min(self.maximum, self.first * self.factor ** (failures - 1))
        except OverflowError:
            delay = self.maximum
        if self.jitter:
            drawn = random.random() if chance is None else chance
            delay *= 1 + self.jitter * (2 * drawn - 1)
        return delay if retry_after is None else max(delay, retry_after)
