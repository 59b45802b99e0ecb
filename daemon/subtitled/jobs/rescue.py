"""Taking over from processes that were lost: their jobs go back into the queue.

Every process looks after all others, so it does not matter which of them is left. What is handed on
goes on at the step it was in; its words are in the store.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from subtitled.library.mailbox import Mailbox

from .durable import Queue
from .signs import SHARE, SIGN, Silence

_log = logging.getLogger(__name__)


class Rescue:
    """One process that looks after the others."""

    def __init__(
        self,
        mailbox: Mailbox,
        queue: Queue,
        name: str,
        lost_after: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``name`` is its own; ``clock`` only grows."""
        self._mailbox = mailbox
        self._queue = queue
        self._name = name
        self._lost_after = lost_after
        self._silence = Silence(lost_after)
        self._clock = clock
        self._last = self._looked = float("-inf")

    def look(self) -> None:
        """Hand on the jobs of processes that are lost; call it as often as you like.

        Where nobody could read or write for a while, nobody could give a sign: then all begin anew.
        """
        now = self._clock()
        if now - self._last < self._lost_after / SHARE:
            return
        self._last = now
        said = self._mailbox.controls(SIGN)
        others = self._queue.at_work() - {self._name}
        if now - self._looked > self._lost_after / 2:
            self._silence = Silence(self._lost_after)
        self._looked = now
        for name in self._silence.lost({one: said.get(SIGN + one) for one in others}, now):
            self._looked = float("-inf")  # unless it can be written
            number = self._queue.hand_on(name)
            self._looked = now
            _log.warning("%s gives no sign of life: %d of its jobs are queued again", name, number)
