"""Notifiers are told what happened: in their rhythm, not in quiet hours, again when they were away.

Events wait in the ledger. A thread for each notifier, so that one that hangs holds up no other.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError

from subtitled.config.isolation import guarded
from subtitled.config.load import Configuration
from subtitled.config.plugins import Configured
from subtitled.library.notices import Notices
from subtitled.plugin import Event, Notice, Notifier, Problem, Rejected, Rhythm, Temporary

_log = logging.getLogger(__name__)

LIMIT = 60.0
"""Seconds that a notifier may take."""
WAITS = (30.0, 120.0, 600.0, 3600.0)
"""Seconds before each further try to reach a notifier that is away; the last one over and over."""
MISCONFIGURED = 3600.0
"""Seconds before the next try of one that somebody has to mend; a reload tries at once."""
LONGEST_REST = 3600.0
"""Seconds between two looks at whether something waits, though nobody said so; the daemon says so
when the ledger has changed."""


class Notifying:
    """All notifiers of one configuration."""

    def __init__(self, configuration: Configuration, notices: Notices) -> None:
        self._notices = notices
        self._tellers = [
            _Teller(configured, notices) for configured in configuration.notifiers.values()
        ]

    def start(self) -> None:
        self._notices.forget_others(teller.notifier for teller in self._tellers)
        for teller in self._tellers:
            teller.start()

    def happened(self, event: Event) -> None:
        """Keep an event for every notifier. News that cannot be kept stops no work."""
        try:
            self._notices.put((teller.notifier for teller in self._tellers), event, time.time())
        except OperationalError as error:
            _log.warning("nobody is told of an event, it cannot be kept: %s", error.orig)
        self.look()

    def look(self) -> None:
        """Look whether something waits: another process may have kept it."""
        for teller in self._tellers:
            teller.woken.set()

    def stop(self) -> None:
        """Ask for the end, without waiting: what was not told is told in the next life."""
        for teller in self._tellers:
            teller.end()


class _Teller(threading.Thread):
    def __init__(self, configured: Configured[Notifier], notices: Notices) -> None:
        super().__init__(name=f"notifier {configured.name}", daemon=True)
        self.notifier = configured.name
        self.woken = threading.Event()
        self._configured = configured
        self._notices = notices
        self._ending = threading.Event()
        self._failures = 0

    def end(self) -> None:
        self._ending.set()
        self.woken.set()

    def run(self) -> None:
        while not self._ending.is_set():
            self.woken.clear()
            try:
                rest = self._turn()
            except Exception:  # noqa: BLE001 - such as a ledger that cannot be written just now
                if self._ending.is_set():
                    return
                _log.exception("%s: tried again in a while", self.notifier)
                rest = WAITS[0]
            if self._failures:
                self._ending.wait(rest)  # what happens meanwhile makes it no more reachable
            else:
                self.woken.wait(rest)

    def _turn(self) -> float:
        """Tell what is due; seconds until the next look."""
        waiting = self._notices.waiting(self.notifier)
        settings = self._configured.settings
        rhythm = guarded(
            self._configured.plugin, lambda: self._configured.component.rhythm(settings), LIMIT
        )
        while waiting and not self._ending.is_set():
            now = time.time()
            if (rest := wait_for(rhythm, waiting[0].at, now)) > 0:
                return min(rest, LONGEST_REST)
            batch = waiting if rhythm.every else waiting[:1]
            if (rest := self._tell(batch)) > 0:
                return rest
            self._notices.told(notice.id for notice in batch)
            waiting = waiting[len(batch) :]
        return 0.0 if waiting else LONGEST_REST

    def _tell(self, batch: Sequence[Notice]) -> float:
        """Tell some notices; seconds to wait before they are told again, 0 if they are not."""
        try:
            notifier = self._configured.make()
            guarded(self.notifier, lambda: notifier.notify(batch), LIMIT)
        except Rejected as problem:
            _log.warning("%s is not told of %d events: %s", self.notifier, len(batch), problem)
        except Problem as problem:
            wait = WAITS[min(self._failures, len(WAITS) - 1)]
            if not isinstance(problem, Temporary):
                wait = MISCONFIGURED
            elif problem.retry_after is not None:
                wait = max(wait, problem.retry_after)
            self._failures += 1
            _log.warning("%s, told again in %.0f s: %s", self.notifier, wait, problem)
            return wait
        self._failures = 0
        return 0.0


def wait_for(rhythm: Rhythm, first: float, now: float) -> float:
    """Seconds until somebody may be told of events of which the first happened then; 0: now."""
    # Of what seems to have happened in the future, the clock was set back since.
    due = max(0.0, min(first, now) + rhythm.every - now)
    return due + quiet_left(rhythm, now + due)


def quiet_left(rhythm: Rhythm, now: float) -> float:
    """Seconds until quiet hours end, 0 outside of them."""
    if rhythm.quiet is None:
        return 0.0
    begin, end = rhythm.quiet
    here = datetime.fromtimestamp(now).astimezone()
    clock = here.time()
    inside = begin <= clock < end if begin <= end else clock >= begin or clock < end
    if not inside:
        return 0.0
    ends = here.replace(hour=end.hour, minute=end.minute, second=end.second, microsecond=0)
    if ends <= here:
        ends += timedelta(days=1)
    return (ends - here).total_seconds()
