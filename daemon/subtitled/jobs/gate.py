"""The gate of all work: pauses, working hours, throttles, circuit breakers and disk space.

:class:`WorkGate` says why a job may not run now. :class:`JobGate` makes jobs wait or defers them.
Pauses are stored in the database, so a restart keeps them.
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
from subtitled.plugin.paths import display_path

from .throttle_state import RemoteThrottles, ThrottleRegistry
from .working_hours import Schedule, WorkingHours

_BY_HAND = "by hand"
_UNTIL = "until "


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of one library, or of everything (``""``), until a time or until it is resumed."""

    library: str
    until: float | None = None


def pause(kv: KeyValueStore, library: str = "", until: float | None = None) -> None:
    """Pause a library, or everything (``""``).

    Args:
        kv: The store of control values.
        library: The name of a library, or "".
        until: Seconds since 1970 at which the pause ends by itself; None: it does not.
    """
    kv.set(_pause_key(library), _BY_HAND if until is None else f"{_UNTIL}{until:.0f}")


def resume(kv: KeyValueStore, library: str = "") -> None:
    """End the pause of a library, or that of everything (``""``)."""
    kv.set(_pause_key(library), None)


def active_pauses(kv: KeyValueStore, now: float) -> list[Pause]:
    """Return the pauses in force, that of everything first. Expired ones are left out."""
    active = []
    for key, value in sorted(kv.get_prefix(PAUSED_KEY).items()):
        until = float(value.removeprefix(_UNTIL)) if value.startswith(_UNTIL) else None
        if until is None or until > now:
            active.append(
                Pause(key.removeprefix(PAUSED_LIBRARY_KEY) if key != PAUSED_KEY else "", until)
            )
    return active


def resume_command(library: str) -> str:
    """Return the command line that ends a pause."""
    return "subtitled queue resume" + (f" --library {shlex.quote(library)}" if library else "")


def _pause_key(library: str) -> str:
    return f"{PAUSED_LIBRARY_KEY}{library}" if library else PAUSED_KEY


