"""How likely the cues of a review are wrong, as it was estimated when they were published."""

from __future__ import annotations

import threading
from typing import Any

from subtitled.db.database import Database
from subtitled.db.review_records import CueEstimate

from .open_review import OpenReview

_MAX_RECENT = 8
"""Reviews whose estimates are kept in memory."""

Estimates = tuple[list[CueEstimate], list[Any]]
"""How likely each cue of version 0 is wrong, and what was noticed where no cue is."""
_Key = tuple[str | None, float, int]


class EstimateReader:
    """Reads estimates, which may be half a megabyte of a long film. Threads may share it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._recent: dict[int, tuple[_Key, Estimates]] = {}

    def find(self, review: OpenReview) -> Estimates:
        """Return the estimates of a review; nothing if they are about another sidecar."""
        if not review.has_current_estimate:
            return [], []
        record = review.record
        key = (record.estimated_sha256, record.expected_errors, record.flagged)
        with self._lock:
            known = self._recent.pop(record.id, None)
        if known is None or known[0] != key:
            known = (key, self._db.reviews.estimate_of(record.id))
        with self._lock:
            self._recent[record.id] = known
            while len(self._recent) > _MAX_RECENT:
                del self._recent[next(iter(self._recent))]
        return known[1]
