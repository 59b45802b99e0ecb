"""How `doctor` and `explain` describe how a library is watched, and why."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitled.config.load import load_config
from subtitled.daemon.doctor import check_machine, describe_watching
from subtitled.daemon.lock import StateLock
from subtitled.db.kv import WATCH_MODE_KEY
from subtitled.jobcontext.services import open_database

LIMIT = "the kernel's limit is reached; raise it with: sysctl fs.inotify.max_user_watches=524288"


@pytest.fixture
def config(home: Path) -> Path:
    (home / "films").mkdir()
    path = home / "config.toml"
    path.write_text(
        f'[daemon]\nstate_dir = "{home}/state"\n[libraries.films]\npath = "{home}/films"\n'
        f'[libraries.nas]\npath = "{home}/films"\nwatch = "poll"\n',
        "utf-8",
    )
    return path


def test_watch_mode_is_shown_without_a_daemon(config: Path) -> None:
    configuration = load_config(config)
    assert describe_watching(configuration, "films").startswith("watched by events: ")
    assert describe_watching(configuration, "nas") == "polled: as the configuration says"


def test_a_limit_that_the_daemon_met_is_a_finding_with_the_line_that_cures_it(
    config: Path, home: Path
) -> None:
    configuration = load_config(config)
    database = open_database(configuration)
    database.kv.set(f"{WATCH_MODE_KEY}films", f"polled: {LIMIT}")
    assert describe_watching(configuration, "films").startswith("watched by events: ")
    lock = StateLock(home / "state")
    try:
        assert describe_watching(configuration, "films") == f"polled: {LIMIT}"
        (found,) = [
            f for f in check_machine(configuration, config) if f.subject == "watching films"
        ]
        assert not found.ok
        assert found.hint.startswith("sysctl fs.inotify.max_user_watches=524288")
    finally:
        lock.release()


def test_explain_shows_the_watch_mode_of_the_library(
    config: Path, home: Path, subtitled: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (home / "films" / "a.mkv").write_bytes(b"film")
    explanation = subtitled("--config", config, "explain", home / "films" / "a.mkv", "--json")
    assert " reports changes" in json.loads(explanation.stdout)["watch_mode"]
