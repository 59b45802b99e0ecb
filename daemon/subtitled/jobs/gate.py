"""Pauses that a person asked for: of everything or of one library, for good or for a while.

They are controls in the ledger, so a restart keeps them.

May a job be worked on now? Every rule is asked here, and each says no in one sentence.

Letting jobs begin and go on: they wait at the door, or are set aside for others.
"""

from __future__ import annotations

import logging
import shlex
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.config.settings import AppSettings
from subtitled.db.database import Database
from subtitled.db.kv import PAUSED_KEY, PAUSED_LIBRARY_KEY, KeyValueStore
from subtitled.db.records import ACTIVE_STATES, FileRecord, FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.media.ffmpeg import ShutdownRequested

from .results import display_path
from .throttle_state import RemoteThrottles, ThrottleRegistry
from .working_hours import Schedule, WorkingHours

_BY_HAND = "by hand"
_UNTIL = "until "


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause: of a library, or of everything (``""``); until when, or until it is ended."""

    library: str
    until: float | None = None


def pause(kv: KeyValueStore, library: str = "", until: float | None = None) -> None:
    """Halt the work, until a time (seconds since 1970) if one is given."""
    kv.set(_pause_key(library), _BY_HAND if until is None else f"{_UNTIL}{until:.0f}")


def resume(kv: KeyValueStore, library: str = "") -> None:
    """End the pause of a library, or the one of everything."""
    kv.set(_pause_key(library), None)


def active_pauses(kv: KeyValueStore, now: float) -> list[Pause]:
    """The pauses in force, that of everything first. One whose time is over is none."""
    active = []
    for key, value in sorted(kv.get_prefix(PAUSED_KEY).items()):
        until = float(value.removeprefix(_UNTIL)) if value.startswith(_UNTIL) else None
        if until is None or until > now:
            active.append(
                Pause(key.removeprefix(PAUSED_LIBRARY_KEY) if key != PAUSED_KEY else "", until)
            )
    return active


def resume_command(library: str) -> str:
    """The command that ends the pause of a library, or the one of everything."""
    return "subtitled queue resume" + (f" --library {shlex.quote(library)}" if library else "")


def _pause_key(library: str) -> str:
    return f"{PAUSED_LIBRARY_KEY}{library}" if library else PAUSED_KEY


BYTES_PER_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why a job waits, and until when if that is known (seconds since 1970).

    ``is_for_all_jobs``: everything waits, so the job stays where it is. Else others may go ahead,
    and it is set aside.
    """

    reason: str
    until: float | None
    is_for_all_jobs: bool


class DeferJob(BaseException):
    """A job leaves its place to others until its time comes. No error: nobody catches it as one."""

    def __init__(self, blocked: Blocked) -> None:
        super().__init__(blocked.reason)
        self.blocked = blocked


