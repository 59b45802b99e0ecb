"""How long jobs will take, by how long jobs took.

A job takes a fixed time, plus time for each second of sound. Both follow from the jobs that an
engine and model did. Some of those are no measure, because a file said a wrong length or something
else kept the machine busy, so the fit is robust.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MIN_RUNS = 3
"""With fewer jobs nothing is predicted."""
MAX_RUNS = 60
"""The newest jobs that count. Earlier ones were done by another machine or version, perhaps."""
MIN_RUN_SECONDS, MAX_RUN_SECONDS = 0.001, 30 * 86400.0
"""Shortest and longest sound and work of a job that counts."""
_MIN_LENGTH_RATIO = 1.5
"""How many times as long as the shortest job the longest has to be, to tell a fixed time apart."""
_FIXED_TIMES = 16
"""How many fixed times are tried."""
_OUTLIER_FACTOR = 4.0
"""A job that deviates by more than so many typical deviations is left out of the average."""
_MIN_TYPICAL_DEVIATION = 0.05
_WIDTH = 2.0
"""The width of a range, in standard errors: 19 of 20 sums lie in it."""
_MIN_RELATIVE_ERROR = 0.03
"""The smallest relative error of a prediction, whatever the jobs so far say."""


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """What one job took."""

    sound_seconds: float
    """The length of its media file."""
    work_seconds: float
    """How long the job ran, without waiting."""

    @property
    def is_usable(self) -> bool:
        """Whether both are numbers that a job may have."""
        return all(
            MIN_RUN_SECONDS <= value <= MAX_RUN_SECONDS
            for value in (self.sound_seconds, self.work_seconds)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedFit:
    """The time that jobs of one engine and model take."""

    fixed_seconds: float
    """Seconds that each job takes, however short it is."""
    work_per_sound: float
    """Seconds of work for a second of sound, besides."""
    deviation: float
    """The standard deviation of one job from its prediction, as a share of it."""
    evenness: float
    """How alike in length the jobs are, up to 1. A few long ones are most of a sum otherwise."""
    runs: int
    """How many jobs this is by."""

    @property
    def speed(self) -> float:
        """Seconds of sound in one second of work, of a long job."""
        return 1.0 / self.work_per_sound if self.work_per_sound > 0 else math.inf


@dataclass(frozen=True, slots=True)
class WorkRange:
    """Seconds of work, as far as they are known."""

    low: float
    expected: float
    high: float

    def __add__(self, other: WorkRange) -> WorkRange:
        """Add the work of other jobs. Errors of one speed do not cancel those of another."""
        return WorkRange(
            self.low + other.low, self.expected + other.expected, self.high + other.high
        )

    def scaled(self, factor: float) -> WorkRange:
        """Return the range times a factor."""
        return WorkRange(self.low * factor, self.expected * factor, self.high * factor)


NO_WORK = WorkRange(0.0, 0.0, 0.0)
SPEECH_SHARES = WorkRange(0.3, 0.7, 1.2)
"""The work for a second of sound as a multiple of that for a second of speech.

