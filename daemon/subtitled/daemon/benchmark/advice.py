"""What to use on this machine for these libraries, by what is known now."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.jobcontext.database import open_existing_database
from subtitled.jobs.working_hours import Schedule, WorkingHours
from subtitled.jobs.working_time import find_end
from subtitled.plugin import Language

from ..answers.backlog_work import measure_speeds
from .candidates import Findings, KnownModel, find_candidates
from .machine import Machine, describe_machine, read_machine
from .measurements import Measurement
from .options import QUALITY_SOURCE, KnownOption, Option, describe_options
from .reading import count_threads, load_current
from .recommendation import (
    Choice,
    Needs,
    Recommendation,
    recommend,
)

_PROBED_SECONDS = 100 * 3600.0
"""Work by which the working hours of a day are found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A recommendation, and what it is by."""

    machine: Machine
    measurements: tuple[Measurement, ...]
    """What the benchmark measured on this machine."""
    options: tuple[Option, ...]
    needs: Needs
    recommendation: Recommendation

    @property
    def is_measured(self) -> bool:
        """Whether the benchmark was run on this machine."""
        return bool(self.measurements)


def advise(configuration: Configuration, findings: Findings | None = None) -> Advice:
    """Recommend an engine and model. A database that is not there is not made.

    Args:
        configuration: The configuration.
        findings: What there is on this machine, if it was looked for already.
    """
    machine, threads = read_machine(), count_threads(configuration)
    findings = findings or find_candidates(configuration, third_party=False)
    measurements: list[Measurement] = []
    job_speeds: dict[tuple[str, str], tuple[float, int]] = {}
    needs = Needs(
        hours_per_day=working_hours_per_day(configuration),
        usable_memory_mb=machine.usable_mb,
        spoken=_assumed_languages(configuration),
    )
    database = open_existing_database(configuration)
    if database is not None:
        # What is wrong with a database is told by the check of the state folder.
        with contextlib.closing(database) as db, contextlib.suppress(SQLAlchemyError):
            measurements = load_current(configuration, db, machine)
            speeds = measure_speeds(db.job_runs.newest())
            job_speeds = {key: (one.speed, one.jobs) for key, one in speeds.items() if one.speed}
            needs = _needs_of(db, needs)
    options = describe_options(
        [to_option(model) for model in findings.known], measurements, job_speeds, machine, threads
    )
    return Advice(
        machine=machine,
        measurements=tuple(measurements),
        options=tuple(options),
        needs=needs,
        recommendation=recommend(options, needs),
    )


def to_option(model: KnownModel) -> KnownOption:
    """Return a model of a plugin as the recommendation needs it."""
    configured = model.candidate.configured
    return KnownOption(
        engine=configured.name,
        plugin=configured.plugin,
        model=configured.model,
        size_bytes=model.spec.size_bytes,
        memory_mb=model.spec.memory_mb or 0,
        languages=configured.capabilities().languages,
        is_here=model.is_here,
        is_used=model.candidate.is_used,
    )


def working_hours_per_day(configuration: Configuration, now: float | None = None) -> float:
    """Return the working hours of all libraries in a day, on average over some weeks."""
    now = time.time() if now is None else now
    hours: list[WorkingHours] = [Schedule(configuration.settings.schedule).global_hours]
    end = find_end(hours, now, _PROBED_SECONDS)
    return 0.0 if end is None else 24.0 * _PROBED_SECONDS / (end - now)


def describe_advice(advice: Advice) -> Iterator[tuple[str, str]]:
    """Yield what this machine is, what was measured on it and what is recommended, in words."""
    yield "machine", "; ".join(describe_machine(advice.machine))
    if advice.is_measured:
        measured = ", ".join(
            f"{one.label} {one.speed:.3g} s of sound a second" for one in advice.measurements
        )
        yield "benchmark", measured
    else:
        yield "benchmark", "not run on this machine yet; to measure it: subtitled benchmark"
    yield from describe_recommendation(advice)


def describe_recommendation(advice: Advice) -> Iterator[tuple[str, str]]:
    """Yield what is recommended for what, in words."""
    chosen = advice.recommendation
    if chosen.new is None or chosen.backlog is None:
        yield (
            "engine",
            "none of the engines here is known to suit this machine and these languages; "
            "docs/admins/models.md says what others use",
        )
        return
    yield "engine for the backlog", _describe_choice(chosen.backlog, advice.needs.backlog_seconds)
    if chosen.new.option == chosen.backlog.option:
        yield "engine for new files", f"{chosen.new.option.known.label} too: {chosen.new.reason}"
    else:
        yield "engine for new files", _describe_choice(chosen.new, None)


def _describe_choice(choice: Choice, backlog_seconds: float | None) -> str:
    option = choice.option
    assert option.speed is not None
    sound_hours = 100.0 if backlog_seconds is None else backlog_seconds / 3600
    sound = "each 100 hours" if backlog_seconds is None else f"{sound_hours:.1f} hours"
    margin = (
        "at most"
        if option.uncertainty == 1.0
        else f"by an estimate that may be wrong by a factor of {option.uncertainty:g}"
    )
    pull = f"subtitled models pull {option.known.plugin}/{option.known.model}"
    where = "" if option.known.is_here else f" (not here; to fetch it: {pull})"
    return (
        f"{option.known.label}{where}, {choice.reason}; {sound} of sound take "
        f"{sound_hours / option.speed:.1f} hours of work, {margin}. Speed: {option.speed:.3g} s of "
        f"sound a second, {option.speed_source}. Errors: {QUALITY_SOURCE}"
    )


def to_dict(advice: Advice) -> dict[str, Any]:
    """Return what is recommended, and what it is by, as JSON has it."""
    needs = advice.needs
    return advice.recommendation.to_dict() | {
        "needs": {
            "spoken": sorted(map(str, needs.spoken)),
            "backlog_hours": _to_hours(needs.backlog_seconds),
            "new_hours_per_day": _to_hours(needs.new_seconds_per_day),
            "working_hours_per_day": round(needs.hours_per_day, 2),
            "usable_memory_mb": round(needs.usable_memory_mb),
        },
        "options": [
            {
                "engine": one.known.engine,
                "model": one.known.model,
                "is_here": one.known.is_here,
                "speed": None if one.speed is None else round(one.speed, 3),
                "speed_source": one.speed_source,
                "memory_mb": round(one.memory_mb),
                "memory_source": one.memory_source,
            }
            for one in advice.options
        ],
    }


def _to_hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 2)


def _needs_of(db: Database, known: Needs) -> Needs:
    """Add what the database knows of the libraries."""
    now = time.time()
    sound = db.sound.describe(now)
    # In some files nobody speaks, or nobody knows in which language.
    spoken = {language for tag in sound.languages if (language := Language(tag)).is_known}
    backlog = sum(one.seconds for one in db.wanted.count_files()) if sound.files else None
    return Needs(
        spoken=known.spoken | spoken,
        backlog_seconds=backlog,
        new_seconds_per_day=sound.new_seconds_per_day,
        hours_per_day=known.hours_per_day,
        usable_memory_mb=known.usable_memory_mb,
    )


def _assumed_languages(configuration: Configuration) -> frozenset[Language]:
    libraries = configuration.settings.libraries.values()
    return frozenset(one.assumed_language for one in libraries if one.assumed_language is not None)
