"""Titles are read from paths in a process that ends when it is not asked any more."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.glossary import guessed_titles
from subtitled.glossary.guessed_titles import guess_in_another_process, guess_title

PATH = "Harbour Lights/Season 02/Harbour.Lights.S02E03.The.Lantern.1080p"
SAID = {"title": "Harbour Lights", "episode_title": "The Lantern", "type": "episode"}


@pytest.fixture
def another_process() -> Iterator[None]:
    guess_in_another_process(idle_seconds=2.0)
    yield
    guessed_titles._processes.clear()


def children() -> list[int]:
    listed = Path(f"/proc/{os.getpid()}/task/{threading.main_thread().native_id}/children")
    return [int(pid) for pid in listed.read_text("ascii").split()]


@pytest.mark.usefixtures("another_process")
def test_another_process_reads_the_same_and_ends_when_it_is_idle() -> None:
    before = set(children())
    assert guess_title(PATH) == SAID
    assert (guess_title("a film \udcff (1999)") or {}).get("year") == 1999
    assert set(children()) - before
    deadline = time.monotonic() + 20
    while set(children()) - before:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert guess_title(PATH) == SAID


@pytest.mark.usefixtures("another_process")
def test_a_process_that_was_killed_is_replaced() -> None:
    before = set(children())
    guess_title(PATH)
    for pid in set(children()) - before:
        os.kill(pid, signal.SIGKILL)
    assert guess_title(PATH) == SAID


@pytest.mark.usefixtures("another_process")
def test_titles_are_read_here_if_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert guess_title(PATH) == SAID
