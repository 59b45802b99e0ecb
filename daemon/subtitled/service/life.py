"""The process: one life of the daemon after another, until it is asked to stop."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path
from types import FrameType

from subtitled.config.load import Configuration, ConfigurationError, load
from subtitled.config.places import ensure_private, state_dir
from subtitled.work.tally import Tally
from subtitled.work.workshop import open_ledger

from .daemon import Daemon, Parts, no_parts
from .lock import StateLock
from .systemd import Systemd

_log = logging.getLogger(__name__)


def run(path: Path | None, configuration: Configuration, parts: Parts = no_parts) -> None:
    """Be the daemon until SIGTERM or SIGINT; SIGHUP reads the configuration again.

    Raises :class:`~subtitled.plugin.Misconfigured` when another daemon holds the state folder.
    """
    systemd = Systemd()
    state = ensure_private(state_dir(configuration.settings))
    lock = StateLock(state)
    tally = Tally()
    life: list[Daemon] = []
    asked: list[str] = []

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append("reload" if number == signal.SIGHUP else "stop")
        if life:
            life[-1].end(asked[-1])

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    while True:
        ledger = open_ledger(configuration)
        life[:] = [Daemon(configuration, ledger, systemd, tally, parts)]
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
        _log.error("the configuration was not reloaded:\n%s", error)
        return old
    if state_dir(new.settings) != state_dir(old.settings):
        _log.error("daemon.state_dir cannot change while the daemon runs: restart it")
        return old
    _log.info("configuration reloaded")
    return new
