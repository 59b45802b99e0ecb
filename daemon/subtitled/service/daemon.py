"""The daemon: it watches, plans, works and tells, until it is asked to stop."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from subtitled.config.load import Configuration
from subtitled.jobcontext.counters import Tally
from subtitled.jobs.jobs import Jobs
from subtitled.library.intake import Intake, library_of
from subtitled.library.ledger import Ledger
from subtitled.library.mailbox import WATCHING
from subtitled.library.records import FileState
from subtitled.library.watch import Watch
from subtitled.notify.teller import Teller
from subtitled.plugin import Problem

from .asking import Asking
from .crew import forget_gone
from .life import Life
from .outlook import NEXT_WALK
from .requests import Requests
from .schedule import Schedule
from .systemd import Systemd
from .taking import Taking
from .vitals import Vitals
from .workplace import Workplace

_log = logging.getLogger(__name__)

_WAITS = (FileState.QUEUED, FileState.SETTLING, FileState.GROWING, FileState.WAITING)
"""States of files that are to be worked on."""
KEEP_ENDED = 7 * 24 * 3600.0
"""Seconds for which a job that has ended is remembered, and a worker that was lost."""
RARE = 600.0
"""Seconds between two walks from which on it is written down when the next one is: what happens
each minute need not be written each minute."""
AFTER_ERROR = 60.0
"""Seconds after a walk that went wrong."""


class Part(Protocol):
    """Something of an upper floor that lives as long as the daemon does with one configuration."""

    def start(self) -> None:
        """Begin. Raises :class:`~subtitled.plugin.Problem`, and the daemon goes on without it."""

    def stop(self) -> None:
        """End within seconds; called whether it began or not."""


MakePart = Callable[[Configuration, Ledger, Vitals], Part | None]
"""What makes the part of a life from its configuration, if that has it."""


class Daemon(Life):
    """One life of it."""

    def __init__(
        self,
        configuration: Configuration,
        ledger: Ledger,
        systemd: Systemd,
        tally: Tally,
        web: MakePart | None = None,
    ) -> None:
        super().__init__(systemd)
        self._configuration = configuration
        self._ledger = ledger
        self._seen = ("", "")
        self._libraries = configuration.settings.libraries
        self._intake = Intake(ledger, self._libraries)
        self._workplace = Workplace(
            configuration, ledger, tally, on_watching=self._somebody_watches
        )
        self._working = self._workplace.working
        self._jobs = Jobs(self._working)
        self._teller = Teller(configuration, ledger)
        self._notifying = self._working.outcomes.notifying
        self._schedule = Schedule(len(self._libraries))
        self._watch = Watch(self._libraries, self._changed, self._walk_soon)
        self._walks_wanted: set[str] = set()
        self._taking: dict[str, Taking] = {}
        asking = Asking(configuration, ledger.mailbox)
        self._requests = Requests(
            ledger=ledger,
            libraries=self._libraries,
            jobs=self._jobs,
            taking=self._taking,
            asking=asking,
            walk_soon=self._walk_soon,
        )
        for name in self._libraries:
            self._taking[name] = Taking(
                name, ledger, self._intake, self._jobs.plan, self._requests.looked
            )
        self._vitals = Vitals(
            configuration,
            ledger,
            tally,
            jobs=lambda: len(self._working.in_work),
            away=lambda: self._intake.absence.away,
        )
        self._web = web(configuration, ledger, self._vitals) if web is not None else None

    def begin(self) -> None:
        for name, library in self._libraries.items():
            _log.info("library %s: %s", name, library.path)
            self._schedule.walks(name, self._rescan, self._walk)
            self._schedule.watchers(name, self._look_after_watcher)
        for broken in self._configuration.broken:
            _log.error("%s", broken)
        self._schedule.daily(self._tidy)
        self._workplace.start()
        self._teller.start()
        self._notifying.start()
        self._jobs.start()
        for taking in self._taking.values():
            taking.start()
        self._schedule.start()
        if self._web is not None:
            try:
                self._web.start()
            except Problem as problem:
                _log.error("%s", problem)  # what the daemon is for goes on without it

    def turn(self) -> None:
        self._vitals.beat()
        if self._schedule.mind_the_clock():
            _log.warning("the clock was set; everything is looked at anew")
        closed = self._working.door.for_all()
        seen = (self._ledger.mailbox.data_version(), closed.why if closed else "")
        if seen != self._seen:
            self._requests.take()
            self._notifying.look()  # a worker may have written down what they are to be told
            self.systemd.status(self._status())
            self._seen = seen
        self._jobs.take_up_lost()
        self._workplace.turn()

    @property
    def _rescan(self) -> float:
        return self._configuration.settings.daemon.rescan

    def _changed(self, path: Path) -> None:
        name = library_of(path, self._libraries)
        if name is not None:
            self._taking[name].told(path)

    def _walk_soon(self, library: str) -> None:
        """Have a library walked now, or once more when the walk under way has ended."""
        self._walks_wanted.add(library)
        self._schedule.walk_in(library, 0.0)

    def _walk(self, library: str) -> None:
        wanted = library in self._walks_wanted
        self._walks_wanted.discard(library)
        begin = time.monotonic()
        try:
            report = self._intake.scan(library)
        except Exception:  # noqa: BLE001 - logged
            if not self.ending:
                _log.exception("library %s: the walk is begun again in a while", library)
                self._schedule.walk_in(library, AFTER_ERROR)
            return
        took = time.monotonic() - begin
        if self.ending:
            return
        # A polled library is walked each minute, mostly for nothing.
        telling = wanted or report.new or report.changed or report.gone
        level = logging.INFO if telling else logging.DEBUG
        _log.log(level, "walked %s in %.1f s: %s", library, took, report)
        self._taking[library].wake()
        wait = self._watch.next_walk(library, took, self._rescan)
        if library in self._walks_wanted:
            wait = took  # once more, but not without a pause where events are lost all the time
        self._schedule.walk_in(library, max(1.0, wait))
        if wait >= RARE:
            self._ledger.mailbox.control(f"{NEXT_WALK}{library}", f"{time.time() + wait:.0f}")

    def _look_after_watcher(self, library: str) -> None:
        if self._watch.supervise(library):
            self._walk_soon(library)
            self._ledger.mailbox.control(f"{WATCHING}{library}", self._watch.said(library))

    def _tidy(self) -> None:
        before = time.time() - KEEP_ENDED
        number = self._jobs.queue.clear_out(int(before * 1000))
        _log.info("forgot %d jobs that ended long ago", number)
        forget_gone(self._configuration, self._ledger, before)

    def _somebody_watches(self, paths: Sequence[Path]) -> None:
        """What somebody watches and still waits for its subtitles comes before what nobody does."""
        for path in paths:
            record = self._ledger.get(path)
            if record is not None and record.state in _WAITS:
                self._ledger.mailbox.request("watched", path)

    def _status(self) -> str:
        counts = self._ledger.counts()
        working = next(iter(self._ledger.in_state(FileState.WORKING)), None)
        waiting = sum(counts.get(state, 0) for state in _WAITS)
        if waiting and (closed := self._working.door.for_all()) is not None:
            return f"{closed.why[0].upper()}{closed.why[1:]}; {waiting} waiting"
        if working is not None:
            name = os.fsencode(working.path.name).decode("utf-8", "replace")
            return f"{name}: {working.progress or 'starting'}; {waiting} waiting"
        return f"Idle; {waiting} waiting" if waiting else "Idle"

    def end_all(self) -> None:
        if self._web is not None:
            self._web.stop()
        for taking in self._taking.values():
            taking.end()
        self._intake.stop()
        self._schedule.stop()
        self._watch.stop()
        self._teller.stop()
        self._notifying.stop()
        self._workplace.stop()
