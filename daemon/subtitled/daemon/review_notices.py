"""Notices of reviews: "12 subtitles wait for review", by library and at most once an hour."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import quote, urlencode

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.db.kv import REVIEW_NOTICE_KEY
from subtitled.notify.notifiers import find_review_events
from subtitled.plugin import Event, ReviewsWaiting

CHECK_SECONDS = 300.0
"""Seconds between two looks at the queue."""
NOTICE_SECONDS = 3600.0
"""Seconds between two notices of one library. What comes in between is in the second one."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What notifiers were last told of a library."""

    count: int = 0
    """How many reviews waited, or fewer if some were approved since."""
    at: float = 0.0
    """When, in seconds since 1970; 0 if they were told nothing yet."""


def decide_notice(last: Notice, count: int, now: float) -> tuple[Notice, int]:
    """Return what is remembered from now on, and how many new reviews are told of; 0 for none.

    Args:
        last: What was last told.
        count: How many reviews wait now.
        now: Seconds since 1970.
    """
    if count <= last.count:
        return Notice(count, last.at), 0
    if 0 <= now - last.at < NOTICE_SECONDS:  # otherwise it is long ago, or the clock was set back
        return last, 0
    return Notice(count, now), count - last.count


class ReviewNotices:
    """Tells notifiers when more subtitles wait for a review than before."""

    def __init__(
        self, configuration: Configuration, db: Database, announce: Callable[[Event], None]
    ) -> None:
        """Create it.

        Args:
            configuration: The configuration.
            db: The database.
            announce: Stores an event for the notifiers.
        """
        self._configuration = configuration
        self._db = db
        self._announce = announce

    @property
    def is_wanted(self) -> bool:
        """Whether any notifier asks for notices."""
        notifiers = self._configuration.notifiers.values()
        return any(ReviewsWaiting in find_review_events(one) for one in notifiers)

    def check(self, now: float | None = None) -> None:
        """Look at the queue of each library, and announce what is new."""
        now = time.time() if now is None else now
        waiting = self._db.reviews.count_open()
        for library in self._configuration.settings.libraries:
            count, errors = waiting.get(library, (0, 0.0))
            key = f"{REVIEW_NOTICE_KEY}{library}"
            last = _parse_notice(self._db.kv.get(key))
            notice, new = decide_notice(last, count, now)
            if new:
                self._announce(
                    ReviewsWaiting(
                        library=library,
                        count=count,
                        new=new,
                        expected_errors=round(errors, 1),
                        link=link_to(self._configuration, "/review", library=library),
                    )
                )
            if notice != last:
                self._db.kv.set(key, json.dumps(asdict(notice)))


def link_to(configuration: Configuration, path: str, **query: str) -> str:
    """Return the address of a page for people; empty if ``web.public_url`` is not set."""
    url = configuration.settings.web.public_url.rstrip("/")
    return f"{url}{quote(path)}{'?' if query else ''}{urlencode(query)}" if url else ""


def _parse_notice(text: str | None) -> Notice:
    return Notice(**json.loads(text)) if text else Notice()
