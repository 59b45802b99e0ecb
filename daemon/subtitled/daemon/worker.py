"""The worker: a process that runs jobs of the daemon's queue, and does nothing else.

It does not scan, watch or plan, and notifies no server. It stores its results in the database,
where the daemon finds them.
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
from subtitled.plugin import SetupError
from subtitled.plugin.paths import display_path

from .process import ServiceProcess
from .systemd import Systemd
from .worker_runtime import WorkerRuntime

_log = logging.getLogger(__name__)

_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def validate_worker_name(name: str | None) -> str:
    """Return the name of a worker, by default the host name.

    Raises:
        SetupError: The name is not allowed.
    """
    name = name or socket.gethostname()
    if name == DAEMON_NAME or not _NAME_PATTERN.fullmatch(name):
        raise SetupError(
            f"{name!r} is not allowed as the name of a worker",
            "Name it with letters, digits, dots, - and _, and not daemon: subtitled worker NAME",
        )
    return name


class Worker(ServiceProcess):
    """The worker with one configuration. A reload creates another one."""

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
        """Start to run jobs."""
        for component in self._configuration.unavailable:
            _log.error("%s", component)
        self._runtime.start()
        _log.info("worker %s runs jobs of the queue", self._name)

    def tick(self) -> None:
        """Do what is due in the main loop."""
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
        """Stop the jobs."""
        self._runtime.stop()

    def _status_line(self, blocked: str) -> str:
        active_files = (
            record
            for record in self._db.states.by_state(FileState.WORKING)
            if record.worker == self._name
        )
        waiting = self._db.states.count_by_state().get(FileState.QUEUED, 0)
        if waiting and blocked:
            return f"{blocked[0].upper()}{blocked[1:]}; {waiting} queued"
        for record in active_files:
            progress = record.progress or "starting"
            return f"{display_path(Path(record.path.name))}: {progress}; {waiting} queued"
        return f"Idle; {waiting} queued" if waiting else "Idle"
