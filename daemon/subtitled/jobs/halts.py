"""What keeps all work waiting just now, by the name of the rule that says so."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from subtitled.library.mailbox import Mailbox
from subtitled.library.records import DAEMON

_log = logging.getLogger(__name__)

HALT = "halt "
"""Before the name of a process, a colon and a rule: the control that tells others why nothing
happens there."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Why, in a sentence, and whether engines stop at once or at the end of their stretch."""

    why: str
    at_once: bool = True


class Told:
    """The halts of another process, the daemon's or a worker's, as it tells them."""

    def __init__(self, mailbox: Mailbox, name: str = DAEMON) -> None:
        self._mailbox = mailbox
        self._prefix = f"{HALT}{name}: "

    def first(self) -> str | None:
        """One of the reasons, or None."""
        return next(iter(self._mailbox.controls(self._prefix).values()), None)


class Halts:
    """The halts in force. Threads share it; what changes is logged and told to other processes."""

    def __init__(self, mailbox: Mailbox, name: str = DAEMON) -> None:
        self._mailbox = mailbox
        self._prefix = f"{HALT}{name}: "
        self._halts: dict[str, Halt] = {}
        self._lock = threading.Lock()
        self._guarded = False
        for left in mailbox.controls(self._prefix):  # by an earlier life
            mailbox.control(left, None)

    def put(self, rule: str, halt: Halt | None) -> None:
        """What a rule says now: a halt, or that nothing stands in the way."""
        with self._lock:
            before = self._halts.get(rule)
            if before == halt:
                return
            if halt is None:
                del self._halts[rule]
            else:
                self._halts[rule] = halt
            over = not self._halts
        self._mailbox.control(self._prefix + rule, halt.why if halt else None)
        if before is None and halt is not None:
            _log.info("work waits: %s", halt.why)
        elif halt is None and over:
            _log.info("work goes on")

    def guard(self, on: bool) -> None:
        """Hold what begins until somebody has looked whether it would disturb; nobody is told."""
        self._guarded = on

    def first(self) -> str | None:
        """One of the reasons, or None."""
        with self._lock:
            said = next((halt.why for halt in self._halts.values()), None)
        return said or ("it is looked first whom it would disturb" if self._guarded else None)

    @property
    def at_once(self) -> bool:
        """Whether engines are to stop where they are."""
        with self._lock:
            return any(halt.at_once for halt in self._halts.values())
