"""Tests of summaries that a library wants, in the output and in a killed daemon."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subtitled.plugin.testing import FakeChat, serve_chat
from support.recorded_speech import Recording

Run = Callable[..., Any]
ANSWER = json.dumps({"synopsis": "Ask not.", "chapters": [], "keywords": ["country"]})


def configure(home: Path, url: str, languages: str, more: str = "") -> Path:
    (home / "films").mkdir()
    config = home / "config.toml"
    config.write_text(
        f'[daemon]\nstate_dir = "{home}/daemon"\n'
        f'[libraries.films]\npath = "{home}/films"\nstability_delay = "0s"\n'
        'allowed_destinations = "any"\n'
        f"[libraries.films.summaries]\nlanguages = {languages}\n"
        f'[translators.openai]\nurl = "{url}"\nmodel = "tiny"\n{more}'
    )
    return config


def test_plan_and_explain_show_summaries_and_unknown_translator_is_an_issue(
    subtitled: Run, home: Path, film: Callable[..., Path]
) -> None:
    far = "https://far.example/v1"
    price = '[prices.openai]\namount = 1e6\ncurrency = "EUR"\nper = "million characters"\n'
    config = configure(home, far, '["es"]', f"is_local = false\n{price}")
    path = film("Film.mkv").rename(home / "films" / "Film.mkv")
    document = json.loads(subtitled("--config", config, "plan", "--json").stdout)
    assert document["files"][0]["requirements"] == ["original", "summary es"]
    assert document["money"]["EUR"] > 1
    document = json.loads(subtitled("--config", config, "explain", path, "--json").stdout)
    assert (
        document["requirements"]["summary es"] == "to be written by openai as summary.json, ffmeta"
    )
    config.write_text(config.read_text().replace('["es"]', '["es"]\ntranslators = ["opnai"]'))
    checked = subtitled("--config", config, "config", "check")
    assert checked.returncode == 2
    assert "libraries.films.summaries.translators" in checked.stderr
    document = json.loads(subtitled("--config", config, "config", "check", "--json").stdout)
    assert [item["key"] for item in document["issues"]] == ["libraries.films.summaries.translators"]


@pytest.mark.slow
@pytest.mark.model
def test_killed_daemon_does_not_generate_stored_summary_again(
    subtitled: Run,
    home: Path,
    film: Callable[..., Path],
    english_speech: Recording,
    model_base: Path,
) -> None:
    release = threading.Event()

    def write(text: str) -> str:
        if len(chat.requests) == 2:
            release.wait(60)
        return ANSWER

    with serve_chat(FakeChat(translate=str.upper, write=write)) as chat:
        config = configure(home, chat.url, '["en", "es"]')
        film("Film.mkv", english_speech.path).rename(home / "films" / "Film.mkv")

        def daemon() -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "subtitled", "--config", str(config), "run"]
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, env=os.environ, start_new_session=True
            )

        def wait_for(what: Callable[[], bool]) -> None:
            deadline = time.monotonic() + 90
            while not what():
                assert time.monotonic() < deadline
                time.sleep(0.1)

        for killed, until in (
            (True, lambda: len(chat.requests) == 2),
            (False, lambda: (home / "films" / "Film.es.ffmeta").exists()),
        ):
            process = daemon()
            try:
                wait_for(until)
            finally:
                os.killpg(process.pid, signal.SIGKILL if killed else signal.SIGTERM)
                process.wait(30)
                release.set()
    assert ["English" in str(item) for item in chat.requests] == [True, False, False]
    assert sorted(item.name for item in (home / "films").iterdir()) == [
        "Film.en.ffmeta",
        "Film.en.srt",
        "Film.en.summary.json",
        "Film.es.ffmeta",
        "Film.es.summary.json",
        "Film.mkv",
    ]
