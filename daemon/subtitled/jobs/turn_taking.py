"""The ranks of queued jobs, kept in the database so that turns go on after a restart."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.kv import QUEUE_ORDER_KEY
from subtitled.db.records import FileRecord

from .queue_order import Candidate, Turns, advance, take_turn

_log = logging.getLogger(__name__)


class TurnTaker:
    """Gives each job that is queued its rank. Only the daemon queues jobs; its threads share it."""

    def __init__(
        self,
        db: Database,
        libraries: Mapping[str, LibrarySettings],
        rank_of: Callable[[str], int | None],
    ) -> None:
        """Create it.

        Args:
            db: The database.
            libraries: The libraries by name.
            rank_of: Returns the rank that a job was queued with; None if it is not known.
        """
        self._db = db
        self._libraries = libraries
        self._rank_of = rank_of
        self._lock = threading.Lock()

    def rank(self, record: FileRecord, priority: int, sound_seconds: float | None) -> int:
        """Return the rank of a job that is queued now, and remember that its library had this turn.

        Args:
            record: Its file.
            priority: Its kind, such as :data:`~subtitled.db.records.NEW`.
            sound_seconds: The length of the file; None if it is not known.
        """
        job = candidate_of(self._libraries, record, priority, sound_seconds)
        with self._lock:
            turns = self._advanced(read_turns(self._db.kv.get(QUEUE_ORDER_KEY)), record)
            rank, turns = take_turn(turns, job)
            value = json.dumps({"clock": turns.clock, "ends": dict(turns.ends)})
            self._db.kv.set(QUEUE_ORDER_KEY, value)
        return rank

    def _advanced(self, turns: Turns, queued: FileRecord) -> Turns:
        """Return how far each flow is, by the jobs that run. Without other jobs it begins again."""
        has_jobs, working = self._db.states.jobs_now(queued.id)
        if not has_jobs:
            return Turns()
        for record in working:
            rank = self._rank_of(record.job_id) if record.job_id is not None else None
            if rank is not None and record.library in self._libraries:
                job = candidate_of(self._libraries, record, record.priority, record.duration)
                turns = advance(turns, rank, job)
        return turns


def candidate_of(
    libraries: Mapping[str, LibrarySettings],
    record: FileRecord,
    priority: int,
    sound_seconds: float | None,
) -> Candidate:
    """Return a file as a job that has its turn some time."""
    return Candidate(
        library=record.library,
        priority=priority,
        library_priority=libraries[record.library].priority,
        sound_seconds=sound_seconds,
    )


def read_turns(text: str | None) -> Turns:
    """Read how far each flow is. What cannot be read begins again."""
    try:
        stored = json.loads(text) if text else {}
        ends = {str(flow): float(end) for flow, end in stored.get("ends", {}).items()}
        return Turns(float(stored.get("clock", 0.0)), ends)
    except (ValueError, TypeError, AttributeError):
        _log.warning("the order of the queue cannot be read; libraries take turns from now on")
        return Turns()
