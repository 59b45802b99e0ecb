"""The last log lines of this process, in memory, for the pages.

In a container nobody has a journal at hand. The lines of a job are kept longer than others, so that
many files do not push out why one failed.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from itertools import count

from subtitled.jobs.log_context import current_job
from subtitled.plugin.redaction import hide_secrets

MAX_LINES = 2000
MAX_JOBS = 100
MAX_LINES_OF_JOB = 50
MAX_CHARACTERS = 1000
"""The longest line that is kept whole."""
PRIVATE = {"is_private": True}
"""What ``extra=`` of a log line says to keep it out of the pages, as one with a set-up code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One log line."""

    number: int
    """Later lines have higher numbers."""
    at: float
    """Seconds since 1970."""
    level: str
    """``debug``, ``info``, ``warning``, ``error`` or ``critical``."""
    severity: int
    """The number of the level in :mod:`logging`."""
    message: str
    """The text, with the exception if there is one, without secrets."""
    job: str
    """The id of the job that the line belongs to; "" if to none."""


class RecentLog:
    """A bounded number of log lines. Any thread may add and read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._lines: deque[LogLine] = deque(maxlen=MAX_LINES)
        self._by_job: OrderedDict[str, deque[LogLine]] = OrderedDict()

    def add(self, record: logging.LogRecord) -> None:
        """Keep a line. The oldest one goes."""
        if getattr(record, "is_private", False):
            return
        job = current_job.get()
        message = hide_secrets(_describe(record))
        with self._lock:
            line = LogLine(
                number=next(self._numbers),
                at=record.created,
                level=record.levelname.lower(),
                severity=record.levelno,
                message=message[:MAX_CHARACTERS],
                job=job,
            )
            self._lines.append(line)
            if not job:
                return
            self._by_job.setdefault(job, deque(maxlen=MAX_LINES_OF_JOB)).append(line)
            self._by_job.move_to_end(job)
            while len(self._by_job) > MAX_JOBS:
                self._by_job.popitem(last=False)

    def all_lines(self) -> list[LogLine]:
        """Return the last lines, the newest first."""
        with self._lock:
            return list(reversed(self._lines))

    def lines_of_job(self, job: str) -> list[LogLine]:
        """Return the last lines of a job, the newest first."""
        with self._lock:
            return list(reversed(self._by_job.get(job, ())))

    def clear(self) -> None:
        """Forget all lines."""
        with self._lock:
            self._lines.clear()
            self._by_job.clear()


RECENT_LOG = RecentLog()
"""The lines of this process, as there is one log of a process."""


def _describe(record: logging.LogRecord) -> str:
    """Return the text of a line, with the exception but without where it was raised."""
    try:
        message = record.getMessage()
    except Exception:  # noqa: BLE001 - the handler reports arguments that do not fit
        message = str(record.msg)
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return message
    try:
        reason = str(error)
    except Exception:  # noqa: BLE001 - a program that logs an error must not get another
        reason = "without a text"
    return f"{message} ({type(error).__name__}: {reason})"
