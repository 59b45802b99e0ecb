"""The ranks of queued jobs, kept in the database so that turns go on after a restart."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.kv import QUEUE_CLOCK_KEY, QUEUE_ORDER_KEY, KeyValueStore
from subtitled.db.records import FileRecord

from .queue_order import (
    Candidate,
    Turns,
    find_clock,
    has_turns,
    overtake,
    take_turn,
)

_log = logging.getLogger(__name__)

MAX_OVERTAKEN = 1000
"""How many jobs one that is queued overtakes, at most: those that would be the last of all."""
MAX_OVERTAKEN_SECONDS = 7 * 86400.0
"""A job that has waited for so long is overtaken no more, so that it has its turn some time."""


class RankedQueue(Protocol):
    """A queue whose jobs have ranks."""

    def waiting_ranks(self, job_ids: Sequence[str]) -> dict[str, int]:
        """Return the ranks of those of some jobs that wait."""

    def set_ranks(self, ranks: Mapping[str, int]) -> None:
        """Give jobs that wait other ranks."""


class TurnTaker:
    """Gives each job that is queued its rank. Only the daemon queues jobs; its threads share it."""

    def __init__(
        self, db: Database, libraries: Mapping[str, LibrarySettings], queue: RankedQueue
    ) -> None:
        """Create it.

        Args:
            db: The database.
            libraries: The libraries by name.
            queue: The queue.
        """
        self._db = db
        self._libraries = libraries
        self._queue = queue
        self._lock = threading.Lock()

    def rank(self, record: FileRecord, priority: int, sound_seconds: float | None) -> int:
        """Return the rank of a job that is queued now, and remember that its library had this turn.

        Jobs of its library that come after it by the order of the library are moved behind it,
        unless it was tried before.

        Args:
            record: Its file.
            priority: Its kind, such as :data:`~subtitled.db.records.NEW`.
            sound_seconds: The length of the file; None if it is not known.
        """
        job = candidate_of(self._libraries, record, priority, sound_seconds)
        with self._lock:
            kv = self._db.kv
            if self._db.states.has_jobs(except_id=record.id):
                turns = read_turns(kv.get(QUEUE_ORDER_KEY)).at(read_clock(kv))
            else:
                turns = Turns()
                kv.set(QUEUE_CLOCK_KEY, None)
            rank, turns = take_turn(turns, job)
            kv.set(QUEUE_ORDER_KEY, json.dumps({"clock": turns.clock, "ends": dict(turns.ends)}))
            may_overtake = has_turns(priority) and not job.has_failed
            return self._overtake(rank, record, job) if may_overtake else rank

    def _overtake(self, rank: int, record: FileRecord, job: Candidate) -> int:
        """Return the rank of a job among those of its library, and move others behind it."""
        later = self._db.states.queued_later(
            record, job.priority, job.order == "newest", MAX_OVERTAKEN
        )
        now = time.time()
        since = now - MAX_OVERTAKEN_SECONDS
        # One that was queued in the future may have waited for long before the clock was set back.
        job_ids = [job_id for job_id in later if since < queued_at(job_id) <= now]
        if not job_ids:
            return rank
        waiting = self._queue.waiting_ranks(job_ids)
        overtaken = [job_id for job_id in job_ids if job_id in waiting]
        rank, ranks = overtake(rank, list(waiting.values()))
        moved = dict(zip(overtaken, ranks, strict=True))
        self._queue.set_ranks({job: new for job, new in moved.items() if waiting[job] != new})
        return rank


def note_start(
    db: Database, libraries: Mapping[str, LibrarySettings], record: FileRecord, rank: int | None
) -> None:
    """Remember how far the turns are, when a job begins. Any process may do so.

    Otherwise a library that has had no work for a while would begin where the others were when the
    last job was queued.

    Args:
        db: The database.
        libraries: The libraries by name.
        record: The file of the job.
        rank: The rank of the job; None if it is not known.
    """
    if rank is None:
        return
    job = candidate_of(libraries, record, record.priority, record.duration)
    clock = find_clock(rank, job)
    if clock is not None and clock > read_clock(db.kv):
        db.kv.set(QUEUE_CLOCK_KEY, str(clock))


def candidate_of(
    libraries: Mapping[str, LibrarySettings],
    record: FileRecord,
    priority: int,
    sound_seconds: float | None,
) -> Candidate:
    """Return a file as a job that has its turn some time."""
    library = libraries[record.library]
    return Candidate(
        library=record.library,
        priority=priority,
        library_priority=library.priority,
        sound_seconds=sound_seconds,
        order=library.order,
        added_at=record.added_at,
        has_failed=record.attempts > 0,
    )


def new_job_id(fingerprint: str) -> str:
    """Return an id for a job that is queued now."""
    return f"{fingerprint[:16]}-{time.time_ns():x}"


def queued_at(job_id: str) -> float:
    """Return when a job was queued, in seconds since 1970; 0 if its id does not tell."""
    try:
        return int(job_id.rpartition("-")[2], 16) / 1e9
    except ValueError:
        return 0.0


def read_turns(text: str | None) -> Turns:
    """Read how far each flow is. What cannot be read begins again."""
    try:
        stored = json.loads(text) if text else {}
        ends = {str(flow): float(end) for flow, end in stored.get("ends", {}).items()}
        return Turns(float(stored.get("clock", 0.0)), ends)
    except (ValueError, TypeError, AttributeError):
        _log.warning("the order of the queue cannot be read; libraries take turns from now on")
        return Turns()


def read_clock(kv: KeyValueStore) -> float:
    """Read where the job that began last stood. What cannot be read is the beginning."""
    try:
        return float(kv.get(QUEUE_CLOCK_KEY) or 0.0)
    except ValueError:
        return 0.0
