"""How much work files take, by the engines and models that did the last jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from subtitled.config.load import Configuration
from subtitled.db.job_runs import JobRun
from subtitled.jobs.prediction import (
    MIN_RUNS,
    NO_WORK,
    MeasuredRun,
    SpeedFit,
    WorkRange,
    estimate_work,
    fit_speed,
    predict_work,
)

RUNS_OF_LIBRARY = 40
"""The newest jobs of a library that say what its next ones are like."""
_SMALL_SHARE = 0.1
"""A share of the jobs that may be of a kind that is not measured yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpeed:
    """How fast an engine and model are, by the jobs that they did."""

    engine: str
    """The configured name; "" for jobs that called none."""
    model: str
    jobs: int = 0
    """How many jobs it is by."""
    fit: SpeedFit | None = None
    """None while there are too few of them."""
    engine_share: float = 0.0
    """The share of the work that is the engine's; the rest is decoding, timing and writing."""
    benchmark_speed: float | None = None
    """Seconds of speech that it transcribes in a second, by the benchmark on this machine."""

    @property
    def name(self) -> str:
        """The engine and model, for people."""
        return " ".join(filter(None, (self.engine or "jobs without an engine", self.model)))

    @property
    def speed(self) -> float | None:
        """Seconds of sound in a second of work; None while that is not known."""
        return self.fit.speed if self.fit is not None and self.fit.work_per_sound > 0 else None

    def to_dict(self) -> dict[str, Any]:
        """Return the speed as JSON has it."""
        return {
            "engine": self.engine,
            "model": self.model,
            "jobs": self.jobs,
            "speed": round(self.speed, 3) if self.speed is not None else None,
            "fixed_seconds": round(self.fit.fixed_seconds, 2) if self.fit is not None else None,
            "engine_share": round(self.engine_share, 3),
            "benchmark_speed": (
                round(self.benchmark_speed, 3) if self.benchmark_speed is not None else None
            ),
        }


NO_BENCHMARKS: Mapping[tuple[str, str], float] = MappingProxyType({})
Speeds = Mapping[tuple[str, str], EngineSpeed]
"""The speed by engine and model."""


@dataclass(frozen=True, slots=True)
class Way:
    """How some of the jobs of a library are done."""

    speed: EngineSpeed
    job_share: float
    """The share of the jobs."""
    sound_share: float
    """The share of the length of their media files."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """How much work is left, and what that is by."""

    work: WorkRange | None
    """None if it is not known yet."""
    basis: str


def measure_speeds(
    runs: Sequence[JobRun], benchmarks: Mapping[tuple[str, str], float] = NO_BENCHMARKS
) -> dict[tuple[str, str], EngineSpeed]:
    """Return how fast each engine and model are.

    Args:
        runs: What jobs took, the newest first.
        benchmarks: Seconds of speech in a second of work by the benchmark, by engine and model.
    """
    by_way: dict[tuple[str, str], list[JobRun]] = {way: [] for way in benchmarks}
    for run in runs:
        by_way.setdefault((run.engine, run.model), []).append(run)
    return {
        (engine, model): EngineSpeed(
            engine=engine,
            model=model,
            jobs=len(done),
            fit=fit_speed(MeasuredRun(run.sound_seconds, run.work_seconds) for run in done),
            engine_share=_share_of_engine(done),
            benchmark_speed=benchmarks.get((engine, model)),
        )
        for (engine, model), done in sorted(by_way.items())
    }


def _share_of_engine(runs: Sequence[JobRun]) -> float:
    work_seconds = sum(run.work_seconds for run in runs)
    return min(1.0, sum(run.engine_seconds for run in runs) / work_seconds) if work_seconds else 0.0


def expected_ways(
    configuration: Configuration, library: str, runs: Sequence[JobRun], speeds: Speeds
) -> list[Way]:
    """Return by which engines and models the next jobs of a library are done.

    Its last jobs say it. What they did with an engine or model that it does not use any more does
    not count. A library without any is expected to use the first engine that it may use.

    Args:
        configuration: The configuration.
        library: The name of the library.
        runs: What jobs took, the newest first.
        speeds: The speed of each engine and model.
    """
    engines = configuration.settings.libraries[library].engines or tuple(configuration.engines)
    models = {name: one.model for name, one in configuration.engines.items() if name in engines}
    own = [run for run in runs if run.library == library][:RUNS_OF_LIBRARY]
    own = [run for run in own if not run.engine or models.get(run.engine) == run.model]
    if not any(run.engine for run in own):
        first = next(iter(engines), "")
        model = models.get(first, "")
        return [Way(speeds.get((first, model), EngineSpeed(engine=first, model=model)), 1.0, 1.0)]
    sound_seconds = sum(run.sound_seconds for run in own)
    by_way: dict[tuple[str, str], list[JobRun]] = {}
    for run in own:
        by_way.setdefault((run.engine, run.model), []).append(run)
    return [
        Way(
            speeds[way],
            len(done) / len(own),
            sum(run.sound_seconds for run in done) / sound_seconds,
        )
        for way, done in by_way.items()
    ]


def predict_backlog(ways: Sequence[Way], files: int, known: int, seconds: float) -> Prediction:
    """Predict how much work files are.

    Those whose length is not known count as long as the others on average, and as nothing at the
    lower end of the range.

    Args:
        ways: How they are done.
        files: How many they are.
        known: Of how many of them the length is known.
        seconds: The length of those.
    """
    if not files:
        return Prediction(NO_WORK, "nothing is left")
    if not known:
        return Prediction(None, "the length of none of the files is known yet")
    measured = [way for way in ways if way.speed.fit is not None]
    share = sum(way.job_share for way in measured)
    if share < 1.0 - _SMALL_SHARE:
        if (first := _first_estimate(ways, files, known, seconds)) is not None:
            return first
        way = next(way for way in ways if way.speed.fit is None)
        return Prediction(
            None,
            f"{way.speed.jobs} of the {MIN_RUNS} jobs that it takes are done: {way.speed.name}",
        )
    work = NO_WORK
    for way in measured:
        assert way.speed.fit is not None
        job_share = way.job_share / share
        sound_share = way.sound_share / sum(other.sound_share for other in measured)
        sure = predict_work(way.speed.fit, known * job_share, seconds * sound_share)
        likely = predict_work(
            way.speed.fit, files * job_share, seconds * sound_share * files / known
        )
        work += WorkRange(sure.low, likely.expected, likely.high)
    counted = ", ".join(f"{way.speed.jobs} of {way.speed.name}" for way in measured)
    return Prediction(work, f"by the last jobs: {counted}")


def _first_estimate(
    ways: Sequence[Way], files: int, known: int, seconds: float
) -> Prediction | None:
    """Predict by the benchmark, while there are too few jobs; None without one of each engine."""
    if len(ways) != 1 or (speed := ways[0].speed.benchmark_speed) is None:
        return None
    sure, likely = estimate_work(seconds, speed), estimate_work(seconds * files / known, speed)
    return Prediction(
        WorkRange(sure.low, likely.expected, likely.high),
        f"a first estimate: the speed of {ways[0].speed.name} was measured by benchmark",
    )
