"""Signs of life: which processes work off the queue, as they say themselves in the ledger.

A process that works on a job changes its sign again and again; one that has nothing to do writes
nothing, so that disks may sleep. What matters is that a sign changes, not which time it names: the
clocks of two machines may differ.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import OperationalError

from subtitled import __version__
from subtitled.library.mailbox import Mailbox
from subtitled.library.records import DAEMON

SIGN = "sign "
"""Before the name of a process: the control that holds its sign of life."""
SHARE = 10
"""Signs in the time after which a process that gives none is taken for lost."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What a process says of itself. Times are seconds since 1970."""

    name: str
    host: str
    pid: int
    version: str
    configuration: str
    """A digest of its settings."""
    since: float
    at: float
    number: int = 0
    """How many signs it gave before this one: a clock that stands still is no death."""


_SIGN: TypeAdapter[Sign] = TypeAdapter(Sign)


def signs(mailbox: Mailbox) -> dict[str, Sign]:
    """What every process last said of itself. One that ended well says nothing any more."""
    found = {}
    for key, value in mailbox.controls(SIGN).items():
        try:
            found[key.removeprefix(SIGN)] = _SIGN.validate_json(value)
        except ValidationError:
            continue  # of another version
    return found


class Pulse:
    """Gives the signs of one process."""

    def __init__(self, mailbox: Mailbox, name: str, configuration: str, lost_after: float) -> None:
        """``lost_after`` seconds without a sign it is taken for lost, while it has jobs."""
        self._mailbox = mailbox
        self._every = lost_after / SHARE
        now = time.time()
        self._sign = Sign(
            name=name,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
            configuration=configuration,
            since=now,
            at=now,
        )
        self._last = float("-inf")

    def begin(self) -> None:
        """Say that the process is there. The daemon need not: its lock says so."""
        if self._sign.name != DAEMON:
            self._give()

    def beat(self, *, busy: bool) -> None:
        """Give a sign if there is a job and it is time; call it as often as you like. A daemon that
        is alone gives none."""
        if not busy or time.monotonic() - self._last < self._every:
            return
        self._last = time.monotonic()
        if self._sign.name != DAEMON or signs(self._mailbox).keys() - {DAEMON}:
            self._give()

    def end(self) -> None:
        """The process ends well; what it leaves behind is its next life's, or others' later."""
        with contextlib.suppress(OperationalError):  # on a full disk: then it is taken for lost
            self._mailbox.control(SIGN + self._sign.name, None)

    def _give(self) -> None:
        self._last = time.monotonic()
        self._sign = replace(self._sign, at=time.time(), number=self._sign.number + 1)
        self._mailbox.control(SIGN + self._sign.name, _SIGN.dump_json(self._sign).decode())


class Silence:
    """For how long the signs of others have not changed, by the clock of who looks at them."""

    def __init__(self, limit: float) -> None:
        """``limit``: seconds after which a process is lost."""
        self._limit = limit
        self._since = dict[str, tuple[str | None, float]]()

    def lost(self, said: Mapping[str, str | None], now: float) -> set[str]:
        """Which processes are lost of those that have jobs, by the sign of each (None: none) and
        the time, which only grows. One that has no job any more begins anew."""
        self._since = {
            name: before if (before := self._since.get(name)) and before[0] == sign else (sign, now)
            for name, sign in said.items()
        }
        return {name for name, (_, since) in self._since.items() if now - since >= self._limit}
