"""Letting jobs begin and go on: they wait at the door, or are set aside for others."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from subtitled.library.ledger import Ledger
from subtitled.library.records import AT_WORK, FileRecord, FileState
from subtitled.media.run import Stopping

from .door import Closed, Door, SetAside
from .outcomes import shown

_log = logging.getLogger(__name__)

SAME_CONTENT = 120.0
"""Seconds before another look at whether another process has done with the same content."""


class Admission:
    """One door, and what becomes of jobs that find it closed."""

    def __init__(self, door: Door, ledger: Ledger, worker: str) -> None:
        """``worker`` is the name of this process."""
        self._door = door
        self._ledger = ledger
        self._worker = worker
        self._stopping = threading.Event()

    def close(self) -> None:
        """Have every job that waits leave with :class:`Stopping`."""
        self._stopping.set()

    def begin(self, record: FileRecord, engines: Sequence[str]) -> FileRecord:
        """Wait until a job may be begun that may use any of some engines, and say that it is; the
        file as it is then.

        Raises :class:`SetAside` while another process hears the same content: once is enough.
        """
        self.gate(record, *engines)
        if (closed := self._door.space(record.library)) is not None:
            raise SetAside(closed)
        other = self._ledger.identities.begin(record, self._worker)
        if other is not None:
            why = f"{other.worker} works on the same content, {shown(other.path)}"
            raise SetAside(Closed(why, time.time() + SAME_CONTENT, whole=False))
        return replace(record, state=FileState.WORKING, worker=self._worker)

    def gate(self, record: FileRecord, *engines: str) -> None:
        """Wait here while all work waits; leave when the daemon stops.

        Raises :class:`SetAside` where only this library waits, or all of these engines do.
        """
        named = [engine for engine in engines if engine]
        while not self._stopping.is_set():
            closed = self._door.for_job(record.library, named)
            if closed is None:
                return
            if not closed.whole:
                raise SetAside(closed)
            # The ledger is asked, not the queue: what a workflow asks that is a step of its own.
            now = self._ledger.by_id(record.id)
            if now is None or now.job_id != record.job_id:
                return  # cancelled, or given to another job: the next step says so
            self._stopping.wait(1.0)
        raise Stopping

    def set_aside(self, record: FileRecord, closed: Closed) -> None:
        """Let others go ahead; what was recognised is kept, and no attempt is counted."""
        if record.reason != closed.why:
            _log.info("%s waits: %s", shown(record.path), closed.why)
        self._ledger.set_state(
            record.id,
            FileState.WAITING,
            of_job=record if record.state in AT_WORK else None,
            reason=closed.why,
            next_try_at=closed.until,
            job_id=None,
        )
