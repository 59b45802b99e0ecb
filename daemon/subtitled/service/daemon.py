"""The daemon: it watches, plans, works and tells, until it is asked to stop."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Protocol

from sqlalchemy.exc import OperationalError

from subtitled.config.load import Configuration, ConfigurationError, load
from subtitled.config.places import ensure_private, state_dir
from subtitled.library.intake import Intake, library_of
from subtitled.library.ledger import Ledger
from subtitled.library.mailbox import LOOK, PLAYING, WATCHING, AskedFor
from subtitled.library.records import DECIDED, URGENT, WATCHED, FileState
from subtitled.library.watch import Watch
from subtitled.plugin import Problem
from subtitled.work.halts import Halts
from subtitled.work.jobs import Jobs
from subtitled.work.workshop import open_ledger, set_up

from .asking import Asking
from .lock import StateLock
from .neighbour import Neighbour
from .outlook import NEXT_WALK
from .schedule import Schedule
from .systemd import Systemd
from .taking import Taking

_log = logging.getLogger(__name__)

_WAITS = (FileState.QUEUED, FileState.SETTLING, FileState.GROWING, FileState.WAITING)
"""States of files that are to be worked on."""
KEEP_ENDED_JOBS = 7 * 24 * 3600.0
"""Seconds for which the workflow database remembers a job that has ended."""
_PRIORITIES = {"first": URGENT, PLAYING: URGENT, "watched": WATCHED}
"""Of files that somebody waits for, by the kind of request."""
RARE = 600.0
"""Seconds between two walks from which on it is written down when the next one is: what happens
each minute need not be written each minute."""
_TAKEN = frozenset({LOOK, "retry", *_PRIORITIES})
"""Kinds of request about paths that may not be known yet, or are just being planned."""
AFTER_ERROR = 60.0
"""Seconds after a walk that went wrong."""


class Part(Protocol):
    """Something of an upper floor that lives as long as the daemon does with one configuration."""

    def start(self) -> None:
        """Begin. Raises :class:`~subtitled.plugin.Problem`, and the daemon goes on without it."""

    def stop(self) -> None:
        """End within seconds; called whether it began or not."""


Parts = Callable[[Configuration, Ledger], Sequence[Part]]
"""What makes the parts of a life from its configuration."""


class Daemon:
    """One life with one configuration; :func:`run` begins a new one on reload."""

    def __init__(
        self,
        configuration: Configuration,
        ledger: Ledger,
        systemd: Systemd,
        parts: Sequence[Part] = (),
    ) -> None:
        settings = configuration.settings
        self._configuration = configuration
        self._ledger = ledger
        self._systemd = systemd
        self._parts = parts
        self._wake = threading.Event()
        self._ending = ""
        self._seen: tuple[int, str] = (-1, "")
        self._unwritable = False
        self._libraries = settings.libraries
        self._intake = Intake(ledger, self._libraries)
        shop = set_up(configuration, ledger)
        halts = Halts(ledger.mailbox)
        self._jobs = Jobs(shop, ensure_private(state_dir(settings)) / "work.sqlite", halts)
        self._neighbour = Neighbour(
            *(settings.neighbour, configuration.servers, halts, shop.engines),
            busy=lambda: self._jobs.busy,
            on_watching=self._somebody_watches,
        )
        self._schedule = Schedule(len(self._libraries))
        self._watch = Watch(self._libraries, self._changed, self._walk_soon)
        self._walks_wanted: set[str] = set()
        self._taking = {
            name: Taking(name, ledger, self._intake, self._jobs.plan, self._looked)
            for name in self._libraries
        }
        self._asking = Asking(configuration, ledger.mailbox)
        self._taken = 0
        """The number of the last request that was done or handed on."""

    def end(self, why: str) -> None:
        """Ask for the end of this life: ``stop`` or ``reload``."""
        self._ending = why
        self._wake.set()

    def live(self) -> str:
        """Work until asked to end; the reason for the end.

        This thread looks at no library: one that hangs may not keep the watchdog hungry.
        """
        for name, library in self._libraries.items():
            _log.info("library %s: %s", name, library.path)
            self._schedule.walks(name, self._rescan, self._walk)
            self._schedule.watchers(name, self._look_after_watcher)
        for broken in self._configuration.broken:
            _log.error("%s", broken)
        self._schedule.daily(self._tidy)
        self._neighbour.start()
        self._jobs.start()
        for taking in self._taking.values():
            taking.start()
        self._schedule.start()
        for part in self._parts:
            try:
                part.start()
            except Problem as problem:
                _log.error("%s", problem)  # what the daemon is for goes on without it
        self._systemd.ready()
        try:
            while not self._ending:
                self._turn()
                self._systemd.alive()
                if self._schedule.mind_the_clock():
                    _log.warning("the clock was set; everything is looked at anew")
                self._wake.wait(1.0)
                self._wake.clear()
        finally:
            self._end_all()
        return self._ending

    def _turn(self) -> None:
        """Look once at everything. A state folder that cannot be written to is waited for."""
        try:
            closed = self._jobs.door.for_all()
            seen = (self._ledger.mailbox.data_version(), closed.why if closed else "")
            if seen != self._seen:
                self._take_requests()
                self._systemd.status(self._status())
                self._seen = seen
            self._jobs.take_up_lost()
        except OperationalError as error:
            if not self._unwritable:
                _log.error(
                    "the state folder cannot be written to (%s): make room there", error.orig
                )
            self._unwritable = True
        else:
            self._unwritable = False

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
            if not self._ending:
                _log.exception("library %s: the walk is begun again in a while", library)
                self._schedule.walk_in(library, AFTER_ERROR)
            return
        took = time.monotonic() - begin
        if self._ending:
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
        before = int((time.time() - KEEP_ENDED_JOBS) * 1000)
        _log.info("forgot %d jobs that ended long ago", self._jobs.queue.clear_out(before))

    def _take_requests(self) -> None:
        mailbox = self._ledger.mailbox
        for request in mailbox.waiting(after=self._taken):
            if not self._hand_on(request):
                self._answer(request)
                mailbox.done([request.id])
            self._taken = request.id

    def _hand_on(self, request: AskedFor) -> bool:
        """Whether somebody else does it, who may take long over it, and says when it is done."""
        path = request.path
        if request.kind == PLAYING and path is None:
            self._asking.ask(request)
            return True
        name = library_of(path, self._libraries) if path is not None else None
        if name is None or request.kind not in _TAKEN:
            return False
        self._taking[name].asked(request)
        return True

    def _looked(self, asked: Sequence[AskedFor]) -> None:
        """Paths were looked at: what lies there, if anything does, is known now."""
        for request in asked:
            self._answer(request)
        self._ledger.mailbox.done(request.id for request in asked)

    def _answer(self, request: AskedFor) -> None:
        if request.kind == "scan":
            self._walk_now(request.path)
            return
        if request.kind == "wake":
            self._ledger.wake()
            for taking in self._taking.values():
                taking.wake()
            return
        record = self._ledger.get(request.path) if request.path else None
        if record is None:
            return
        if request.kind == "cancel":
            self._jobs.cancel(record)
        elif request.kind == "retry":
            self._jobs.again(record)
        elif request.kind in _PRIORITIES and not (
            # To watch a film is no wish to have made what could not be made.
            request.kind == PLAYING and record.state in DECIDED
        ):
            self._jobs.hurry(record, _PRIORITIES[request.kind])
        if record.library in self._taking:
            self._taking[record.library].wake()

    def _walk_now(self, path: Path | None) -> None:
        """Walk the libraries that a path lies in or above; all without a path."""
        for name, library in self._libraries.items():
            root = library.path
            if path is None or path.is_relative_to(root) or root.is_relative_to(path):
                self._walk_soon(name)

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
        if waiting and (closed := self._jobs.door.for_all()) is not None:
            return f"{closed.why[0].upper()}{closed.why[1:]}; {waiting} waiting"
        if working is not None:
            name = os.fsencode(working.path.name).decode("utf-8", "replace")
            return f"{name}: {working.progress or 'starting'}; {waiting} waiting"
        return f"Idle; {waiting} waiting" if waiting else "Idle"

    def _end_all(self) -> None:
        self._neighbour.end()
        for part in self._parts:
            part.stop()
        for taking in self._taking.values():
            taking.end()
        self._intake.stop()
        self._schedule.stop()
        self._watch.stop()
        self._jobs.stop()


def run(
    path: Path | None, configuration: Configuration, parts: Parts = lambda configuration, ledger: ()
) -> None:
    """Be the daemon until SIGTERM or SIGINT; SIGHUP reads the configuration again.

    Raises :class:`~subtitled.plugin.Misconfigured` when another daemon holds the state folder.
    """
    systemd = Systemd()
    state = ensure_private(state_dir(configuration.settings))
    lock = StateLock(state)
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
        life[:] = [Daemon(configuration, ledger, systemd, parts(configuration, ledger))]
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
