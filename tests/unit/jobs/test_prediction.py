"""The work of the next jobs is predicted from the last ones, whatever some of those say."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.jobs.prediction import (
    MIN_RUNS,
    NO_WORK,
    MeasuredRun,
    estimate_work,
    fit_speed,
    predict_work,
)

Lengths = Callable[[random.Random], float]

LENGTHS: dict[str, Lengths] = {
    "episodes and films": lambda chance: chance.choice((1320.0, 2640.0, 5400.0, 7800.0)),
    "anything": lambda chance: math.exp(chance.uniform(math.log(60), math.log(14400))),
    "clips": lambda chance: chance.uniform(10.0, 300.0),
    "one length": lambda chance: 2700.0 + chance.uniform(-30.0, 30.0),
}


def _job(chance: random.Random, length: float, fixed: float, speed: float) -> MeasuredRun:
    """Do a job of a length with some share of speech, on a machine that does other things too."""
    speech, busy = chance.uniform(0.6, 1.4), chance.lognormvariate(0.0, 0.15)
    return MeasuredRun(length, (fixed + length * speech / speed) * busy)


@pytest.mark.parametrize("kind", LENGTHS)
@pytest.mark.parametrize(("fixed", "speed"), [(4.0, 12.0), (20.0, 0.9), (0.5, 60.0)])
def test_after_twenty_jobs_the_next_twenty_take_as_long_as_predicted(
    kind: str, fixed: float, speed: float
) -> None:
    errors, inside = [], 0
    for seed in range(60):
        chance = random.Random(seed)
        jobs = [_job(chance, LENGTHS[kind](chance), fixed, speed) for _ in range(40)]
        fit = fit_speed(jobs[:20])
        assert fit is not None
        work = predict_work(fit, 20, sum(job.sound_seconds for job in jobs[20:]))
        truth = sum(job.work_seconds for job in jobs[20:])
        errors.append(abs(work.expected / truth - 1.0))
        inside += work.low <= truth <= work.high
    assert sorted(errors)[53] < 0.25, "nine of ten predictions are within a quarter"
    assert inside >= 54, "and the truth is in the range"


@pytest.mark.parametrize("lie", [0.01, 0.2, 8.0, 100.0])
def test_files_that_say_a_wrong_length_do_not_spoil_the_prediction(lie: float) -> None:
    errors = []
    for seed in range(50):
        chance = random.Random(seed)
        jobs = [_job(chance, LENGTHS["anything"](chance), 4.0, 12.0) for _ in range(40)]
        said = [
            MeasuredRun(job.sound_seconds * lie, job.work_seconds) if number % 6 == 0 else job
            for number, job in enumerate(jobs[:20])
        ]
        fit = fit_speed(said)
        assert fit is not None
        work = predict_work(fit, 20, sum(job.sound_seconds for job in jobs[20:]))
        errors.append(abs(work.expected / sum(job.work_seconds for job in jobs[20:]) - 1.0))
    assert sorted(errors)[25] < 0.25
    assert sorted(errors)[45] < 0.4


def test_a_job_that_something_else_held_up_does_not_count() -> None:
    quick = [MeasuredRun(60.0 * n, 5.0 * n + 2.0) for n in range(1, 20)]
    fit = fit_speed([MeasuredRun(600.0, 90000.0), *quick])
    assert fit is not None
    assert fit.speed == pytest.approx(12.0, rel=0.05)
    assert fit.fixed_seconds == pytest.approx(2.0, abs=1.0)


@pytest.mark.parametrize("number", range(MIN_RUNS))
def test_too_few_jobs_predict_nothing(number: int) -> None:
    assert fit_speed([MeasuredRun(60.0, 5.0)] * number) is None


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, 1e12])
def test_numbers_that_no_job_has_do_not_count(value: float) -> None:
    wrong = [MeasuredRun(value, 5.0), MeasuredRun(60.0, value)] * 9
    assert fit_speed(wrong) is None
    fit = fit_speed([*wrong, *[MeasuredRun(60.0, 5.0)] * MIN_RUNS])
    assert fit is not None
    assert fit.runs == MIN_RUNS
    assert fit.speed == pytest.approx(12.0)


def test_only_the_newest_jobs_count() -> None:
    slow = [MeasuredRun(60.0 * n, 60.0 * n) for n in range(1, 200)]
    fast = [MeasuredRun(60.0 * n, 6.0 * n) for n in range(1, 80)]
    fit = fit_speed([*fast, *slow])
    assert fit is not None
    assert fit.speed == pytest.approx(10.0)


def test_fewer_jobs_give_a_wider_range() -> None:
    chance = random.Random(1)
    jobs = [_job(chance, LENGTHS["anything"](chance), 4.0, 12.0) for _ in range(60)]
    widths = []
    for number in (4, 20, 60):
        fit = fit_speed(jobs[:number])
        assert fit is not None
        work = predict_work(fit, 100, 360000.0)
        widths.append((work.high - work.low) / work.expected)
    assert widths[0] > widths[1] > widths[2]


def test_no_jobs_are_no_work() -> None:
    fit = fit_speed([MeasuredRun(60.0, 5.0)] * MIN_RUNS)
    assert fit is not None
    assert predict_work(fit, 0, 0.0) == NO_WORK


@settings(max_examples=40)
@given(
    st.lists(
        st.builds(MeasuredRun, st.floats(), st.floats()) | st.just(MeasuredRun(60.0, 5.0)),
        max_size=25,
    ),
    st.floats(0, 1e6),
    st.floats(0, 1e9),
)
def test_a_range_is_in_order_whatever_the_jobs_say(
    runs: list[MeasuredRun], jobs: float, sound_seconds: float
) -> None:
    fit = fit_speed(runs)
    if fit is not None:
        work = predict_work(fit, jobs, sound_seconds)
        assert 0 <= work.low <= work.expected <= work.high < math.inf


def test_jobs_that_took_no_time_at_all_say_nothing() -> None:
    assert fit_speed([MeasuredRun(2e6, 5e-324)] * MIN_RUNS) is None
    assert fit_speed([MeasuredRun(5e-324, 60.0)] * MIN_RUNS) is None


def test_a_first_estimate_is_a_wide_range_around_the_speed_of_the_benchmark() -> None:
    work = estimate_work(36000.0, 10.0)
    assert (work.low, work.expected, work.high) == pytest.approx((1080.0, 2520.0, 4320.0))
    assert estimate_work(0.0, 10.0) == NO_WORK
