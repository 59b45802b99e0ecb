"""What was measured is kept for this machine, and nothing that is broken is believed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from subtitled.daemon.benchmark.measurements import (
    Measurement,
    keep_measurement,
    load_measurements,
    measured_speeds,
    parse_measurement,
    select_current,
)
from subtitled.db.database import Database
from subtitled.db.kv import BENCHMARK_KEY

BASE = Measurement(
    engine="whisper",
    plugin="whisper",
    model="base",
    device="auto",
    sound_seconds=60.0,
    work_seconds=4.0,
    words=150,
    word_errors=3,
)


def test_a_measurement_is_kept_by_machine_engine_model_and_device(tmp_path: Path) -> None:
    db = Database(tmp_path / "subtitled.sqlite")
    other = replace(BASE, model="small", work_seconds=12.0)
    for machine, one in (
        ("N100, 4 threads", other),
        ("N100, 4 threads", replace(BASE, work_seconds=9.0)),
        ("N100, 4 threads", BASE),
        ("n100, 4 threads", replace(BASE, work_seconds=1.0)),
        ("N100, 2 threads", replace(BASE, work_seconds=2.0)),
    ):
        keep_measurement(db.kv, machine, one)
    assert load_measurements(db.kv, "N100, 4 threads") == [BASE, other]
    assert load_measurements(db.kv, "N_00, 4 threads") == []
    assert measured_speeds([BASE, other]) == {("whisper", "base"): 15.0, ("whisper", "small"): 5.0}
    db.kv.set(f"{BENCHMARK_KEY}N100, 4 threads:x", "broken")
    assert load_measurements(db.kv, "N100, 4 threads") == [BASE, other]
    db.close()


def test_what_was_measured_on_another_device_says_nothing_of_this_one() -> None:
    card, processor = replace(BASE, device="cuda", work_seconds=1.0), replace(BASE, device="cpu")
    unnamed = replace(BASE, engine="sherpa")
    kept = [card, processor, unnamed]
    assert select_current(kept, {"whisper": ("whisper", "cpu")}) == [processor, unnamed]
    assert select_current(kept, {"whisper": ("whisper", "cuda")}) == [card, unnamed]
    assert select_current(kept, {"whisper": ("whisper", "vulkan")}) == [unnamed]


def test_what_another_plugin_took_says_nothing_of_the_one_that_a_section_has_now() -> None:
    before, now = BASE, replace(BASE, plugin="whispercpp", work_seconds=20.0)
    assert select_current([before, now], {"whisper": ("whispercpp", "auto")}) == [now]


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", '{"engine": "x"}', json.dumps({"engine": 1, "work_seconds": "no"})],
)
def test_what_is_no_measurement_is_none(text: str) -> None:
    assert parse_measurement(text) is None


@pytest.mark.parametrize(
    "values", [{"work_seconds": 0}, {"sound_seconds": -1}, {"sound_seconds": float("nan")}]
)
def test_an_impossible_speed_is_none(values: dict[str, float]) -> None:
    plain = {key: value for key, value in BASE.to_dict().items() if key not in ("speed",)}
    assert parse_measurement(json.dumps(plain)) == BASE
    assert parse_measurement(json.dumps(plain | values)) is None


def test_errors_are_told_only_if_the_text_is_known() -> None:
    assert BASE.error_rate == pytest.approx(0.02)
    assert BASE.to_dict()["error_rate"] == 0.02
    assert replace(BASE, words=None).error_rate is None
    assert replace(BASE, words=0).error_rate is None


def test_a_disturbed_measurement_replaces_none_that_was_not(tmp_path: Path) -> None:
    db = Database(tmp_path / "subtitled.sqlite")
    busy = replace(BASE, work_seconds=30.0, busy_share=0.9)
    assert keep_measurement(db.kv, "N100", busy)
    assert keep_measurement(db.kv, "N100", replace(busy, work_seconds=20.0))
    assert keep_measurement(db.kv, "N100", BASE)
    assert not keep_measurement(db.kv, "N100", busy)
    assert load_measurements(db.kv, "N100") == [BASE]
    assert keep_measurement(db.kv, "N100", replace(BASE, busy_share=0.2))
    db.close()