class WorkGate:
    """The rules of one configuration."""

    def __init__(
        self,
        settings: AppSettings,
        state: Path,
        kv: KeyValueStore,
        throttles: ThrottleRegistry | RemoteThrottles,
        breakers: CircuitBreakers,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._state = state
        self._kv = kv
        self._throttles = throttles
        self._breakers = breakers
        self._now = now
        self.schedule = Schedule(settings.schedule)

    def blocked_for_all(self) -> Blocked | None:
        """Why no job at all may be worked on, or None."""
        return next(self._check_all(), None)

    def blocked_for_library(self, library: str) -> Blocked | None:
        """Why nothing of a library may be worked on, though other libraries may."""
        return next(self._check_library(library), None)

    def blocked_for_engine(self, engine: str) -> Blocked | None:
        """Why an engine may not be asked, or None."""
        return next(self._check_engine(engine), None)

    def blocked_for_job(self, library: str, engines: Sequence[str]) -> Blocked | None:
        """Why a job of a library may not be worked on, or None. Any one of the engines, of those
        that it may use, is enough; without any it needs none."""
        closed = self.blocked_for_all() or self.blocked_for_library(library)
        if closed is not None:
            return closed
        blocked_engines = [self.blocked_for_engine(name) for name in engines]
        blocking = [closed for closed in blocked_engines if closed is not None]
        if not blocking or len(blocking) < len(blocked_engines):
            return None
        return min(blocking, key=lambda closed: closed.until or float("inf"))

    def disk_space(self, library: str) -> Blocked | None:
        """Why there is too little room to begin. Looks at the library: its disk may hang."""
        neighbour = self._settings.throttle
        for what, folder, least in (
            ("the state folder", self._state, neighbour.min_free_state_mb),
            (
                f"library {library}",
                self._settings.libraries[library].path,
                neighbour.min_free_library_mb,
            ),
        ):
            if least and (free := shutil.disk_usage(folder).free // BYTES_PER_MB) < least:
                reason = f"the disk of {what} has {free} MB free, fewer than {least}"
                return Blocked(reason, self._now() + 300.0, is_for_all_jobs=False)
        return None

    def _check_all(self) -> Iterator[Blocked]:
        now = self._now()
        for pause in active_pauses(self._kv, now):
            if not pause.library:
                yield Blocked(self._describe_pause(pause), pause.until, is_for_all_jobs=True)
        if (reason := self._throttles.first_reason()) is not None:
            yield Blocked(reason, None, is_for_all_jobs=True)
        yield from self._check_working_hours(
            "work", self.schedule.global_hours, is_for_all_jobs=True
        )

    def _check_library(self, library: str) -> Iterator[Blocked]:
        for pause in active_pauses(self._kv, self._now()):
            if pause.library == library:
                yield Blocked(self._describe_pause(pause), pause.until, is_for_all_jobs=False)
        hours = self.schedule.libraries.get(library)
        if hours is not None:
            yield from self._check_working_hours(f"library {library}", hours, is_for_all_jobs=False)

    def _check_engine(self, engine: str) -> Iterator[Blocked]:
        hours = self.schedule.engines.get(engine)
        if hours is not None:
            yield from self._check_working_hours(f"engine {engine}", hours, is_for_all_jobs=False)
        breaker = self._breakers.state_of(engine)
        if breaker.open_until > self._now():
            reason = (
                f"engine {engine} failed {breaker.failures} times in a row ({breaker.reason}); "
                f"it is tried again at {self._format_time(breaker.open_until)}, or now with: "
                f"subtitled engine reset {engine}"
            )
            yield Blocked(reason, breaker.open_until, is_for_all_jobs=False)

    def _check_working_hours(
        self, subject: str, hours: WorkingHours, *, is_for_all_jobs: bool
    ) -> Iterator[Blocked]:
        now = self._now()
        if hours.is_open_at(now):
            return
        until = hours.next_change(now)
        goes_on = (
            f"until {self._format_time(until)}" if until is not None else "for more than a year"
        )
        yield Blocked(f"the hours of {subject} are over {goes_on}", until, is_for_all_jobs)

    def _describe_pause(self, pause: Pause) -> str:
        subject = f"library {pause.library} is paused" if pause.library else "paused"
        until = f" until {self._format_time(pause.until)}" if pause.until is not None else ""
        return f"{subject}{until}; go on with: {resume_command(pause.library)}"

    def _format_time(self, timestamp: float) -> str:
        return self.schedule.format_time(timestamp, self._now())


_log = logging.getLogger(__name__)

SAME_CONTENT_WAIT_SECONDS = 120.0
"""Seconds before another look at whether another process has done with the same content."""


class JobGate:
    """One door, and what becomes of jobs that find it closed."""

    def __init__(self, door: WorkGate, db: Database, worker: str) -> None:
        """``worker`` is the name of this process."""
        self._gate = door
        self._db = db
        self._worker = worker
        self._stopping = threading.Event()

    def close(self) -> None:
        """Have every job that waits leave with :class:`ShutdownRequested`."""
        self._stopping.set()

    def claim_when_open(self, record: FileRecord, engines: Sequence[str]) -> FileRecord:
        """Wait until a job may be begun that may use any of some engines, and say that it is; the
        file as it is then.

        Raises :class:`DeferJob` while another process hears the same content: once is enough.
        """
        self.wait_until_open(record, *engines)
        if (closed := self._gate.disk_space(record.library)) is not None:
            raise DeferJob(closed)
        twin = self._db.files.claim(record, self._worker)
        if twin is not None:
            reason = f"{twin.worker} works on the same content, {display_path(twin.path)}"
            raise DeferJob(
                Blocked(reason, time.time() + SAME_CONTENT_WAIT_SECONDS, is_for_all_jobs=False)
            )
        return replace(record, state=FileState.WORKING, worker=self._worker)

    def wait_until_open(self, record: FileRecord, *engines: str) -> None:
        """Wait here while all work waits; leave when the daemon stops.

        Raises :class:`DeferJob` where only this library waits, or all of these engines do.
        """
        engine_names = [engine for engine in engines if engine]
        while not self._stopping.is_set():
            closed = self._gate.blocked_for_job(record.library, engine_names)
            if closed is None:
                return
            if not closed.is_for_all_jobs:
                raise DeferJob(closed)
            # The ledger is asked, not the queue: what a workflow asks that is a step of its own.
            now = self._db.get_by_id(record.id)
            if now is None or now.job_id != record.job_id:
                return  # cancelled, or given to another job: the next step says so
            self._stopping.wait(1.0)
        raise ShutdownRequested

    def defer(self, record: FileRecord, blocked: Blocked) -> None:
        """Let others go ahead; what was recognised is kept, and no attempt is counted."""
        if record.reason != blocked.reason:
            _log.info("%s deferred: %s", display_path(record.path), blocked.reason)
        self._db.set_state(
            record.id,
            FileState.WAITING,
            expected_job=record if record.state in ACTIVE_STATES else None,
            reason=blocked.reason,
            next_check_at=blocked.until,
            job_id=None,
        )
