"""How much work is left, how long it takes and when it is done, as far as that is known."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.jobs.prediction import NO_WORK, WorkRange
from subtitled.jobs.working_hours import Schedule, WorkingHours
from subtitled.jobs.working_time import find_end

from ..benchmark.reading import read_benchmarks
from ..lock import find_holder, find_workers
from .backlog_work import EngineSpeed, expected_ways, measure_speeds, predict_backlog
from .plain import to_plain

BACKLOG_STATES = frozenset(
    {FileState.WORKING, FileState.QUEUED, FileState.WAITING, FileState.RETRYING}
)
"""The states of files that something is made for."""
UNDECIDED_STATES = frozenset({FileState.STABILISING, FileState.GROWING})
"""The states of files of which it is not known yet whether anything is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DateRange:
    """When work is done (seconds since 1970). None: not within ten years."""

    low: float | None
    expected: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryBacklog:
    """The work that is left in one library."""

    library: str
    files: int
    """Files that something is made for."""
    sound_seconds: float
    """Their length, as far as it is known."""
    unknown_files: int
    """Those of them whose length is not known."""
    undecided_files: int
    """Files of which it is not known yet whether anything is made for them."""
    work: WorkRange | None
    """Seconds of work of one process; None if that is not known yet."""
    basis: str
    """What the prediction is by, or why there is none."""
    done_at: DateRange | None = None
    """None if it is not known yet, or nothing is left."""

    def to_dict(self) -> dict[str, Any]:
        """Return the backlog as JSON has it."""
        return {
            "library": self.library,
            "files": self.files,
            "sound_seconds": round(self.sound_seconds, 1),
            "unknown_files": self.unknown_files,
            "undecided_files": self.undecided_files,
            "work_seconds": to_plain(self.work),
            "done_at": to_plain(self.done_at),
            "basis": self.basis,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogAnswer:
    """How much work is left, and when it is done."""

    libraries: tuple[LibraryBacklog, ...]
    speeds: tuple[EngineSpeed, ...]
    processes: int
    """How many processes share the work."""
    done_at: DateRange | None
    """When all of it is done; None if that is not known yet, or nothing is left."""

    @property
    def files(self) -> int:
        """Files that something is made for."""
        return sum(library.files for library in self.libraries)

    @property
    def sound_seconds(self) -> float:
        """The length of those files, as far as it is known."""
        return sum(library.sound_seconds for library in self.libraries)

    @property
    def unknown_files(self) -> int:
        """Those of them whose length is not known."""
        return sum(library.unknown_files for library in self.libraries)

    @property
    def undecided_files(self) -> int:
        """Files of which it is not known yet whether anything is made for them."""
        return sum(library.undecided_files for library in self.libraries)

    @property
    def work(self) -> WorkRange | None:
        """Seconds until all of it is done if work never pauses; None if that is not known yet."""
        return total_work(self.libraries, self.processes)

    @property
    def basis(self) -> str:
        """What the prediction is by, or why there is none; "" if nothing is left."""
        unknown = [one for one in self.libraries if one.files and one.work is None]
        if unknown and len(self.libraries) > 1:
            return "; ".join(f"library {one.library}: {one.basis}" for one in unknown)
        left = unknown or [one for one in self.libraries if one.files]
        return "; ".join(dict.fromkeys(one.basis for one in left))

    def to_dict(self) -> dict[str, Any]:
        """Return the backlog as JSON has it."""
        return {
            "files": self.files,
            "sound_seconds": round(self.sound_seconds, 1),
            "unknown_files": self.unknown_files,
            "undecided_files": self.undecided_files,
            "processes": self.processes,
            "work_seconds": to_plain(self.work),
            "done_at": to_plain(self.done_at),
            "basis": self.basis,
            "libraries": [library.to_dict() for library in self.libraries],
            "speeds": [speed.to_dict() for speed in self.speeds],
        }


def total_work(libraries: Sequence[LibraryBacklog], processes: int) -> WorkRange | None:
    """Return the seconds that the work of libraries takes; None if that is not known of all."""
    total = NO_WORK
    for library in libraries:
        if library.work is None:
            return None
        total += library.work
    return total.scaled(1.0 / processes)


def describe_backlog(
    configuration: Configuration, db: Database, now: float | None = None
) -> BacklogAnswer:
    """Return how much work is left and when it is done. No file is read.

    Args:
        configuration: The configuration.
        db: The database.
        now: Seconds since 1970.
    """
    now = time.time() if now is None else now
    state_dir = resolve_state_dir(configuration.settings)
    has_daemon = find_holder(state_dir) is not None
    processes = max(1, has_daemon + len(find_workers(state_dir)))
    runs = db.job_runs.newest()
    speeds = measure_speeds(runs, read_benchmarks(configuration, db))
    counts = db.overview.count_states()
    libraries = []
    for name in configuration.settings.libraries:
        own = [count for count in counts if count.library == name]
        left = [count for count in own if count.state in BACKLOG_STATES]
        files = sum(count.files for count in left)
        known = sum(count.with_duration for count in left)
        seconds = sum(count.seconds for count in left)
        ways = expected_ways(configuration, name, runs, speeds)
        prediction = predict_backlog(ways, files, known, seconds)
        libraries.append(
            LibraryBacklog(
                library=name,
                files=files,
                sound_seconds=seconds,
                unknown_files=files - known,
                undecided_files=sum(one.files for one in own if one.state in UNDECIDED_STATES),
                work=prediction.work,
                basis=prediction.basis,
            )
        )
    schedule = Schedule(configuration.settings.schedule)
    total = total_work(libraries, processes)
    if total is None or not any(library.files for library in libraries):
        dated, done_at = tuple(libraries), None
    else:
        dated = tuple(_with_dates(one, total, schedule, now, processes) for one in libraries)
        all_work = _dates([schedule.global_hours], now, total, total)
        done_at = _last_of([all_work, *(one.done_at for one in dated if one.done_at is not None)])
    return BacklogAnswer(
        libraries=dated, speeds=tuple(speeds.values()), processes=processes, done_at=done_at
    )


def _with_dates(
    library: LibraryBacklog, total: WorkRange, schedule: Schedule, now: float, processes: int
) -> LibraryBacklog:
    """Say when a library is done: when all work is, and earlier if it goes first."""
    if library.work is None or not library.files:
        return library
    hours = [schedule.global_hours]
    if library.library in schedule.libraries:
        hours.append(schedule.libraries[library.library])
    first = library.work.scaled(1.0 / processes)
    return replace(library, done_at=_dates(hours, now, first, total))


def _dates(
    hours: Sequence[WorkingHours], now: float, at_least: WorkRange, total: WorkRange
) -> DateRange:
    return DateRange(
        low=find_end(hours, now, at_least.low),
        expected=find_end(hours, now, total.expected),
        high=find_end(hours, now, total.high),
    )


def _last_of(dates: Sequence[DateRange]) -> DateRange:
    return DateRange(
        low=_last([date.low for date in dates]),
        expected=_last([date.expected for date in dates]),
        high=_last([date.high for date in dates]),
    )


def _last(times: Sequence[float | None]) -> float | None:
    known = [at for at in times if at is not None]
    return max(known) if len(known) == len(times) else None
