"""How long to wait before another try, the longer the more tries failed."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays in seconds that grow by a factor from one failure to the next."""

    first: float
    """After the first failure."""
    factor: float = 2.0
    maximum: float = math.inf
    jitter: float = 0.0
    """Share by which a delay is longer or shorter by chance: what failed together does not come
    back together. The maximum is that of the delay before."""

    def delay(
        self, failures: int, retry_after: float | None = None, chance: float | None = None
    ) -> float:
        """Seconds until the next try after so many failures in a row, this one counted.

        ``retry_after`` is what the other side asked for, at least. ``chance`` (0 to 1) decides the
        jitter; without it, it is drawn.
        """
        try:
            delay = min(self.maximum, self.first * self.factor ** (failures - 1))
        except OverflowError:
            delay = self.maximum
        if self.jitter:
            drawn = random.random() if chance is None else chance
            delay *= 1 + self.jitter * (2 * drawn - 1)
        return delay if retry_after is None else max(delay, retry_after)
