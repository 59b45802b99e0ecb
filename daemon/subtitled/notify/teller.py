"""Each media server has a lane: a thread that tells it what changed and asks what it shows.

Everything that is to be said lies in the ledger, so that a server which is away, a full disk or the
end of the daemon loses nothing. A server that fails is left alone for a while as a whole, however
many changes wait for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from subtitled.config.isolation import LIMIT, guarded
from subtitled.config.load import Configuration, servers_of
from subtitled.config.plugins import Configured
from subtitled.library.intake import library_of
from subtitled.library.ledger import Ledger
from subtitled.library.tellings import Stage, Telling
from subtitled.media.problems import shown
from subtitled.plugin import MediaServer, Problem, Rejected

from .course import Pace, looked, refused, told, wait

_log = logging.getLogger(__name__)

AT_ONCE = 100
"""Changes in one call, and tellings that are looked at in one turn."""
AFTER_ERROR = 60.0
"""Seconds after an error of ours, such as a full disk."""
TROUBLE = "server "
"""Before the name of a server: the control that says why it cannot be told."""


class Teller:
    """The lanes of all servers of a configuration."""

    def __init__(
        self, configuration: Configuration, ledger: Ledger, pace: Pace | None = None
    ) -> None:
        self._configuration = configuration
        self._ledger = ledger
        self._pace = pace or Pace()
        self._stopping = threading.Event()
        self._lanes = [
            Lane(configured, ledger, self._pace, self._stopping, self._take_in)
            for configured in configuration.servers.values()
        ]

    def start(self) -> None:
        """Begin with what an earlier life left."""
        self._ledger.tellings.forget_others(self._configuration.servers)
        for key in self._ledger.mailbox.controls(TROUBLE):
            self._ledger.mailbox.control(key, None)
        self._take_in()
        for lane in self._lanes:
            lane.thread.start()

    def stop(self) -> None:
        """Leave everything where it is, for the next life."""
        self._stopping.set()
        for lane in self._lanes:
            if lane.thread.is_alive():
                lane.thread.join(1.0)

    def _take_in(self) -> None:
        self._ledger.tellings.take_in(self._servers_for, time.time() + self._pace.gather)

    def _servers_for(self, medium: Path) -> Sequence[str]:
        libraries = self._configuration.settings.libraries
        name = library_of(medium, libraries)
        return servers_of(self._configuration, libraries[name]) if name else ()


class Lane:
    """One server and all that is said to it."""

    def __init__(
        self,
        configured: Configured[MediaServer],
        ledger: Ledger,
        pace: Pace,
        stopping: threading.Event,
        take_in: Callable[[], None],
    ) -> None:
        self._configured = configured
        self._name = configured.name
        self._ledger = ledger
        self._pace = pace
        self._stopping = stopping
        self._take_in = take_in
        self._server: MediaServer | None = None
        self._failures = 0
        self._seen = ""
        self.thread = threading.Thread(target=self._run, name=f"server {self._name}", daemon=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = self._turn_or_trouble()
            except Exception:  # noqa: BLE001 - a fault of ours must not end the lane
                if not self._stopping.is_set():
                    _log.exception("server %s: goes on in %g s", self._name, AFTER_ERROR)
                pause = AFTER_ERROR
            self._stopping.wait(pause)

    def _turn_or_trouble(self) -> float:
        try:
            return self._turn()
        except Problem as problem:
            return self._in_trouble(problem)

    def _turn(self) -> float:
        """Say and ask what is due; seconds until the next turn. Raises what the server raises."""
        version = self._ledger.mailbox.data_version()
        if version != self._seen:
            self._take_in()
            self._seen = version
        now = time.time()
        # What comes due within the time of gathering goes along: one call instead of many.
        due = self._ledger.tellings.due(self._name, now, AT_ONCE)
        if any(known.stage is Stage.WAITING for known in due):
            soon = now + self._pace.gather
            coming = self._ledger.tellings.due(self._name, soon, AT_ONCE)
            due = [k for k in coming if k.stage is Stage.WAITING or (k.due_at or 0) <= now]
        if not due:
            return self._pace.polling
        waiting = sorted((k for k in due if k.stage is Stage.WAITING), key=lambda k: k.method)
        for method, group in groupby(waiting, key=lambda k: k.method):
            self._tell(list(group), method)
        for known in due:
            if known.stage is Stage.TOLD and not self._stopping.is_set():
                self._ask(known)
        if self._failures:
            self._ledger.mailbox.control(TROUBLE + self._name, None)
            _log.info("server %s: answers again", self._name)
            self._failures = 0
        return 0.0

    def _tell(self, some: list[Telling], method: int) -> None:
        server = self._made()
        try:
            changes = [known.change for known in some]
            limit = LIMIT + len(changes)  # it may have to speak of each by itself
            guarded(self._name, lambda: server.changed(changes, method), limit)
        except Rejected as problem:
            for known in some:
                self._ledger.tellings.move(known, **refused(problem, time.time()))
            return
        for known in some:
            self._ledger.tellings.move(known, **told(self._pace, time.time()))
        what = server.methods[min(method, len(server.methods) - 1)]
        _log.info("server %s: %s (%d files)", self._name, what, len(some))

    def _ask(self, known: Telling) -> None:
        server = self._made()
        said = guarded(self._name, lambda: server.listed(known.change), LIMIT)
        then = looked(known, said, len(server.methods), self._pace, time.time())
        self._ledger.tellings.move(known, **then)
        if then.get("state") is Stage.MISSED:
            medium = shown(known.change.media)
            _log.warning("server %s: does not show it: %s: %s", self._name, medium, said.detail)

    def _made(self) -> MediaServer:
        if self._server is None:
            self._server = self._configured.make()
        return self._server

    def _in_trouble(self, problem: Problem) -> float:
        """Say what is wrong; seconds for which the server is left alone."""
        self._failures += 1
        if self._failures == 1:
            _log.warning("server %s: %s", self._name, problem)
        self._ledger.mailbox.control(TROUBLE + self._name, str(problem))
        return wait(problem, self._failures, self._pace)