BYTES_PER_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why a job may not run, and until when if that is known (seconds since 1970).

    ``is_for_all_jobs``: no job may run, so this one keeps its place. Otherwise the job is deferred
    and others may run first.
    """

    reason: str
    until: float | None
    is_for_all_jobs: bool


class DeferJob(BaseException):
    """A job gives its place to others. It is no error, so no handler of errors catches it."""

    def __init__(self, blocked: Blocked) -> None:
        super().__init__(blocked.reason)
        self.blocked = blocked


class WorkGate:
    """The rules by which work is allowed under one configuration."""

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
        """Return why no job may run, or None. Files that are being watched may be exempt."""
        return next(self._check_all(), None)

    def watched_files(self) -> list[Path]:
        """Return the files that may be worked on although others may not: those being watched."""
        exempt_paths = sorted(self._throttles.exempt_paths())
        return [path for path in exempt_paths if next(self._check_all(path), None) is None]

    def blocked_for_library(self, library: str) -> Blocked | None:
        """Return why no job of a library may run although those of others may, or None."""
        return next(self._check_library(library), None)

    def blocked_for_engine(self, engine: str) -> Blocked | None:
        """Return why an engine may not be called, or None."""
        return next(self._check_engine(engine), None)

    def blocked_for_job(
        self,
        library: str,
        engines: Sequence[str],
        media: Path | None = None,
        *,
        keeps_hours: bool = True,
    ) -> Blocked | None:
        """Return why a job may not run, or None.

        Args:
            library: The name of its library; "" if it has none.
            media: Its file. One that is being watched is not held by playback.
            engines: The engines it may use. One that may be called is enough; without any, none is
                needed.
            keeps_hours: Whether the working hours of everything concern it. Those of its engines
                always do.
        """
        blocked = next(self._check_all(media, keeps_hours=keeps_hours), None)
        blocked = blocked or self.blocked_for_library(library)
        if blocked is not None:
            return blocked
        blocked_engines = [self.blocked_for_engine(name) for name in engines]
        blocking = [blocked for blocked in blocked_engines if blocked is not None]
        if not blocking or len(blocking) < len(blocked_engines):
            return None
        return min(blocking, key=lambda blocked: blocked.until or float("inf"))

    def disk_space(self, library: str) -> Blocked | None:
        """Return why there is too little disk space to start a job, or None.

        This reads the file system of the library, which may hang.
        """
        throttle = self._settings.throttle
        for place, folder, min_free_mb in (
            ("the state folder", self._state, throttle.min_free_state_mb),
            (
                f"library {library}",
                self._settings.libraries[library].path,
                throttle.min_free_library_mb,
            ),
        ):
            if (
                min_free_mb
                and (free_mb := shutil.disk_usage(folder).free // BYTES_PER_MB) < min_free_mb
            ):
                reason = f"the disk of {place} has {free_mb} MB free, fewer than {min_free_mb}"
                return Blocked(reason, self._now() + 300.0, is_for_all_jobs=False)
        return None

    def _check_all(
        self, media: Path | None = None, *, keeps_hours: bool = True
    ) -> Iterator[Blocked]:
        now = self._now()
        for pause in active_pauses(self._kv, now):
            if not pause.library:
                yield Blocked(self._describe_pause(pause), pause.until, is_for_all_jobs=True)
        if (reason := self._throttles.first_reason(media)) is not None:
            yield Blocked(reason, None, is_for_all_jobs=True)
        if keeps_hours:
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
        duration = (
            f"until {self._format_time(until)}" if until is not None else "for more than a year"
        )
        yield Blocked(f"the hours of {subject} are over {duration}", until, is_for_all_jobs)

    def _describe_pause(self, pause: Pause) -> str:
        subject = f"library {pause.library} is paused" if pause.library else "paused"
        until = f" until {self._format_time(pause.until)}" if pause.until is not None else ""
        return f"{subject}{until}; resume with: {resume_command(pause.library)}"

    def _format_time(self, timestamp: float) -> str:
        return self.schedule.format_time(timestamp, self._now())


_log = logging.getLogger(__name__)

SAME_CONTENT_WAIT_SECONDS = 120.0
"""Seconds before a job checks again whether another process is done with its fingerprint."""
WATCHED_WAIT_SECONDS = 60.0
"""Seconds for which a job makes room for a file that is being watched."""


class JobGate:
    """The gate for the jobs of one process."""

    def __init__(self, gate: WorkGate, db: Database, worker: str) -> None:
        """Create the gate.

        Args:
            gate: The rules.
            db: The database.
            worker: The name of this process.
        """
        self._gate = gate
        self._db = db
        self._worker = worker
        self._stopping = threading.Event()

    def close(self) -> None:
        """Make every waiting job raise :class:`ShutdownRequested`."""
        self._stopping.set()

    def claim_when_open(self, record: FileRecord, engines: Sequence[str]) -> FileRecord:
        """Wait until a job may start, and mark its file as being worked on by this process.

        Args:
            record: The file of the job.
            engines: The engines that it may use.

        Returns:
            The file as it is then.

        Raises:
            DeferJob: The job has to wait for something that does not hold back other jobs, such as
                another process that transcribes the same fingerprint.
            ShutdownRequested: The process stops.
        """
        self.wait_until_open(record, *engines)
        if (blocked := self._gate.disk_space(record.library)) is not None:
            raise DeferJob(blocked)
        twin = self._db.files.claim(record, self._worker)
        if twin is not None:
            reason = (
                f"{twin.worker} works on a file with the same content, {display_path(twin.path)}"
            )
            raise DeferJob(
                Blocked(reason, time.time() + SAME_CONTENT_WAIT_SECONDS, is_for_all_jobs=False)
            )
        return replace(record, state=FileState.WORKING, worker=self._worker)

    def wait_until_open(self, record: FileRecord, *engines: str) -> None:
        """Wait for as long as no job may run.

        Raises:
            DeferJob: Only this library may not be worked on, none of the engines may be called, or
                a file that is being watched needs the place.
            ShutdownRequested: The process stops.
        """
        engine_names = [engine for engine in engines if engine]
        while not self._stopping.is_set():
            blocked = self._gate.blocked_for_job(record.library, engine_names, record.path)
            if blocked is None:
                return
            if not blocked.is_for_all_jobs:
                raise DeferJob(blocked)
            if self._is_watched_file_queued():
                until = time.time() + WATCHED_WAIT_SECONDS
                raise DeferJob(Blocked(blocked.reason, until, is_for_all_jobs=False))
            # The database is asked, not the queue: a query of the queue would become a step of the
            # workflow.
            current = self._db.files.get_by_id(record.id)
            if current is None or current.job_id != record.job_id:
                return  # Cancelled, or given to another job: the next step raises it.
            self._stopping.wait(1.0)
        raise ShutdownRequested

    def _is_watched_file_queued(self) -> bool:
        """Return whether a file that may run now waits for a process, such as this one."""
        watched = map(self._db.files.get, self._gate.watched_files())
        return any(record is not None and record.state is FileState.QUEUED for record in watched)

    def defer(self, record: FileRecord, blocked: Blocked) -> None:
        """Put a file aside until a time.

        What was transcribed is kept, and no attempt is counted.
        """
        if record.reason != blocked.reason:
            _log.info("%s deferred: %s", display_path(record.path), blocked.reason)
        self._db.states.set_state(
            record.id,
            FileState.WAITING,
            expected_job=record if record.state in ACTIVE_STATES else None,
            reason=blocked.reason,
            next_check_at=blocked.until,
            job_id=None,
        )
