"""Asking the media servers what is watched just now, when somebody says only that something is."""

from __future__ import annotations

import logging
import threading

from subtitled.config.isolation import guarded
from subtitled.config.load import Configuration
from subtitled.library.mailbox import PLAYING, AskedFor, Mailbox
from subtitled.plugin import Problem

_log = logging.getLogger(__name__)

LIMIT = 30.0
"""Seconds that a server may take to say what is watched."""


class Asking:
    """Turns each :data:`PLAYING` without a path into one for each file that is watched."""

    def __init__(self, configuration: Configuration, mailbox: Mailbox) -> None:
        self._servers = configuration.servers
        self._mailbox = mailbox

    def ask(self, request: AskedFor) -> None:
        """Ask in a thread of its own: a server may be slow."""
        threading.Thread(target=self._ask, args=[request], name="asking", daemon=True).start()

    def _ask(self, request: AskedFor) -> None:
        watched: list[AskedFor] = []
        for name, configured in self._servers.items():
            try:
                paths = guarded(name, configured.make().playing, LIMIT)
            except Problem as problem:
                _log.warning("%s does not say what is watched: %s", name, problem)
                continue
            watched += [AskedFor(PLAYING, path) for path in paths]
        try:
            if watched:
                self._mailbox.request_all(watched)
            self._mailbox.done([request.id])
        except Exception:  # noqa: BLE001 - it waits in the ledger for the next life
            _log.exception("what is watched could not be written down")
