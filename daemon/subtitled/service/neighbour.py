"""Being a good neighbour: engines stop where they are while others need the machine.

While there is no work nobody is asked anything. A job that begins is held until it is known whether
anybody would be disturbed.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from subtitled.config.neighbour import NeighbourSettings
from subtitled.config.plugins import Configured
from subtitled.jobs.halts import Halt, Halts
from subtitled.plugin import MediaServer

from .senses import Senses
from .watching import LIMIT, Asker, can_say

_log = logging.getLogger(__name__)

TICK = 0.5
"""Seconds between two looks at what askers and senses found."""
REST = 30.0
"""Seconds without work after which nobody is asked any more, and the next job is held at first."""


class Freezable(Protocol):
    """The engines, as far as they matter here."""

    def freeze(self) -> None:
        """Stop where they are; those that are stopped stay so."""

    def thaw(self) -> None:
        """Go on."""

    def process_ids(self) -> Iterable[int]:
        """Their processes."""


class Neighbour(threading.Thread):
    """Puts and takes away the halts of the rules, and stops engines that must stop at once."""

    def __init__(
        self,
        settings: NeighbourSettings,
        servers: Mapping[str, Configured[MediaServer]],
        halts: Halts,
        engines: Freezable,
        busy: Callable[[], bool],
        on_watching: Callable[[Sequence[Path]], None] = lambda paths: None,
        processes: Callable[[], Iterable[int]] | None = None,
    ) -> None:
        """``busy`` says whether there is work; ``on_watching`` hears what somebody now watches;
        ``processes`` are all of ours on this machine, if there are more than the engines."""
        super().__init__(name="neighbour", daemon=True)
        self._settings = settings
        self._halts = halts
        self._engines = engines
        self._busy = busy
        self._on_watching = on_watching
        self._ending = threading.Event()
        self._last_busy = float("-inf")
        self._watched: frozenset[Path] = frozenset()
        self._askers = [
            Asker(server, settings.ask_every, self._awake)
            for server in servers.values()
            if settings.watching and can_say(server)
        ]
        self._senses = Senses(settings, processes or engines.process_ids, self._awake)
        self._rules = set[str]()
        halts.guard(True)

    def end(self) -> None:
        """Ask for the end, without waiting."""
        for asker in self._askers:
            asker.end()
        self._senses.end()
        self._ending.set()

    def run(self) -> None:
        for thread in (*self._askers, self._senses):
            thread.start()
        began = 0.0
        while not self._ending.wait(TICK):
            try:
                began = self._turn(time.monotonic(), began)
            except Exception:  # noqa: BLE001 - logged
                _log.exception("whether work may go on cannot be said; it goes on")
                self._halts.guard(False)

    def _turn(self, now: float, began: float) -> float:
        """One look at everything; when the present time of work began."""
        if self._busy():
            began = now if now - self._last_busy > REST else began
            self._last_busy = now
        if not self._awake():
            self._put({})
            self._halts.guard(True)
        else:
            self._put(self._said(now))
            known = all(asker.tried >= began for asker in self._askers)
            if self._senses.looked >= began and (known or now - began > LIMIT):
                self._halts.guard(False)
        if self._halts.at_once:
            self._engines.freeze()
        else:
            self._engines.thaw()
        return began

    def _awake(self) -> bool:
        return time.monotonic() - self._last_busy <= REST

    def _said(self, now: float) -> dict[str, Halt]:
        found = dict(self._senses.halts)
        for asker in self._askers:
            if asker.watched(now, self._settings.linger):
                names = ", ".join(_shown(path) for path in asker.playing)
                what = (
                    f"somebody watches {names} on {asker.server}"
                    if names
                    else (f"somebody watched something on {asker.server} a moment ago")
                )
                found[f"watching {asker.server}"] = Halt(what)
        watched = frozenset(path for asker in self._askers for path in asker.playing)
        if new := watched - self._watched:
            self._on_watching(sorted(new))
        self._watched = watched
        return found

    def _put(self, halts: Mapping[str, Halt]) -> None:
        for rule in self._rules - halts.keys():
            self._halts.put(rule, None)
        for rule, halt in halts.items():
            self._halts.put(rule, halt)
        self._rules = set(halts)


def _shown(path: Path) -> str:
    return os.fsencode(path.name).decode("utf-8", "replace")
