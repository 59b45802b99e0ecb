"""Metrics, read by Prometheus' own parser, and the assessment of health."""

from __future__ import annotations

import errno
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from subtitled.config.load import load_config
from subtitled.daemon.health import (
    MAX_HEARTBEAT_AGE_SECONDS,
    HealthInputs,
    HealthMonitor,
    assess_health,
)
from subtitled.daemon.metric_values import MetricValues, collect_metrics
from subtitled.daemon.metrics import render_metrics
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobcontext.counters import Counters
from subtitled.jobs.throttle_state import Throttle, ThrottleRegistry
from subtitled.plugin import TransientError
from support.seen_files import record_seen


def read(text: str) -> dict[tuple[str, str], float]:
    """Parse metrics to numbers by sample and label value."""
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_everything_is_there_from_the_first_scrape(tmp_path: Path) -> None:
    database, tally = Database(tmp_path / "subtitled.sqlite"), Counters()
    film = tmp_path / "a.mkv"
    film.write_bytes(b"film")
    record_seen(database, "films", film, film.stat())
    configuration = load_config(None)
    metrics = read(render_metrics(collect_metrics(configuration, database, tally, 0)))
    assert metrics["subtitled_files", "stabilising"] == 1
    assert {label for name, label in metrics if name == "subtitled_files"} == set(FileState)
    assert metrics["subtitled_audio_seconds_total", "whisper"] == 0
    assert metrics["subtitled_breaker_open", "whisper"] == 0
    assert metrics["subtitled_paused", ""] == 0


def test_what_happens_is_counted(tmp_path: Path) -> None:
    database, tally = Database(tmp_path / "subtitled.sqlite"), Counters()
    tally.add("audio_seconds", "whisper", 480.0)
    tally.add("audio_seconds", "whisper", 20.5)
    tally.add("engine_seconds", "whisper", 50.0)
    tally.add("failures", "transient")
    ThrottleRegistry(database.kv).put("battery", Throttle("on battery"))
    for media in "aab":
        with (
            pytest.raises(TransientError),
            CircuitBreakers(database.kv).guard("whisper", media),
        ):
            raise TransientError("down")
    metrics = read(render_metrics(collect_metrics(load_config(None), database, tally, 1)))
    assert metrics["subtitled_audio_seconds_total", "whisper"] == 500.5
    assert metrics["subtitled_engine_seconds_total", "whisper"] == 50
    assert metrics["subtitled_failures_total", "transient"] == 1
    assert metrics["subtitled_breaker_open", "whisper"] == 1
    assert metrics["subtitled_paused", ""] == 1
    assert metrics["subtitled_jobs", ""] == 1


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 1e15)))
def test_any_name_comes_through_as_it_is(names: dict[str, float]) -> None:
    metrics = read(render_metrics(MetricValues(files={}, audio_seconds=names)))
    transcript = {
        label: v for (name, label), v in metrics.items() if name == "subtitled_audio_seconds_total"
    }
    assert transcript == pytest.approx(names)


def test_health_is_bad_only_where_nothing_can_go_on() -> None:
    assert assess_health(HealthInputs(heartbeat_age_seconds=1.0)) == assess_health(
        HealthInputs(heartbeat_age_seconds=MAX_HEARTBEAT_AGE_SECONDS)
    )
    assert assess_health(HealthInputs(heartbeat_age_seconds=1.0)).is_ok
    assert assess_health(HealthInputs(heartbeat_age_seconds=1.0)).problems == ()
    partly = assess_health(
        HealthInputs(
            heartbeat_age_seconds=1.0,
            unavailable_plugins=["engines.x: no"],
            unavailable_libraries=["nas"],
            engines_down=["cloud"],
            servers_down=["den"],
        )
    )
    assert partly.is_ok
    assert len(partly.problems) == 4
    assert not assess_health(
        HealthInputs(heartbeat_age_seconds=MAX_HEARTBEAT_AGE_SECONDS + 1)
    ).is_ok
    assert assess_health(
        HealthInputs(heartbeat_age_seconds=1.0, is_database_readable=False)
    ).problems == ("the database cannot be read",)
    full = assess_health(
        HealthInputs(
            heartbeat_age_seconds=1.0, is_state_writable=False, unavailable_libraries=["nas"]
        )
    )
    assert not full.is_ok
    assert full.problems[0] == "the state folder cannot be written to"


def test_the_daemon_knows_how_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database, away = Database(tmp_path / "subtitled.sqlite"), set[str]()
    vitals = HealthMonitor(
        load_config(None),
        database,
        Counters(),
        active_jobs=lambda: 2,
        unavailable_libraries=lambda: away,
    )
    assert vitals.evaluate_health() == assess_health(HealthInputs(heartbeat_age_seconds=0.0))
    assert read(vitals.render_metrics())["subtitled_jobs", ""] == 2
    away.add("nas")
    assert vitals.evaluate_health().problems == ("library nas is unavailable",)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + MAX_HEARTBEAT_AGE_SECONDS + 1)
    assert not vitals.evaluate_health().is_ok
    vitals.heartbeat()
    assert vitals.evaluate_health().is_ok

    def fail() -> None:
        raise OSError("disk")

    monkeypatch.setattr(database.states, "count_by_state", fail)
    assert vitals.evaluate_health().problems[0] == "the database cannot be read"


def test_a_state_folder_on_a_full_disk_is_not_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vitals = HealthMonitor(
        load_config(None),
        Database(tmp_path / "a"),
        Counters(),
        active_jobs=lambda: 0,
        unavailable_libraries=lambda: (),
    )

    def full(**wanted: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert vitals.evaluate_health().problems == ("the state folder cannot be written to",)
