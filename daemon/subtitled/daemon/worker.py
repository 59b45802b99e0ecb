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
from subtitled.db.commands import CommandKind
from subtitled.db.database import Database
from subtitled.db.records import DAEMON_NAME, FileState
from subtitled.jobcontext.counters import Counters
from subtitled.jobs.results import display_path
from subtitled.plugin import SetupError

from .process import ServiceProcess
from .systemd import Systemd
from .worker_runtime import WorkerRuntime

_log = logging.getLogger(__name__)

_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def validate_worker_name(name: str | None) -> str:
    """The name of a worker, by default this machine's. Raises :class:`SetupError` for one that
    none may have."""
    name = name or socket.gethostname()
    if name == DAEMON_NAME or not _NAME_PATTERN.fullmatch(name):
        raise SetupError(
            f"no worker may be called {name!r}",
            "Name it with letters, digits, dots, - and _, and not daemon: subtitled worker NAME",
        )
    return name


class Worker(ServiceProcess):
    """One life of it."""

    def __init__(
        self,
        configuration: Configuration,
        db: Database,
        systemd: Systemd,
        counters: Counters,
        name: str,
    ) -> None:
        super().__init__(systemd)
        self._configuration = configuration
        self._db = db
        self._name = name
        self._runtime = WorkerRuntime(configuration, db, counters, name)
        self._runner = self._runtime.runner
        self._last_seen = ("", "")

    def start(self) -> None:
        for broken in self._configuration.unavailable:
            _log.error("%s", broken)
        self._runtime.start()
        _log.info("worker %s takes jobs off the queue", self._name)

    def tick(self) -> None:
        blocked = self._runner.gate.blocked_for_all()
        current = (self._db.kv.data_version(), blocked.reason if blocked else "")
        if current != self._last_seen:
            self.systemd.status(self._status_line(blocked.reason if blocked else ""))
            self._last_seen = current
        self._runtime.tick()
        if self._runner.needs_reconcile.is_set() and not self._runner.active_jobs:
            self._runner.requeue_own()
            self._db.commands.enqueue(CommandKind.JOB_LOST, None)
            self._runner.needs_reconcile.clear()

    def shutdown(self) -> None:
        self._runtime.stop()

    def _status_line(self, blocked: str) -> str:
        mine = (
            record for record in self._db.by_state(FileState.WORKING) if record.worker == self._name
        )
        waiting = self._db.count_by_state().get(FileState.QUEUED, 0)
        if waiting and blocked:
            return f"{blocked[0].upper()}{blocked[1:]}; {waiting} queued"
        for record in mine:
            progress = record.progress or "starting"
            return f"{display_path(Path(record.path.name))}: {progress}; {waiting} queued"
        return f"Idle; {waiting} queued" if waiting else "Idle"
