"""What ``plan`` says: what would be made for each media file, and what it would cost."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.library.paths import describe_failure
from subtitled.library.scanner import scan
from subtitled.pipeline.decision_digests import settings_digest
from subtitled.pipeline.planning import MediaReport
from subtitled.plugin import Language, SubtitledError, SubtitleKind
from subtitled.policy.requirements import Requirement
from subtitled.routing.cost_estimate import NO_COST, CostEstimate, engine_speeds, estimate
from subtitled.routing.production_plan import TargetPlan, plan_target, transcription_segments
from subtitled.routing.table import Route

from ..inspection import describe_requirement, inspect_file, library_for
from .plain import to_plain

_DECIDED_STATES = frozenset({FileState.DONE, FileState.UP_TO_DATE, FileState.NO_SPEECH})
"""States of files that need nothing while the file and the settings are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """What would be made for one media file."""

    path: Path
    requirements: tuple[str, ...] = ()
    only_if_spoken: tuple[str, ...] = ()
    """Languages that nothing makes, unless the film turns out to be in them."""
    reasons: str = ""
    error: str = ""
    seconds: float = 0.0
    cost: CostEstimate = NO_COST
    is_decided: bool = False
    """Whether the daemon is done with it, so that it was not probed."""

    def to_dict(self) -> dict[str, Any]:
        """Return the file as JSON has it."""
        return {
            "path": to_plain(self.path),
            "requirements": list(self.requirements),
            "only_if_spoken": list(self.only_if_spoken),
            "reasons": self.reasons,
            "error": self.error,
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class RequirementTotal:
    """How many files need one subtitle or summary."""

    files: int
    hours: float
    """Hours of audio."""


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """What would be made for some media files."""

    rows: tuple[PlanRow, ...]

    @property
    def cost(self) -> CostEstimate:
        """What all of it costs at most."""
        return sum((row.cost for row in self.rows), NO_COST)

    @property
    def audio_hours(self) -> float:
        """Hours of audio of the files that need something."""
        return _audio_hours(self.rows)

    @property
    def decided(self) -> int:
        """The number of files that the daemon is done with."""
        return sum(row.is_decided for row in self.rows)

    @property
    def errors(self) -> int:
        """The number of files that cannot be read."""
        return sum(bool(row.error) for row in self.rows)

    @property
    def requirements(self) -> dict[str, RequirementTotal]:
        """How many files need what, by its name."""
        by_requirement: dict[str, list[PlanRow]] = {}
        for row in self.rows:
            for name in row.requirements:
                by_requirement.setdefault(name, []).append(row)
        return {
            name: RequirementTotal(len(rows), _audio_hours(rows))
            for name, rows in sorted(by_requirement.items())
        }

    @property
    def only_if_spoken(self) -> dict[str, int]:
        """The number of files by a language that nothing makes, unless it is the one spoken."""
        return dict(
            sorted(Counter(name for row in self.rows for name in row.only_if_spoken).items())
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the files and the totals as JSON has them."""
        return {"files": [row.to_dict() for row in self.rows]} | self._totals()

    def summary_to_dict(self) -> dict[str, Any]:
        """Return only totals as JSON has them."""
        return {
            "files": len(self.rows),
            "decided": self.decided,
            "errors": self.errors,
            "requirements": {
                name: {"files": total.files, "hours": round(total.hours, 3)}
                for name, total in self.requirements.items()
            },
            "only_if_spoken": self.only_if_spoken,
        } | self._totals()

    def _totals(self) -> dict[str, Any]:
        cost = self.cost
        return {
            "hours": round(self.audio_hours, 3),
            "work_hours": None if cost.has_unknown_duration else round(cost.work_seconds / 3600, 3),
            "money": {currency: round(amount, 4) for currency, amount in cost.money.items()},
        }


def _audio_hours(rows: Sequence[PlanRow]) -> float:
    return sum(row.seconds for row in rows if row.requirements) / 3600


def plan_files(
    configuration: Configuration,
    db: Database,
    media_files: Sequence[Path],
    *,
    skip_decided: bool = False,
) -> Iterator[PlanRow]:
    """Yield what would be made for each media file, in their order.

    As many files are inspected at a time as there are cores.

    Args:
        configuration: The configuration.
        db: The database.
        media_files: The files.
        skip_decided: Whether files that the daemon is done with are not probed again.
    """
    libraries = configuration.settings.libraries
    digests = {name: settings_digest(configuration, library) for name, library in libraries.items()}
    plan_one = partial(_plan_one, configuration, db, engine_speeds(db.kv))

    def plan(path: Path) -> PlanRow:
        decided = _decided_row(db, digests, path) if skip_decided else None
        return decided or plan_one(path)

    # Threads: each inspection waits for a process of ffprobe.
    pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
    try:
        yield from pool.map(plan, media_files)
    finally:
        pool.shutdown(cancel_futures=True)


def _decided_row(db: Database, digests: Mapping[str, str], path: Path) -> PlanRow | None:
    """Return the row of a file that the daemon is done with; None if it has to be probed."""
    record = db.files.get(path)
    if record is None or record.state not in _DECIDED_STATES:
        return None
    try:
        stat = path.stat()
    except OSError:
        return None
    is_same_file = (stat.st_size, stat.st_mtime_ns) == (record.size, record.mtime_ns)
    if not is_same_file or record.settings_digest != digests.get(record.library):
        return None
    return PlanRow(path=path, is_decided=True)


def find_media(configuration: Configuration, paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the files that are named, and the media files in the folders that are named."""
    for path in (path.absolute() for path in paths):
        if path.is_dir():
            library = library_for(configuration, path / "x")
            yield from (media for media, _ in scan(path, library))
        else:
            yield path


def _plan_one(
    configuration: Configuration, db: Database, speeds: dict[str, float], path: Path
) -> PlanRow:
    """Return the row of a file, with what its requirements cost at most."""
    try:
        report = inspect_file(configuration, path, db)
    except (SubtitledError, OSError) as error:
        return PlanRow(path=path, error=describe_failure(error, path))
    decision = report.decision
    spoken_language = report.spoken_language or report.track_choice.track.language
    promised: list[Requirement] = []
    only_if_spoken: list[Requirement] = []
    for requirement in decision.requirements:
        possible = _is_possible(report, requirement, spoken_language)
        (promised if possible else only_if_spoken).append(requirement)
    routes = [
        route
        for requirement in promised
        for route in _first_routes(report, requirement, spoken_language)
    ]
    if decision.summaries:
        # A summary needs a transcript in the language spoken.
        segments = transcription_segments(
            report.routing, spoken_language, report.available.foreign_speech
        )
        routes += [segment.route for segment in segments if segment.route is not None]
    cost = estimate(
        report.facts.duration,
        routes,
        report.routing,
        configuration.settings.prices,
        speeds,
        len(decision.summaries),
    )
    return PlanRow(
        path=path,
        requirements=(
            *map(describe_requirement, promised),
            *map(describe_requirement, decision.summaries),
        ),
        only_if_spoken=tuple(describe_requirement(item) for item in only_if_spoken),
        reasons="; ".join(decision.reasons),
        seconds=report.facts.duration,
        cost=cost,
    )


def _is_possible(report: MediaReport, requirement: Requirement, spoken: Language) -> bool:
    """Return whether something makes a requirement, as far as the spoken language is known.

    What depends on parts of the speech that nobody has listened to yet counts as possible.
    """
    if requirement.language is None or requirement.kind is SubtitleKind.FORCED:
        return True
    foreign_speech = report.available.foreign_speech
    return plan_target(report.routing, requirement, spoken, foreign_speech).is_possible


def _first_routes(
    report: MediaReport, requirement: Requirement, spoken_language: Language
) -> list[Route]:
    """Return the routes of the best way to make a subtitle, as far as they are known."""
    target: TargetPlan | None = plan_target(
        report.routing, requirement, spoken_language, report.available.foreign_speech
    )
    routes = []
    while target is not None:
        segments = target.paths[0].segments if target.paths else ()
        routes += [segment.route for segment in segments if segment.route is not None]
        target = target.secondary
    return routes
