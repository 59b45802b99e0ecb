"""What the log says of throttles."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from subtitled.db.database import Database
from subtitled.jobs.throttle_state import Throttle, ThrottleRegistry

ROUTINE = Throttle("a program waits", is_routine=True)
BATTERY = Throttle("on battery")


@pytest.fixture
def throttles(tmp_path: Path) -> ThrottleRegistry:
    return ThrottleRegistry(Database(tmp_path / "subtitled.sqlite").kv)


def test_pauses_are_logged_but_not_those_that_come_and_go(
    throttles: ThrottleRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "subtitled")

    def logged() -> list[tuple[str, str]]:
        lines = [(record.levelname, record.getMessage()) for record in caplog.records]
        caplog.clear()
        return lines

    throttles.put("audio request", ROUTINE)
    assert throttles.first_reason() == "a program waits"
    throttles.put("audio request", None)
    assert logged() == [("DEBUG", "work paused: a program waits"), ("DEBUG", "work resumed")]
    throttles.put("battery", BATTERY)
    throttles.put("audio request", ROUTINE)
    throttles.put("battery", None)
    throttles.put("audio request", None)
    assert ("INFO", "work paused: on battery") in (lines := logged())
    assert lines.count(("INFO", "work resumed")) == 1
    assert ("INFO", "work paused: a program waits") not in lines
    throttles.put("battery", BATTERY)
    throttles.put("audio request", ROUTINE)
    throttles.put("audio request", None)
    assert "work resumed" not in [message for _, message in logged()]
