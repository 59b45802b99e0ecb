"""Metrics as Prometheus' own parser reads them, and the judgement of health."""

from __future__ import annotations

import errno
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from subtitled.config.load import load
from subtitled.engines.breaker import Breakers
from subtitled.jobcontext.counters import Tally
from subtitled.jobs.halts import Halt, Halts
from subtitled.library.ledger import Ledger
from subtitled.library.records import FileState
from subtitled.plugin import Temporary
from subtitled.service.health import BEAT_LIMIT, Vital, judge
from subtitled.service.metrics import Facts, exposition, facts_of
from subtitled.service.vitals import Vitals


def read(text: str) -> dict[tuple[str, str], float]:
    """Sample and label value to number, by the parser of Prometheus' client."""
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_everything_is_there_from_the_first_scrape(tmp_path: Path) -> None:
    ledger, tally = Ledger(tmp_path / "ledger.sqlite"), Tally()
    film = tmp_path / "a.mkv"
    film.write_bytes(b"film")
    ledger.noticed("films", film, film.stat())
    configuration = load(None)
    said = read(exposition(facts_of(configuration, ledger, tally, 0)))
    assert said["subtitled_files", "settling"] == 1
    assert {label for name, label in said if name == "subtitled_files"} == set(FileState)
    assert said["subtitled_audio_seconds_total", "whisper"] == 0
    assert said["subtitled_breaker_open", "whisper"] == 0
    assert said["subtitled_halted", ""] == 0


def test_what_happens_is_counted(tmp_path: Path) -> None:
    ledger, tally = Ledger(tmp_path / "ledger.sqlite"), Tally()
    tally.add("audio seconds", "whisper", 480.0)
    tally.add("audio seconds", "whisper", 20.5)
    tally.add("engine seconds", "whisper", 50.0)
    tally.add("failures", "temporary")
    Halts(ledger.mailbox).put("battery", Halt("on battery"))
    for medium in "aab":
        with (
            pytest.raises(Temporary),
            Breakers(ledger.mailbox).watching("whisper", medium),
        ):
            raise Temporary("down")
    said = read(exposition(facts_of(load(None), ledger, tally, 1)))
    assert said["subtitled_audio_seconds_total", "whisper"] == 500.5
    assert said["subtitled_engine_seconds_total", "whisper"] == 50
    assert said["subtitled_failures_total", "temporary"] == 1
    assert said["subtitled_breaker_open", "whisper"] == 1
    assert said["subtitled_halted", ""] == 1
    assert said["subtitled_jobs", ""] == 1


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 1e15)))
def test_any_name_comes_through_as_it_is(names: dict[str, float]) -> None:
    said = read(exposition(Facts(files={}, audio_seconds=names)))
    heard = {
        label: v for (name, label), v in said.items() if name == "subtitled_audio_seconds_total"
    }
    assert heard == pytest.approx(names)


def test_health_is_bad_only_where_nothing_can_go_on() -> None:
    assert judge(Vital(1.0)) == judge(Vital(BEAT_LIMIT))
    assert judge(Vital(1.0)).ok
    assert judge(Vital(1.0)).troubles == ()
    partly = judge(
        Vital(
            1.0,
            broken=["engines.x: no"],
            away=["nas"],
            engines_down=["cloud"],
            servers_down=["den"],
        )
    )
    assert partly.ok
    assert len(partly.troubles) == 4
    assert not judge(Vital(BEAT_LIMIT + 1)).ok
    assert judge(Vital(1.0, ledger_readable=False)).troubles == ("the ledger cannot be read",)
    full = judge(Vital(1.0, state_writable=False, away=["nas"]))
    assert not full.ok
    assert full.troubles[0] == "the state folder cannot be written to"


def test_the_daemon_knows_how_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, away = Ledger(tmp_path / "ledger.sqlite"), set[str]()
    vitals = Vitals(load(None), ledger, Tally(), jobs=lambda: 2, away=lambda: away)
    assert vitals.health() == judge(Vital(0.0))
    assert read(vitals.metrics())["subtitled_jobs", ""] == 2
    away.add("nas")
    assert vitals.health().troubles == ("library nas is away",)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + BEAT_LIMIT + 1)
    assert not vitals.health().ok
    vitals.beat()
    assert vitals.health().ok

    def fail() -> None:
        raise OSError("disk")

    monkeypatch.setattr(ledger, "counts", fail)
    assert vitals.health().troubles[0] == "the ledger cannot be read"


def test_a_state_folder_on_a_full_disk_is_not_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vitals = Vitals(load(None), Ledger(tmp_path / "a"), Tally(), jobs=lambda: 0, away=lambda: ())

    def full(**wanted: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert vitals.health().troubles == ("the state folder cannot be written to",)
