"""``queue`` and ``status``, as a person types them; no daemon runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from subtitled.cli import engine, queue, scan  # noqa: F401 - their commands are added
from subtitled.cli import status as _status  # noqa: F401
from subtitled.cli.app import app
from subtitled.config.load import load_config
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobcontext.services import open_database
from subtitled.jobs.gate import Pause, active_pauses
from subtitled.plugin import TransientError

Run = Callable[..., Result]


@pytest.fixture
def subtitled() -> Run:
    """Runs the command in this process: a new one takes seconds to begin."""

    def run(*arguments: object) -> Result:
        environment = {"COLUMNS": "200"}
        return CliRunner().invoke(app, [str(one) for one in arguments], env=environment)

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
def ledger(config: Path) -> Database:
    return open_database(load_config(config))


def test_a_file_is_known_however_it_was_typed_and_what_is_no_file_of_ours_is_said(
    config: Path, home: Path, ledger: Database, subtitled: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = home / "films" / "a.mkv"
    film.touch()
    (home / "link").symlink_to(home / "films")
    monkeypatch.chdir(home / "state")
    for typed in ("../films/a.mkv", home / "link" / "a.mkv"):
        assert subtitled("--config", config, "queue", "retry", typed).exit_code == 0
        (asked,) = ledger.commands.pending()
        assert asked.path == film
        ledger.commands.mark_done([asked.id])
    config.write_text(config.read_text().replace(f"{home}/films", f"{home}/link"))
    assert subtitled("--config", config, "queue", "prioritise", film).exit_code == 0
    (asked,) = ledger.commands.pending()
    assert asked.path == home / "link" / "a.mkv"
    ledger.commands.mark_done([asked.id])
    for typed, why in (
        ("/srv/elsewhere/a.mkv", f"is in no library. Libraries: films in {home}/link"),
        (home / "link" / "none.mkv", "does not exist"),
        (home / "link", "is a folder"),
    ):
        for command in (("queue", "cancel"), ("queue", "retry"), ("queue", "prioritise")):
            said = subtitled("--config", config, *command, typed)
            assert said.exit_code == 2
            assert why in said.stderr
    assert subtitled("--config", config, "scan", "/srv/elsewhere").exit_code == 2
    assert subtitled("--config", config, "scan", home / "link").exit_code == 0
    assert [(one.kind, one.path) for one in ledger.commands.pending()] == [("scan", home / "link")]


def test_what_is_done_is_not_cancelled(
    config: Path, home: Path, ledger: Database, subtitled: Run
) -> None:
    film = home / "films" / "a.mkv"
    film.touch()
    ledger.record_seen("films", film, film.stat())
    record = ledger.get(film)
    assert record is not None
    ledger.set_state(record.id, FileState.DONE)
    said = subtitled("--config", config, "queue", "cancel", film)
    assert "nothing to cancel, it is done" in said.stdout
    assert ledger.commands.pending() == []
    ledger.requeue(record.id)
    assert "cancelled" in subtitled("--config", config, "queue", "cancel", film).stdout
    assert [one.kind for one in ledger.commands.pending()] == ["cancel"]


def test_a_pause_may_be_of_one_library_and_for_a_while(
    config: Path, ledger: Database, subtitled: Run
) -> None:
    now = time.time()
    said = subtitled("--config", config, "queue", "pause", "--for", "2h").stdout
    assert said.startswith("paused until ")
    assert "resume with: subtitled queue resume\n" in said
    said = subtitled("--config", config, "queue", "pause", "--library", "my shows").stdout
    assert "subtitled queue resume --library 'my shows'" in said
    (whole, shows) = active_pauses(ledger.kv, now)
    assert whole.until == pytest.approx(now + 7200, abs=60)
    assert shows == Pause("my shows")
    said = subtitled("--config", config, "queue", "resume").stdout
    assert said.splitlines()[0] == "resumed"
    assert "library my shows is still paused" in said
    assert active_pauses(ledger.kv, now) == [Pause("my shows")]
    subtitled("--config", config, "queue", "resume", "--library", "my shows")
    assert active_pauses(ledger.kv, now) == []
    assert {request.kind for request in ledger.commands.pending()} == {"wake-waiting"}


def test_wrong_use_is_refused_with_what_there_is(config: Path, subtitled: Run) -> None:
    for arguments, word in (
        (("pause", "--for", "soon"), "is not a duration"),
        (("pause", "--library", "nope"), "films, my shows"),
        (("resume", "--library", "nope"), "films, my shows"),
        (("retry",), "--state failed"),
    ):
        ran = subtitled("--config", config, "queue", *arguments)
        assert ran.exit_code == 2
        assert word in ran.stderr
    ran = subtitled("--config", config, "engine", "reset", "nope")
    assert ran.exit_code == 2
    assert "whisper" in ran.stderr


def test_an_engine_that_is_left_alone_is_shown_and_reset(
    config: Path, ledger: Database, subtitled: Run
) -> None:
    for medium in "aab":
        with pytest.raises(TransientError), CircuitBreakers(ledger.kv).guard("whisper", medium):
            raise TransientError("no memory", "Add some")
    said = status(config, subtitled)
    assert said["engines"]["whisper"]["state"] == "open"
    assert said["engines"]["whisper"]["failures"] == 3
    assert any(
        "engine whisper failed 3 times in a row (no memory)" in why for why in said["reasons"]
    )
    assert any(
        coming["description"] == "engine whisper is tried again" for coming in said["upcoming"]
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
    said: dict[str, Any] = json.loads(run("--config", config, "status", "--json").stdout)
    return said


def test_status_says_why_nothing_happens_and_what_comes_next(
    config: Path, ledger: Database, home: Path, subtitled: Run
) -> None:
    film = home / "films" / "a.mkv"
    film.write_bytes(b"film")
    ledger.record_seen("films", film, film.stat())
    said = status(config, subtitled)
    assert said["reasons"][0] == "the daemon does not run; start it with: subtitled run"
    assert said["reasons"][1] == "the hours of work are over for more than a year"
    assert "1 file is not processed yet: they may still be changing" in said["reasons"]
    morning = datetime.fromtimestamp(time.time()).astimezone().utctimetuple().tm_hour < 12
    closed = [why for why in said["reasons"] if "library films" in why]
    assert bool(closed) is not morning
    (coming,) = [one for one in said["upcoming"] if "library films" in one["description"]]
    assert coming["description"].endswith("end" if morning else "begin")
    assert coming["at"] % 43200 == 0
    plain = subtitled("--config", config, "status").stdout
    assert "waits: the hours of work are over" in plain
    assert f"the hours of library films {'end' if morning else 'begin'}" in plain


def test_status_says_once_what_only_showed_when_jobs_were_begun(
    config: Path, ledger: Database, home: Path, subtitled: Run
) -> None:
    for name, free in (("a.mkv", 12), ("b.mkv", 11)):
        film = home / "films" / name
        film.write_bytes(b"film")
        ledger.record_seen("films", film, film.stat())
        record = ledger.get(film)
        assert record is not None
        why = f"the disk of library films has {free} MB free, fewer than 50"
        ledger.set_state(record.id, FileState.WAITING, reason=why)
    said = status(config, subtitled)["reasons"]
    assert sum("MB free, fewer than 50" in why for why in said) == 1


def test_what_waits_is_listed_with_its_reason_and_the_job_of_each_file(
    config: Path, ledger: Database, home: Path, subtitled: Run
) -> None:
    film = home / "films" / "a.mkv"
    film.write_bytes(b"film")
    ledger.record_seen("films", film, film.stat())
    record = ledger.get(film)
    assert record is not None
    ledger.set_state(record.id, FileState.WAITING, reason="its hours are over", job_id="cafe-1")
    listed = json.loads(subtitled("--config", config, "queue", "list", "--json").stdout)
    assert [(one["state"], one["detail"], one["job"]) for one in listed] == [
        ("waiting", "its hours are over", "cafe-1")
    ]
