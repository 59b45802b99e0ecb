"""Tests of ``queue``, ``engine``, ``scan`` and ``status`` without a daemon."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from subtitled.cli import engine, queue, scan  # noqa: F401 - their commands are added
from subtitled.cli import status as _status  # noqa: F401
from subtitled.cli.app import app
from subtitled.config.load import load_config
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobcontext.services import open_database
from subtitled.jobs.pauses import Pause, active_pauses
from subtitled.plugin import TransientError
from support.seen_files import record_seen

Run = Callable[..., Result]


@pytest.fixture
def subtitled() -> Run:
    """Run a command in this process, because a new process takes seconds to start."""

    def run(*arguments: object) -> Result:
        environment = {"COLUMNS": "200"}
        return CliRunner().invoke(app, [str(item) for item in arguments], env=environment)

    return run


@pytest.fixture
def config(home: Path) -> Path:
    (home / "films").mkdir()
    path = home / "config.toml"
    path.write_text(
        f'[daemon]\nstate_dir = "{home}/state"\n[libraries.films]\npath = "{home}/films"\n'
        '[libraries."my shows"]\npath = "/srv/shows"\n'
        '[schedule]\ntimezone = "UTC"\nquiet_hours = ["daily"]\n'
        '[schedule.libraries.films]\nwindows = ["00:00-12:00"]\n',
        "utf-8",
    )
    return path


@pytest.fixture
def database(config: Path) -> Database:
    return open_database(load_config(config))


def test_paths_are_normalised_and_unknown_files_rejected(
    config: Path, home: Path, database: Database, subtitled: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = home / "films" / "a.mkv"
    film.touch()
    (home / "link").symlink_to(home / "films")
    monkeypatch.chdir(home / "state")
    for typed_path in ("../films/a.mkv", home / "link" / "a.mkv"):
        assert subtitled("--config", config, "queue", "retry", typed_path).exit_code == 0
        (queued,) = database.commands.pending()
        assert queued.path == film
        database.commands.mark_done([queued.id])
    config.write_text(config.read_text().replace(f"{home}/films", f"{home}/link"))
    assert subtitled("--config", config, "queue", "prioritise", film).exit_code == 0
    (queued,) = database.commands.pending()
    assert queued.path == home / "link" / "a.mkv"
    database.commands.mark_done([queued.id])
    for typed_path, reason in (
        ("/srv/elsewhere/a.mkv", f"is in no library. Libraries: films in {home}/link"),
        (home / "link" / "none.mkv", "does not exist"),
        (home / "link", "is a folder"),
    ):
        for command in (("queue", "cancel"), ("queue", "retry"), ("queue", "prioritise")):
            output = subtitled("--config", config, *command, typed_path)
            assert output.exit_code == 2
            assert reason in output.stderr
    assert subtitled("--config", config, "scan", "/srv/elsewhere").exit_code == 2
    assert subtitled("--config", config, "scan", home / "link").exit_code == 0
    assert [(item.kind, item.path) for item in database.commands.pending()] == [
        ("scan", home / "link")
    ]


@pytest.mark.parametrize(
    ("state", "said", "is_sent"),
    [
        (FileState.DONE, "it is done; to evaluate it again: subtitled queue retry", False),
        (FileState.UP_TO_DATE, "it is up-to-date; to evaluate it again", False),
        (FileState.WORKING, "it is being worked on now", False),
        (FileState.MISSING, "it is missing", False),
        (FileState.QUEUED, ": is next", True),
        (FileState.STABILISING, ": is next", True),
        (FileState.FAILED, ": is next", True),
    ],
)
def test_only_what_has_its_turn_later_is_told_to_be_next(
    home: Path, database: Database, subtitled: Run, state: FileState, said: str, is_sent: bool
) -> None:
    film = home / "films" / "a.mkv"
    film.touch()
    record_seen(database, "films", film, film.stat())
    record = database.files.get(film)
    assert record is not None
    database.states.set_state(record.id, state)
    output = subtitled("--config", home / "config.toml", "queue", "prioritise", film)
    assert said in output.stdout
    assert bool(database.commands.pending()) is is_sent


def test_finished_file_is_not_cancelled(
    config: Path, home: Path, database: Database, subtitled: Run
) -> None:
    film = home / "films" / "a.mkv"
    film.touch()
    record_seen(database, "films", film, film.stat())
    record = database.files.get(film)
    assert record is not None
    database.states.set_state(record.id, FileState.DONE)
    output = subtitled("--config", config, "queue", "cancel", film)
    assert "nothing to cancel, it is done" in output.stdout
    assert database.commands.pending() == []
    database.states.requeue(record.id)
    assert "cancelled" in subtitled("--config", config, "queue", "cancel", film).stdout
    assert [item.kind for item in database.commands.pending()] == ["cancel"]


def test_pause_of_one_library_and_for_a_duration(
    config: Path, database: Database, subtitled: Run
) -> None:
    now = time.time()
    output = subtitled("--config", config, "queue", "pause", "--for", "2h").stdout
    assert output.startswith("paused until ")
    assert "resume with: subtitled queue resume\n" in output
    output = subtitled("--config", config, "queue", "pause", "--library", "my shows").stdout
    assert "subtitled queue resume --library 'my shows'" in output
    (whole, shows) = active_pauses(database.kv, now)
    assert whole.until == pytest.approx(now + 7200, abs=60)
    assert shows == Pause("my shows")
    output = subtitled("--config", config, "queue", "resume").stdout
    assert output.splitlines()[0] == "resumed"
    assert "library my shows is still paused" in output
    assert active_pauses(database.kv, now) == [Pause("my shows")]
    subtitled("--config", config, "queue", "resume", "--library", "my shows")
    assert active_pauses(database.kv, now) == []
    assert {request.kind for request in database.commands.pending()} == {"wake-waiting"}


def test_wrong_arguments_are_rejected_with_hint(config: Path, subtitled: Run) -> None:
    for arguments, word in (
        (("pause", "--for", "soon"), "is not a duration"),
        (("pause", "--library", "nope"), "films, my shows"),
        (("resume", "--library", "nope"), "films, my shows"),
        (("retry",), "--state failed"),
    ):
        result = subtitled("--config", config, "queue", *arguments)
        assert result.exit_code == 2
        assert word in result.stderr
    result = subtitled("--config", config, "engine", "reset", "nope")
    assert result.exit_code == 2
    assert "whisper" in result.stderr


def test_open_circuit_breaker_is_shown_and_reset(
    config: Path, database: Database, subtitled: Run
) -> None:
    for media in "aab":
        with pytest.raises(TransientError), CircuitBreakers(database.kv).guard("whisper", media):
            raise TransientError("no memory", "Add some")
    output = status(config, subtitled)
    assert output["engines"]["whisper"]["state"] == "open"
    assert output["engines"]["whisper"]["failures"] == 3
    assert any(
        "engine whisper failed 3 times in a row (no memory)" in reason
        for reason in output["reasons"]
    )
    assert any(
        coming["description"] == "engine whisper is tried again" for coming in output["upcoming"]
    )
    assert (
        "circuit breaker closed"
        in subtitled("--config", config, "engine", "reset", "whisper").stdout
    )
    assert status(config, subtitled)["engines"] == {}
    assert (
        "no recorded failures" in subtitled("--config", config, "engine", "reset", "whisper").stdout
    )


def status(config: Path, run: Run) -> dict[str, Any]:
    output: dict[str, Any] = json.loads(run("--config", config, "status", "--json").stdout)
    return output


def test_status_shows_reasons_and_upcoming_events(
    config: Path, database: Database, home: Path, subtitled: Run
) -> None:
    film = home / "films" / "a.mkv"
    film.write_bytes(b"film")
    record_seen(database, "films", film, film.stat())
    output = status(config, subtitled)
    assert output["reasons"][0] == "the daemon does not run; start it with: subtitled run"
    assert output["reasons"][1] == "the hours of work are over for more than a year"
    assert "1 file is found and not looked at yet" in output["reasons"]
    morning = datetime.fromtimestamp(time.time()).astimezone().utctimetuple().tm_hour < 12
    closed = [reason for reason in output["reasons"] if "library films" in reason]
    assert bool(closed) is not morning
    (coming,) = [item for item in output["upcoming"] if "library films" in item["description"]]
    assert coming["description"].endswith("end" if morning else "begin")
    assert coming["at"] % 43200 == 0
    plain = subtitled("--config", config, "status").stdout
    assert "waits: the hours of work are over" in plain
    assert f"the hours of library films {'end' if morning else 'begin'}" in plain


def test_status_shows_similar_reasons_once(
    config: Path, database: Database, home: Path, subtitled: Run
) -> None:
    for name, free in (("a.mkv", 12), ("b.mkv", 11)):
        film = home / "films" / name
        film.write_bytes(b"film")
        record_seen(database, "films", film, film.stat())
        record = database.files.get(film)
        assert record is not None
        reason = f"the disk of library films has {free} MB free, fewer than 50"
        database.states.set_state(record.id, FileState.WAITING, reason=reason)
    output = status(config, subtitled)["reasons"]
    assert sum("MB free, fewer than 50" in reason for reason in output) == 1


def test_waiting_files_are_listed_with_reason_and_job(
    config: Path, database: Database, home: Path, subtitled: Run
) -> None:
    film = home / "films" / "a.mkv"
    film.write_bytes(b"film")
    record_seen(database, "films", film, film.stat())
    record = database.files.get(film)
    assert record is not None
    database.states.set_state(
        record.id, FileState.WAITING, reason="its hours are over", job_id="cafe-1"
    )
    listed = json.loads(subtitled("--config", config, "queue", "list", "--json").stdout)
    assert [(item["state"], item["detail"], item["job"]) for item in listed] == [
        ("waiting", "its hours are over", "cafe-1")
    ]
