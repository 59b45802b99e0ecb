"""How many reviews wait, which the menu shows on every page."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from subtitled.db.database import Database
from subtitled.db.review_records import ReviewFilter

from ..auth.identity import Identity

MOST = 99
"""The most that are counted. A menu has no place for more digits."""
CHEAP_SECONDS = 0.02
REST = 100.0
"""How many times as long as it took to count a number is kept, if counting was not cheap."""


@dataclass(slots=True)
class WaitingReviews:
    """Counts the reviews that wait. Threads may share it."""

    db: Database
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: dict[tuple[str, ...] | None, tuple[int, float]] = field(default_factory=dict)

    def count(self, identity: Identity) -> int:
        """Return how many reviews wait of the libraries that a user may see.

        Returns:
            The number; :data:`MOST` + 1 stands for any larger one.
        """
        libraries = None if identity.libraries is None else tuple(sorted(identity.libraries))
        began = time.monotonic()
        with self._lock:
            number, until = self._kept.get(libraries, (0, 0.0))
        if began < until:
            return number
        number = self.db.reviews.count(ReviewFilter(libraries=libraries), MOST + 1)
        took = time.monotonic() - began
        with self._lock:
            self._kept[libraries] = (number, began + took * REST if took > CHEAP_SECONDS else 0.0)
        return number
