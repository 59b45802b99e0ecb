"""The recommended engine: the best that is fast enough, fits and knows the language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from subtitled.daemon.benchmark.machine import Machine
from subtitled.daemon.benchmark.measurements import Measurement
from subtitled.daemon.benchmark.options import KnownOption, describe_options
from subtitled.daemon.benchmark.recommendation import Needs, Recommendation, recommend
from subtitled.plugin import Language
from subtitled_plugins.whisper.catalogue import list_languages

HOUR = 3600.0
N100 = Machine(
    processor="N100",
    cores=4,
    instructions=("AVX", "AVX2"),
    memory_mb=8000,
    available_mb=6000,
)
EUROPEAN = frozenset(map(Language, ("en", "de", "fr")))
ALL = list_languages("base")


def whisper(model: str, megabytes: float, *, is_here: bool = False) -> KnownOption:
    return KnownOption(
        engine="whisper",
        plugin="whisper",
        model=model,
        size_bytes=round(megabytes * 1e6),
        languages=ALL,
        is_here=is_here,
        is_used=is_here,
    )


BASE = whisper("base", 148, is_here=True)
SMALL, MEDIUM, LARGE = whisper("small", 486), whisper("medium", 1531), whisper("large-v3", 3091)
PARAKEET = KnownOption(
    engine="sherpa",
    plugin="sherpa",
    model="parakeet-tdt-0.6b-v3",
    size_bytes=670_000_000,
    memory_mb=1000,
    languages=EUROPEAN,
    is_here=False,
)
KNOWN = [BASE, SMALL, MEDIUM, LARGE, PARAKEET]


def measured(option: KnownOption, speed: float) -> Measurement:
    return Measurement(
        engine=option.engine,
        plugin=option.plugin,
        model=option.model,
        device="auto",
        sound_seconds=60.0,
        work_seconds=60.0 / speed,
        peak_memory_mb=700.0,
    )


def choose(
    needs: Needs,
    *measurements: Measurement,
    jobs: dict[tuple[str, str], tuple[float, int]] | None = None,
    machine: Machine = N100,
) -> Recommendation:
    return recommend(describe_options(KNOWN, measurements, jobs or {}, machine, 4), needs)


def chosen(recommendation: Recommendation) -> tuple[str, str]:
    assert recommendation.backlog is not None
    assert recommendation.new is not None
    return recommendation.backlog.option.known.model, recommendation.new.option.known.model


NEEDS = Needs(usable_memory_mb=8000)


def test_the_backlog_gets_a_faster_engine_than_new_files() -> None:
    needs = replace(NEEDS, backlog_seconds=8000 * HOUR, new_seconds_per_day=2 * HOUR)
    found = choose(needs, measured(BASE, 30.0))
    assert chosen(found) == ("base", "medium")
    assert found.backlog is not None
    assert found.backlog.work_seconds == pytest.approx(8000 * HOUR / 30)
    assert found.new is not None
    assert found.new.work_seconds == pytest.approx(2 * HOUR / (30 * 148 / 1531))


def test_a_small_backlog_gets_the_better_model() -> None:
    needs = replace(NEEDS, backlog_seconds=100 * HOUR, new_seconds_per_day=2 * HOUR)
    assert chosen(choose(needs, measured(BASE, 30.0))) == ("large-v3", "medium")


@pytest.mark.parametrize(
    ("hours_per_day", "expected"), [(24.0, "small"), (6.0, "base"), (0.5, "base")]
)
def test_few_working_hours_need_a_faster_engine(hours_per_day: float, expected: str) -> None:
    needs = replace(NEEDS, backlog_seconds=3000 * HOUR, hours_per_day=hours_per_day)
    assert chosen(choose(needs, measured(BASE, 30.0)))[0] == expected


def test_if_none_is_fast_enough_it_is_the_fastest_and_said() -> None:
    needs = replace(NEEDS, backlog_seconds=1e6 * HOUR)
    found = choose(needs, measured(BASE, 0.5))
    assert chosen(found) == ("base", "base")
    assert found.backlog is not None
    assert found.backlog.reason == "the fastest; none does the backlog within 30 days"


def test_what_does_not_fit_into_memory_is_not_recommended() -> None:
    assert chosen(choose(NEEDS, measured(BASE, 300.0)))[1] == "large-v3"
    small = replace(NEEDS, usable_memory_mb=2000)
    assert chosen(choose(small, measured(BASE, 300.0)))[1] == "medium"
    nothing = choose(replace(NEEDS, usable_memory_mb=100), measured(BASE, 300.0))
    assert (nothing.backlog, nothing.new) == (None, None)


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ((), "small"),
        (("de",), "parakeet-tdt-0.6b-v3"),
        (("de-AT", "en"), "parakeet-tdt-0.6b-v3"),
        (("de", "ba"), "small"),
    ],
)
def test_an_engine_has_to_know_every_language_that_is_spoken(
    spoken: tuple[str, ...], expected: str
) -> None:
    needs = replace(NEEDS, spoken=frozenset(map(Language, spoken)))
    speeds = measured(BASE, 9.0), measured(PARAKEET, 20.0)
    assert chosen(choose(needs, *speeds))[1] == expected


def test_a_model_of_unknown_speed_or_quality_is_never_recommended() -> None:
    needs = replace(NEEDS, spoken=frozenset({Language("de")}))
    assert chosen(choose(needs, measured(BASE, 9.0)))[1] == "small"
    own = replace(BASE, engine="mine", plugin="mine", model="mine")
    options = describe_options([own], [measured(own, 99.0)], {}, N100, 4)
    assert recommend(options, NEEDS) == Recommendation(backlog=None, new=None)


def test_each_speed_says_where_it_is_from_the_surest_first() -> None:
    def source(
        model: str, measured: list[Measurement], jobs: dict[tuple[str, str], tuple[float, int]]
    ) -> tuple[float | None, str]:
        options = describe_options(KNOWN, measured, jobs, N100, 4)
        option = next(one for one in options if one.known.model == model)
        return option.speed, option.speed_source

    benchmark = [measured(BASE, 30.0)]
    jobs = {("whisper", "base"): (20.0, 12)}
    assert source("base", measured=benchmark, jobs=jobs) == (20.0, "measured by 12 jobs")
    assert source("base", measured=benchmark, jobs={}) == (30.0, "measured by benchmark")
    speed, text = source("small", measured=benchmark, jobs={})
    assert speed == pytest.approx(30 * 148 / 486)
    assert text == "estimated from base by size: 3.28 times the work"
    speed, text = source("base", measured=[], jobs={})
    assert speed == pytest.approx(13 * 4)
    assert text == "measured on a server of ours, 13 s a core, times 4"
    assert source("parakeet-tdt-0.6b-v3", measured=benchmark, jobs={})[0] is None


def test_without_avx_the_estimate_is_3_2_times_slower_and_a_measurement_is_not() -> None:
    old = replace(N100, instructions=("SSE only",))
    (option,) = describe_options([BASE], [], {}, old, 4)
    assert option.speed == pytest.approx(13 * 4 / 3.2)
    assert option.speed_source.endswith("without AVX 3.2 times the work")
    (option,) = describe_options([BASE], [measured(BASE, 5.0)], {}, old, 4)
    assert option.speed == pytest.approx(5.0)


def test_a_limit_of_cores_counts_in_an_estimate() -> None:
    (option,) = describe_options([BASE], [], {}, replace(N100, cpu_limit=1.5), 4)
    assert option.speed == pytest.approx(13 * 1.5)


def test_a_speed_that_may_be_too_high_has_to_be_enough_even_then() -> None:
    # 8.1 s by our server: perhaps 2 s here, and 4.4 s are needed.
    needs = replace(NEEDS, backlog_seconds=3150 * HOUR)
    assert chosen(choose(needs))[0] == "base"
    assert chosen(choose(needs, measured(SMALL, 15.8), measured(BASE, 52.0)))[0] == "small"


def test_of_two_engines_with_one_model_the_measured_one_is_preferred() -> None:
    other = replace(BASE, engine="whispercpp", plugin="whispercpp", is_here=False, is_used=False)
    options = describe_options([other, BASE], [measured(BASE, 5.0)], {}, N100, 4)
    assert [one.speed for one in options] == [16.0, 5.0]
    found = recommend(options, NEEDS)
    assert found.new is not None
    assert found.new.option.known.engine == "whisper"


def test_a_disturbed_measurement_is_told_as_one() -> None:
    disturbed = replace(measured(BASE, 3.0), busy_share=0.89)
    (option,) = describe_options([BASE], [disturbed], {}, N100, 4)
    assert option.speed_source == (
        "measured by benchmark while other programs used 89% of the processor"
    )
