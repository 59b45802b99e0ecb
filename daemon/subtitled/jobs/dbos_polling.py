"""How often DBOS looks for queued jobs: only when its database has changed.

DBOS runs several queries a second for each process, whether or not there is work. Here each of its
loops waits until a transaction has changed the database, which is one cheap question a second or
less, or until a minute is over. A change by any process counts, so a queued job starts as soon as
before.
"""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from .dbos_imports import dbos

_log = logging.getLogger(__name__)

_Loop = Callable[..., None]


def _find_loop(module: str, name: str) -> _Loop | None:
    """Return a loop of DBOS; None if this version of DBOS has it elsewhere, because it is private.

    Args:
        module: The module that defines it.
        name: Its name.
    """
    try:
        loop: _Loop = getattr(importlib.import_module(f"{dbos.__name__}.{module}"), name)
    except (ImportError, AttributeError):
        return None
    return loop


_MANAGER: Final = _find_loop("_queue", "queue_thread")
_WORKER: Final = _find_loop("_queue", "queue_worker_thread")
_JANITOR: Final = _find_loop("_workflow_commands", "background_jobs_thread")
"""The loops of DBOS: one that starts the others, one for each queue, and one for what expires."""

OWN_QUEUE_PREFIX: Final = "_dbos"
"""What the names of the queues begin with that DBOS has for itself."""
MAX_WAIT_SECONDS: Final = 60.0
"""Seconds after which DBOS looks even if nothing has changed."""
QUESTION_SECONDS: Final = 1.0
"""Seconds between two questions whether the database has changed, of the loop that starts jobs."""
SLOW_QUESTION_SECONDS: Final = 10.0
"""The same of the loops that start no job: that of DBOS's own queue, the one that starts the
others, and the one for what expires. To wake the processor costs more than the question."""
ACTIVE_SECONDS: Final = 10.0
"""Seconds after a change in which DBOS looks as often as it would. Its first look may be too early,
as while the job that has ended is still counted as running."""


class ChangePacer(threading.Event):
    """An event that loops wait for, and that makes them wait until there may be work.

    A loop that waits is let on when the database has changed, and for some seconds afterwards.
    """

    def __init__(
        self,
        stop: threading.Event,
        current_version: Callable[[], str],
        question_seconds: float = QUESTION_SECONDS,
    ) -> None:
        """Create it for one loop.

        Args:
            stop: The event by which DBOS ends the loop.
            current_version: Returns a text that changes with each change of the database.
            question_seconds: Seconds between two questions whether it has changed.
        """
        super().__init__()
        self._question_seconds = question_seconds
        self._stop_event = stop
        self._current_version = current_version
        self._seen: str | None = ""
        self._active_until = 0.0

    def is_set(self) -> bool:
        """Return whether the loop is to end."""
        return self._stop_event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait as long as DBOS wants, and then until the database changes.

        Args:
            timeout: The seconds between two looks. With none left, the loop goes on at once.

        Returns:
            Whether the loop is to end.
        """
        step = self._question_seconds if timeout is None else timeout
        if step <= 0:
            return self._stop_event.is_set()
        deadline = time.monotonic() + max(step, MAX_WAIT_SECONDS)
        while True:
            if self._stop_event.wait(step):
                return True
            now = time.monotonic()
            if self._has_changed():
                self._active_until = now + ACTIVE_SECONDS
            if now < self._active_until or now >= deadline:
                return False
            step = self._question_seconds

    @property
    def stop_event(self) -> threading.Event:
        """The event by which DBOS ends the loop."""
        return self._stop_event

    def _has_changed(self) -> bool:
        """Return whether the database has changed, or cannot be asked: DBOS then tries."""
        before = self._seen
        try:
            self._seen = self._current_version()
        except Exception:  # noqa: BLE001 - DBOS meets the same error, logs it and goes on
            self._seen = None
        return self._seen is None or self._seen != before


class JanitorPacer(ChangePacer):
    """A pacer for the loop that waits while it holds a lock, and again when it has given it back.

    PostgreSQL ends a session that holds the lock for five seconds without a statement. So only the
    wait without the lock, for which DBOS wants no time, lasts until the database changes.
    """

    def wait(self, timeout: float | None = None) -> bool:
        """Wait as long as DBOS wants, or if that is no time, until the database changes.

        Args:
            timeout: The seconds to wait. None are left once the lock is given back.

        Returns:
            Whether the loop is to end.
        """
        if timeout is not None and timeout > 0:
            return self._stop_event.wait(timeout)
        return super().wait(QUESTION_SECONDS)


def pace_queues(current_version: Callable[[], str]) -> Callable[[], None]:
    """Have the queue loops that DBOS starts from now on wait for changes.

    With a version of DBOS that has other loops they stay as they are: jobs run, and an idle process
    asks more often.

    Args:
        current_version: Returns a text that changes with each change of the database of the queue.

    Returns:
        A function that undoes it for loops that are started later.
    """
    if _MANAGER is None or _WORKER is None or _JANITOR is None:
        _log.warning("the loops of this version of DBOS are not known; they run each second")
        return lambda: None

    def paced(loop: _Loop, pacer: type[ChangePacer]) -> _Loop:
        def run(stop: threading.Event, *arguments: Any) -> None:
            own = stop.stop_event if isinstance(stop, ChangePacer) else stop
            loop(pacer(own, current_version, _question_seconds(loop, arguments)), *arguments)

        return run

    _use_loops(
        paced(_MANAGER, ChangePacer), paced(_WORKER, ChangePacer), paced(_JANITOR, JanitorPacer)
    )
    return partial(_use_loops, _MANAGER, _WORKER, _JANITOR)


def _question_seconds(loop: _Loop, arguments: tuple[Any, ...]) -> float:
    """Return how often a loop asks for changes; the last argument of a queue's is the queue."""
    is_of_jobs = loop is _WORKER and not arguments[-1].name.startswith(OWN_QUEUE_PREFIX)
    return QUESTION_SECONDS if is_of_jobs else SLOW_QUESTION_SECONDS


def _use_loops(manager: _Loop, worker: _Loop, janitor: _Loop) -> None:
    """Have DBOS start these loops. It looks for each in the module that uses it."""
    from dbos import _dbos, _queue

    vars(_dbos).update(queue_thread=manager, background_jobs_thread=janitor)
    vars(_queue).update(queue_worker_thread=worker)
