"""What a person tells the daemon as a whole is in force, and in the history with who asked."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from subtitled.daemon.control import pause_work, reset_engine, resume_work
from subtitled.db.commands import CommandKind
from subtitled.db.database import Database
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobs.pauses import active_pauses
from subtitled.plugin import SetupError


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return Database(tmp_path / "subtitled.sqlite")


def _history(db: Database) -> list[tuple[str, str | None, str, dict[str, object]]]:
    return [
        (entry.actor, entry.library, entry.reason, dict(entry.details))
        for entry in db.history.newest(9)
    ]


def test_a_pause_and_its_end_are_in_the_history_with_who_asked(db: Database) -> None:
    until = time.time() + 60
    pause_work(db, "films", until, "ana")
    pause_work(db, "", None, "command line")
    assert [pause.library for pause in active_pauses(db.kv, time.time())] == ["", "films"]
    resume_work(db, "", "command line")
    (left,) = active_pauses(db.kv, time.time())
    assert (left.library, left.until) == ("films", until), "all tell the same minute of its end"
    assert _history(db) == [
        ("command line", None, "resume", {}),
        ("command line", None, "pause", {}),
        ("ana", "films", "pause", {"until": until}),
    ]
    assert [command.kind for command in db.commands.pending()] == [CommandKind.WAKE_WAITING]


def test_an_engine_that_was_reset_is_in_the_history(db: Database) -> None:
    breakers = CircuitBreakers(db.kv)
    with pytest.raises(SetupError), breakers.guard("qwen", "media"):
        raise SetupError("wrong key")
    assert reset_engine(db, "qwen", "ana")
    assert breakers.open_states() == {}
    assert not reset_engine(db, "qwen", "ana")
    assert _history(db) == [("ana", None, "reset-engine", {"engine": "qwen"})] * 2