A film has speech in a third to nearly all of its time; decoding, timing and writing come on top.
"""


def fit_speed(runs: Iterable[MeasuredRun]) -> SpeedFit | None:
    """Fit the time that jobs take.

    Args:
        runs: Jobs of one engine and model, the newest first.

    Returns:
        None if there are fewer than :data:`MIN_RUNS` that are of use.
    """
    usable = [run for run in runs if run.is_usable][:MAX_RUNS]
    if len(usable) < MIN_RUNS:
        return None
    fixed, slope = _fit_line(usable)
    kept = _without_outliers(usable, fixed, slope)
    # The line follows the middle. Sums of jobs follow the average, which long jobs pull up.
    scale = sum(run.work_seconds for run in kept) / sum(
        fixed + slope * run.sound_seconds for run in kept
    )
    fixed, slope = fixed * scale, slope * scale
    predicted = [fixed + slope * run.sound_seconds for run in kept]
    squares = [
        (run.work_seconds / seconds - 1.0) ** 2
        for run, seconds in zip(kept, predicted, strict=True)
    ]
    return SpeedFit(
        fixed_seconds=fixed,
        work_per_sound=slope,
        deviation=math.sqrt(sum(squares) / max(1, len(kept) - 1)),
        evenness=sum(predicted) ** 2 / (len(kept) * sum(seconds**2 for seconds in predicted)),
        runs=len(usable),
    )


def predict_work(fit: SpeedFit, jobs: float, sound_seconds: float) -> WorkRange:
    """Predict how long jobs take together.

    Args:
        fit: The time that such jobs take.
        jobs: How many they are. A share of a mixture may be no whole number.
        sound_seconds: The length of all their media files.
    """
    if jobs <= 0:
        return NO_WORK
    expected = fit.fixed_seconds * jobs + fit.work_per_sound * sound_seconds
    # Few jobs say little about their own deviation.
    deviation = max(fit.deviation, _MIN_TYPICAL_DEVIATION) * (1.0 + 2.0 / fit.runs)
    both = (1.0 / fit.runs + 1.0 / max(1.0, jobs)) / fit.evenness
    error = deviation * math.sqrt(both) + _MIN_RELATIVE_ERROR
    width = min(0.9, _WIDTH * error)
    return WorkRange(expected * (1.0 - width), expected, expected * (1.0 + _WIDTH * error))


def estimate_work(sound_seconds: float, speech_speed: float) -> WorkRange:
    """Estimate how long jobs take together, before any was done.

    Args:
        sound_seconds: The length of their media files.
        speech_speed: Seconds of speech that the engine transcribes in a second.
    """
    return SPEECH_SHARES.scaled(sound_seconds / speech_speed)


def _fit_line(runs: Sequence[MeasuredRun]) -> tuple[float, float]:
    """Return the fixed time and the time for each second of sound.

    For each of some fixed times, the time for a second of sound is a median. The pair counts whose
    relative errors are the smallest in sum. So a quarter of the jobs may have any length, and long
    jobs do not count more than short ones.
    """
    lengths = sorted(run.sound_seconds for run in runs)
    times = sorted(run.work_seconds for run in runs)
    candidates = [0.0]
    if lengths[-1] > lengths[0] * _MIN_LENGTH_RATIO:
        quarter = times[len(times) // 4]
        candidates += [quarter * 1.25 * 0.75**step for step in range(_FIXED_TIMES)]
    lines = []
    for fixed in candidates:
        slope = _weighted_median(
            (
                max(0.0, run.work_seconds - fixed) / run.sound_seconds,
                min(1.0, run.work_seconds / (2.0 * fixed)) if fixed else 1.0,
            )
            for run in runs
        )
        if slope > 0:
            error = sum(_deviations(runs, fixed, slope))
            lines.append((error, fixed, slope))
    _, fixed, slope = min(lines)
    return fixed, slope


def _deviations(runs: Sequence[MeasuredRun], fixed: float, slope: float) -> list[float]:
    """Return by how much each job deviates from a line, as a logarithm."""
    return [abs(math.log(run.work_seconds / (fixed + slope * run.sound_seconds))) for run in runs]


def _without_outliers(runs: Sequence[MeasuredRun], fixed: float, slope: float) -> list[MeasuredRun]:
    """Return the jobs that a line describes. They are more than half of all."""
    deviations = _deviations(runs, fixed, slope)
    typical = max(_MIN_TYPICAL_DEVIATION, sorted(deviations)[len(deviations) // 2])
    return [
        run
        for run, deviation in zip(runs, deviations, strict=True)
        if deviation <= _OUTLIER_FACTOR * typical
    ]


def _weighted_median(values: Iterable[tuple[float, float]]) -> float:
    """Return the value below which half of the weight lies."""
    ordered = sorted(values)
    half, passed = sum(weight for _, weight in ordered) / 2, 0.0
    for value, weight in ordered:
        passed += weight
        if passed >= half:
            return value
    return ordered[-1][0]
