"""Engines, servers and workers as the database knows them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from subtitled.config.load import load_config
from subtitled.daemon.answers.health import DoctorAnswer, describe_health
from subtitled.daemon.control import reset_engine
from subtitled.db.database import Database
from subtitled.db.kv import SERVER_ERROR_KEY
from subtitled.engines.breaker import CircuitBreakers
from subtitled.engines.protocol import EngineLoadError
from subtitled.plugin import CheckResult
from subtitled.routing.cost_estimate import record_speed


def test_health_says_of_each_engine_where_audio_goes_and_whether_it_may_be_called(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f"[daemon]\nstate_dir = '{tmp_path}'\n"
        "[engines.whisper]\n[engines.second]\nplugin = 'whisper'\n"
        "[servers.kodi]\nurl = 'http://127.0.0.1:1'\n"
    )
    configuration = load_config(config)
    db = Database(tmp_path / "subtitled.sqlite")
    record_speed(db.kv, "whisper", 60.0, 30.0)
    breakers = CircuitBreakers(db.kv)
    with pytest.raises(EngineLoadError), breakers.guard("second", "media"):
        raise EngineLoadError("no model")
    db.kv.set(f"{SERVER_ERROR_KEY}gone", "refused the key")
    answer = describe_health(configuration, db)
    first, second = answer.engines
    assert (first.name, first.is_local, first.speed) == ("whisper", True, 2.0)
    assert first.breaker.is_closed
    assert (second.plugin, second.speed, second.breaker.reason) == ("whisper", None, "no model")
    assert not second.breaker.is_closed
    assert [(server.name, server.error) for server in answer.servers] == [
        ("gone", "refused the key"),
        ("kodi", None),
    ]
    assert json.loads(json.dumps(answer.to_dict()))["engines"][1]["breaker"]["state"] == "open"
    assert reset_engine(db, "second", "ana")
    assert describe_health(configuration, db).engines[1].breaker.is_closed


def test_the_doctor_is_content_only_if_every_check_succeeded() -> None:
    good, bad = CheckResult("clock", True), CheckResult("ffmpeg", False, "missing", "Install it")
    assert DoctorAnswer((good,)).is_ok
    answer = DoctorAnswer((good, bad))
    assert not answer.is_ok
    assert answer.to_list()[1] == {
        "subject": "ffmpeg",
        "ok": False,
        "detail": "missing",
        "hint": "Install it",
    }
