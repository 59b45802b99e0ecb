"""The process: one life of the daemon or of a worker after another, until it is asked to stop."""

from __future__ import annotations

import logging
import os
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from sqlalchemy.exc import OperationalError

from subtitled.config.load import Configuration, ConfigurationError, load
from subtitled.config.places import ensure_private, state_dir
from subtitled.jobcontext.counters import Tally
from subtitled.jobcontext.services import open_ledger
from subtitled.library.database import trouble
from subtitled.library.ledger import Ledger
from subtitled.library.records import DAEMON

from .lock import StateLock
from .systemd import Systemd

_log = logging.getLogger(__name__)


class Life(ABC):
    """One life with one configuration; a new one begins on reload."""

    def __init__(self, systemd: Systemd) -> None:
        self.systemd = systemd
        self._wake = threading.Event()
        self.ending = ""
        """Why it ends, once it does: ``stop`` or ``reload``."""
        self._unwritable = False

    def end(self, why: str) -> None:
        """Ask for the end of this life: ``stop`` or ``reload``."""
        self.ending = why
        self._wake.set()

    def live(self) -> str:
        """Work until asked to end; the reason for the end.

        This thread looks at no library: one that hangs may not keep the watchdog hungry.
        """
        self.begin()
        self.systemd.ready()
        try:
            while not self.ending:
                self._turn()
                self.systemd.alive()
                self._wake.wait(1.0)
                self._wake.clear()
        finally:
            self.end_all()
        return self.ending

    def _turn(self) -> None:
        """One turn. A database that cannot be written to is waited for."""
        try:
            self.turn()
        except OperationalError as error:
            if not self._unwritable:
                _log.error("%s. %s", *trouble(error))
            self._unwritable = True
        else:
            self._unwritable = False

    @abstractmethod
    def begin(self) -> None:
        """Start everything."""

    @abstractmethod
    def turn(self) -> None:
        """Look once at everything, each second."""

    @abstractmethod
    def end_all(self) -> None:
        """Stop everything within seconds."""


Begin = Callable[[Configuration, Ledger, Systemd, Tally], Life]
"""What makes a life from its configuration."""


def run(path: Path | None, configuration: Configuration, begin: Begin, name: str = DAEMON) -> None:
    """Be the daemon, or the worker of a name, until SIGTERM or SIGINT; SIGHUP reads the
    configuration again.

    Raises :class:`~subtitled.plugin.Misconfigured` when another one holds the state folder.
    """
    systemd = Systemd()
    state = ensure_private(state_dir(configuration.settings))
    lock = StateLock(state, name)
    tally = Tally()
    life: list[Life] = []
    asked: list[str] = []

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append("reload" if number == signal.SIGHUP else "stop")
        if life:
            life[-1].end(asked[-1])

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    while True:
        ledger = open_ledger(configuration)
        life[:] = [begin(configuration, ledger, systemd, tally)]
        if asked:
            life[-1].end(asked[-1])
        _log.info("subtitled works in %s", state)
        why = life[-1].live()
        ledger.close()
        asked.clear()
        if why == "stop":
            break
        systemd.reloading()
        configuration = _reloaded(path, configuration)
    systemd.stopping()
    _log.info("stopped")
    lock.release()
    # Threads may still wait for a slow file system or a plugin; nothing of theirs is lost.
    logging.shutdown()
    os._exit(0)


def _reloaded(path: Path | None, old: Configuration) -> Configuration:
    """The configuration as it is on disk now, or the old one if that is wrong."""
    try:
        new = load(path)
    except ConfigurationError as error:
        _log.error("the configuration was not reloaded:")
        for line in str(error).splitlines():
            _log.error("%s", line)
        return old
    if state_dir(new.settings) != state_dir(old.settings):
        _log.error("daemon.state_dir cannot change while the process runs: restart it")
        return old
    _log.info("configuration reloaded")
    return new
