"""What doctor and explain say of how a library is watched, and why."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitled.config.load import load
from subtitled.jobcontext.services import open_ledger
from subtitled.library.mailbox import WATCHING
from subtitled.service.doctor import examine_machine, watched
from subtitled.service.lock import StateLock

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


def test_without_a_daemon_it_is_said_how_it_would_be_watched(config: Path) -> None:
    configuration = load(config)
    assert watched(configuration, "films").startswith("watched by events: ")
    assert watched(configuration, "nas") == "polled: as the configuration says"


def test_a_limit_that_the_daemon_met_is_a_finding_with_the_line_that_cures_it(
    config: Path, home: Path
) -> None:
    configuration = load(config)
    ledger = open_ledger(configuration)
    ledger.mailbox.control(f"{WATCHING}films", f"polled: {LIMIT}")
    assert watched(configuration, "films").startswith("watched by events: ")
    lock = StateLock(home / "state")
    try:
        assert watched(configuration, "films") == f"polled: {LIMIT}"
        (found,) = [f for f in examine_machine(configuration, config) if f.what == "watching films"]
        assert not found.ok
        assert found.cure.startswith("sysctl fs.inotify.max_user_watches=524288")
    finally:
        lock.release()


def test_explain_says_how_a_file_s_library_is_watched(
    config: Path, home: Path, subtitled: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (home / "films" / "a.mkv").write_bytes(b"film")
    said = subtitled("--config", config, "explain", home / "films" / "a.mkv", "--json")
    assert " tells of changes" in json.loads(said.stdout)["watched"]
