"""``--json`` of a command is what the answer says, whoever else renders it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from subtitled.cli import egress, engine, explain, plan, queue, status  # noqa: F401
from subtitled.cli.app import app
from subtitled.config.load import Configuration, load_config
from subtitled.daemon.answers.egress import describe_egress
from subtitled.daemon.answers.file import describe_file, explain_file
from subtitled.daemon.answers.plan import PlanAnswer, find_media, plan_files
from subtitled.daemon.answers.queue import QUEUE_STATES, list_queue
from subtitled.daemon.answers.status import describe_status
from subtitled.daemon.control import pause_work
from subtitled.db.database import Database
from subtitled.db.egress_log import BudgetCap, EgressEntry
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.kv import SERVER_ERROR_KEY
from subtitled.db.records import FileState
from subtitled.jobcontext.services import open_database
from support.seen_files import record_seen

EVIL = os.fsdecode(b"[red]caf\xe9\n.mkv")


class Installation:
    """A library with files in several states, budgets, a pause and a server that is down."""

    def __init__(self, home: Path, film: Callable[..., Path]) -> None:
        self.root = home / "films"
        self.root.mkdir()
        self.films = [film("a.mkv").rename(self.root / name) for name in ("a.mkv",)]
        self.films.append(Path(film("b.mkv").rename(self.root / EVIL)))
        (self.root / "broken.mkv").write_bytes(b"no film")
        self.films.append(self.root / "broken.mkv")
        config = home / "config.toml"
        config.write_text(
            f"[daemon]\nstate_dir = '{home}/st'\n[libraries.films]\npath = '{self.root}'\n"
            "[budgets.cloud]\nmax_cost = 5.0\n"
        )
        self.config = config
        (home / "st").mkdir()
        self.configuration: Configuration = load_config(config)
        self.db: Database = open_database(self.configuration)
        states = (FileState.WORKING, FileState.WAITING, FileState.FAILED)
        for path, state in zip(self.films, states, strict=True):
            record_seen(self.db, "films", path, path.stat())
            record = self.db.files.get(path)
            assert record is not None
            self.db.states.set_state(
                record.id, state, reason="no [budget]", attempts=3, worker="attic", job_id="j"
            )
            self.db.history.add(
                HistoryEntry(event=HistoryEvent.ENDED, path=path, file_id=record.id, reason="x")
            )
        pause_work(self.db, "films", 4e9, "ana")
        self.db.kv.set(f"{SERVER_ERROR_KEY}jellyfin", "refused the key")
        entry = EgressEntry(
            key="k",
            path=self.films[1],
            library="films",
            component="qwen",
            destination="qwen:singapore",
            kind="audio",
            amount=90.0,
            price=0.01,
            currency="USD",
        )
        self.db.egress_log.open(entry, [BudgetCap("cloud", "2026-11", 5.0)])

    def run(self, *arguments: str, exit_code: int = 0) -> Any:
        """Run a command in this process, and return what it printed as JSON."""
        result = CliRunner().invoke(app, ["--config", str(self.config), *arguments, "--json"])
        assert result.exit_code == exit_code, result.output
        return json.loads(result.stdout)

    def said(self, answer: Any) -> Any:
        """Return an answer as a client reads it. It needs no help to become JSON."""
        return json.loads(json.dumps(answer))


@pytest.fixture
def installation(home: Path, film: Callable[..., Path]) -> Installation:
    return Installation(home, film)


def test_what_the_commands_print_as_json_is_what_the_answers_say(
    installation: Installation,
) -> None:
    configuration, db, run = installation.configuration, installation.db, installation.run
    said = installation.said
    status_answer = run("status")
    assert status_answer == said(describe_status(configuration, db).to_dict())
    assert status_answer["servers"]["jellyfin"]["error"] == "refused the key"
    assert len(status_answer["active_jobs"]) == 1
    listed = run("queue", "list")
    assert listed == said([file.to_dict() for file in list_queue(db, 50)])
    assert [file["state"] for file in listed] == ["working", "waiting", "failed"]
    assert listed[1]["detail"] == "no [budget] (tried 3 times)"
    failed = run("queue", "list", "--state", "failed", "--limit", "1")
    assert failed == said([file.to_dict() for file in list_queue(db, 1, [FileState.FAILED])])
    spent = run("egress")
    assert spent == said(describe_egress(configuration.settings, db).to_dict())
    assert len(spent["entries"]) == len(spent["budgets"]) == 1
    assert run("egress", "--library", "series")["entries"] == []
    media_files = list(find_media(configuration, [installation.root]))
    planned = PlanAnswer(tuple(plan_files(configuration, db, media_files)))
    assert run("plan", exit_code=1) == said(planned.to_dict())
    assert run("plan", "--summary", "--probe", exit_code=1) == said(planned.summary_to_dict())
    assert planned.errors == 1
    for path, exit_code in zip(installation.films, (0, 0, 1), strict=True):
        explanation = run("explain", str(path), exit_code=exit_code)
        assert explanation == said(explain_file(configuration, db, path).to_dict())
        assert explanation["database"]["reason"] == "no [budget]"
        assert ("error" in explanation) == (exit_code == 1)


def test_what_is_known_of_a_file_at_once_agrees_with_what_a_look_tells(
    installation: Installation,
) -> None:
    path = installation.films[1]
    record = installation.db.files.get(path)
    assert record is not None
    known = describe_file(installation.configuration, installation.db, record).to_dict()
    looked = explain_file(installation.configuration, installation.db, path).to_dict()
    assert known["path"] == looked["path"]
    assert known["state"] == looked["database"]["state"]
    assert known["reason"] == looked["database"]["reason"]
    assert [entry["reason"] for entry in known["history"]] == ["x"]
    json.dumps(known)


def test_the_history_says_that_the_command_line_paused_resumed_and_reset(
    installation: Installation,
) -> None:
    for command in (
        ("queue", "pause", "--for", "2h"),
        ("queue", "resume", "--library", "films"),
        ("engine", "reset", "whisper"),
    ):
        result = CliRunner().invoke(app, ["--config", str(installation.config), *command])
        assert result.exit_code == 0, result.output
    newest = installation.db.history.newest(3)
    assert [entry.reason for entry in newest] == ["reset-engine", "resume", "pause"]
    assert {entry.actor for entry in newest} == {"command line"}
    assert [entry.library for entry in newest] == [None, "films", None]


def test_the_queue_shows_every_state_but_the_successful_ones() -> None:
    assert set(FileState) - set(QUEUE_STATES) == {FileState.DONE, FileState.UP_TO_DATE}
