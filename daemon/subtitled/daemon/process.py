"""The process of the daemon or a worker: signals, reloads and the systemd watchdog."""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from sqlalchemy.exc import OperationalError

from subtitled.config.load import Configuration, ConfigurationError, load_config
from subtitled.config.paths import ensure_private_folder, resolve_state_dir
from subtitled.config.secrets import hide_configured_secrets
from subtitled.db.database import Database
from subtitled.db.engine import describe_error
from subtitled.db.records import DAEMON_NAME
from subtitled.helper_process import use_helpers
from subtitled.jobcontext.counters import Counters
from subtitled.jobcontext.services import open_database
from subtitled.memory import limit_arenas, map_large_blocks

from .lock import StateLock
from .systemd import Systemd

_log = logging.getLogger(__name__)


class ServiceProcess(ABC):
    """A service with one configuration. A reload creates another one."""

    def __init__(self, systemd: Systemd) -> None:
        self.systemd = systemd
        self._wake_event = threading.Event()
        self.stop_reason = ""
        """Why the service stops, once it does: ``stop`` or ``reload``."""
        self._is_unwritable = False

    def request_stop(self, reason: str) -> None:
        """Ask the service to stop. ``reason`` is ``stop`` or ``reload``."""
        self.stop_reason = reason
        self._wake_event.set()

    def run(self) -> str:
        """Run until :meth:`request_stop` is called, and return its reason.

        Never do library I/O in this thread: a hung mount would miss the watchdog deadline.
        """
        self.start()
        self.systemd.ready()
        try:
            while not self.stop_reason:
                self._tick_safely()
                self.systemd.alive()
                self._wake_event.wait(1.0)
                self._wake_event.clear()
        finally:
            self.shutdown()
        return self.stop_reason

    def _tick_safely(self) -> None:
        """Tick once. If the database cannot be written to, log that once and go on."""
        try:
            self.tick()
        except OperationalError as error:
            if not self._is_unwritable:
                _log.error("%s. %s", *describe_error(error))
            self._is_unwritable = True
        else:
            self._is_unwritable = False

    @abstractmethod
    def start(self) -> None:
        """Start all threads."""

    @abstractmethod
    def tick(self) -> None:
        """Do the periodic work. Called each second."""

    @abstractmethod
    def shutdown(self) -> None:
        """Stop all threads within seconds."""


MAX_DESCRIPTORS = 16_384
"""Open files that the process asks for. A thousand is the limit of many systems."""
Factory = Callable[[Configuration, Database, Systemd, Counters], ServiceProcess]
"""Creates a service from its configuration."""


def run(
    path: Path | None, configuration: Configuration, factory: Factory, name: str = DAEMON_NAME
) -> None:
    """Run the daemon, or the worker of a name, until SIGTERM or SIGINT.

    SIGHUP reloads the configuration. The process exits at the end; this function does not return.

    Args:
        path: The configuration file to reload, or None for the default one.
        configuration: The configuration to start with.
        factory: Creates the service.
        name: Name of the process in the state folder.

    Raises:
        SetupError: Another process of that name holds the state folder.
    """
    raise_descriptor_limit()
    limit_arenas()
    map_large_blocks()
    use_helpers()
    systemd = Systemd()
    state = ensure_private_folder(resolve_state_dir(configuration.settings))
    lock = StateLock(state, name)
    counters = Counters()
    current: list[ServiceProcess] = []
    signals: list[str] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        signals.append("reload" if number == signal.SIGHUP else "stop")
        if current:
            current[-1].request_stop(signals[-1])

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    while True:
        hide_configured_secrets(configuration)
        db = open_database(configuration)
        current[:] = [factory(configuration, db, systemd, counters)]
        if signals:
            current[-1].request_stop(signals[-1])
        _log.info("subtitled runs; state folder: %s", state)
        reason = current[-1].run()
        db.close()
        signals.clear()
        if reason == "stop":
            break
        systemd.reloading()
        configuration = _reload_config(path, configuration)
    systemd.stopping()
    _log.info("stopped")
    lock.release()
    # Threads may still wait for a slow file system or a plugin. They have nothing left to save.
    logging.shutdown()
    os._exit(0)


def raise_descriptor_limit() -> None:
    """Raise the limit of open files as far as this user may, up to :data:`MAX_DESCRIPTORS`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _reload_config(path: Path | None, old: Configuration) -> Configuration:
    """Return the configuration on disk, or the old one if that has errors."""
    try:
        new = load_config(path)
    except ConfigurationError as error:
        _log.error("the configuration was not reloaded:")
        for line in str(error).splitlines():
            _log.error("%s", line)
        return old
    if resolve_state_dir(new.settings) != resolve_state_dir(old.settings):
        _log.error("daemon.state_dir cannot change while the process runs: restart it")
        return old
    _log.info("configuration reloaded")
    return new
