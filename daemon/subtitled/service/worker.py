"""A worker: a process that works off the daemon's queue, and does nothing else.

It walks and watches nothing, plans nothing and tells no server: what it makes is written into the
ledger, where the daemon finds it.
"""

from __future__ import annotations

import logging
import re
import socket
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.jobcontext.counters import Tally
from subtitled.jobs.outcomes import shown
from subtitled.library.ledger import Ledger
from subtitled.library.mailbox import LOST
from subtitled.library.records import DAEMON, FileState
from subtitled.plugin import Misconfigured

from .life import Life
from .systemd import Systemd
from .workplace import Workplace

_log = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def checked_name(name: str | None) -> str:
    """The name of a worker, by default this machine's. Raises :class:`Misconfigured` for one that
    none may have."""
    name = name or socket.gethostname()
    if name == DAEMON or not _NAME.fullmatch(name):
        raise Misconfigured(
            f"no worker may be called {name!r}",
            "Name it with letters, digits, dots, - and _, and not daemon: subtitled worker NAME",
        )
    return name


class Worker(Life):
    """One life of it."""

    def __init__(
        self,
        configuration: Configuration,
        ledger: Ledger,
        systemd: Systemd,
        tally: Tally,
        name: str,
    ) -> None:
        super().__init__(systemd)
        self._configuration = configuration
        self._ledger = ledger
        self._name = name
        self._workplace = Workplace(configuration, ledger, tally, name)
        self._working = self._workplace.working
        self._seen = ("", "")

    def begin(self) -> None:
        for broken in self._configuration.broken:
            _log.error("%s", broken)
        self._workplace.start()
        _log.info("worker %s takes jobs off the queue", self._name)

    def turn(self) -> None:
        closed = self._working.door.for_all()
        seen = (self._ledger.mailbox.data_version(), closed.why if closed else "")
        if seen != self._seen:
            self.systemd.status(self._status(closed.why if closed else ""))
            self._seen = seen
        self._workplace.turn()
        if self._working.doubtful.is_set() and not self._working.in_work:
            self._working.give_back()
            self._ledger.mailbox.request(LOST, None)
            self._working.doubtful.clear()

    def end_all(self) -> None:
        self._workplace.stop()

    def _status(self, closed: str) -> str:
        mine = (
            record
            for record in self._ledger.in_state(FileState.WORKING)
            if record.worker == self._name
        )
        waiting = self._ledger.counts().get(FileState.QUEUED, 0)
        if waiting and closed:
            return f"{closed[0].upper()}{closed[1:]}; {waiting} queued"
        for record in mine:
            done = record.progress or "starting"
            return f"{shown(Path(record.path.name))}: {done}; {waiting} queued"
        return f"Idle; {waiting} queued" if waiting else "Idle"
