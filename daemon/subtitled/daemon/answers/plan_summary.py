"""What ``plan --summary`` says: what is still to be made, by library, language and year.

It is what the daemon found when it examined the files. No file is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subtitled.config.library_settings import ORIGINAL
from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.db.wanted import ExaminedCount, WantedCount
from subtitled.jobs.prediction import NO_WORK, WorkRange

from ..benchmark.reading import read_benchmarks
from .backlog_work import expected_ways, measure_speeds, predict_backlog
from .plain import to_plain

FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryPlan:
    """What is to be made in one library."""

    library: str
    files: int
    """How many files it has."""
    examined: int
    """Of how many it is known what they have and need."""
    lacking: int
    """How many of those lack something."""
    seconds: float
    """The length of those, as far as it is known."""
    unknown: int
    """Of how many of those the length is not known."""
    work: WorkRange | None
    """Seconds of work of one process; None if that is not known yet."""
    basis: str
    """What the prediction is by, or why there is none."""


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What is still to be made."""

    libraries: tuple[LibraryPlan, ...]
    wanted: tuple[WantedCount, ...]
    """By library, language and year."""

    @property
    def files(self) -> int:
        """How many files are known."""
        return sum(one.files for one in self.libraries)

    @property
    def lacking(self) -> int:
        """How many of them lack something."""
        return sum(one.lacking for one in self.libraries)

    @property
    def unexamined(self) -> int:
        """Of how many it is not known yet what they have and need."""
        return sum(one.files - one.examined for one in self.libraries)

    @property
    def seconds(self) -> float:
        """The length of the files that lack something, as far as it is known."""
        return sum(one.seconds for one in self.libraries)

    @property
    def work(self) -> WorkRange | None:
        """Seconds of work of one process; None if that is not known yet."""
        total = NO_WORK
        for one in self.libraries:
            if one.work is None:
                return None
            total += one.work
        return total

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON has it."""
        return {
            "files": self.files,
            "unexamined": self.unexamined,
            "lacking": self.lacking,
            "hours": round(self.seconds / 3600, 3),
            "work_seconds": to_plain(self.work),
            "libraries": [
                {
                    "library": one.library,
                    "files": one.files,
                    "examined": one.examined,
                    "lacking": one.lacking,
                    "hours": round(one.seconds / 3600, 3),
                    "unknown_lengths": one.unknown,
                    "work_seconds": to_plain(one.work),
                    "basis": one.basis,
                }
                for one in self.libraries
            ],
            "wanted": [
                {
                    "library": one.library,
                    "requirement": describe_wanted(one),
                    "language": one.language,
                    "kind": one.kind,
                    "year": one.year,
                    "files": one.files,
                    "hours": round(one.seconds / 3600, 3),
                    "unknown_lengths": one.files - one.with_duration,
                }
                for one in self.wanted
            ],
        }


def summarise_plan(
    configuration: Configuration, db: Database, folders: Sequence[Path] = ()
) -> PlanSummary:
    """Return what is still to be made.

    Args:
        configuration: The configuration.
        db: The database.
        folders: Only files there; by default all.
    """
    libraries = configuration.settings.libraries
    runs = db.job_runs.newest()
    speeds = measure_speeds(runs, read_benchmarks(configuration, db))

    def describe(count: ExaminedCount) -> LibraryPlan:
        ways = expected_ways(configuration, count.library, runs, speeds)
        prediction = predict_backlog(ways, count.lacking, count.with_duration, count.seconds)
        return LibraryPlan(
            library=count.library,
            files=count.files,
            examined=count.examined,
            lacking=count.lacking,
            seconds=count.seconds,
            unknown=count.lacking - count.with_duration,
            work=prediction.work,
            basis=prediction.basis,
        )

    counts = [count for count in db.wanted.count_files(folders) if count.library in libraries]
    wanted = [one for one in db.wanted.count(folders) if one.library in libraries]
    return PlanSummary(tuple(map(describe, counts)), tuple(wanted))


def describe_wanted(count: WantedCount) -> str:
    """Name a requirement for people: ``es``, ``en.forced``, ``en+es``, ``summary en``."""
    language = count.language or ORIGINAL
    if count.kind == "summary":
        return f"summary {language}"
    kind = "" if count.kind == FULL else f".{count.kind}"
    second = f"+{count.secondary}" if count.secondary else ""
    return f"{language}{kind}{second}"
