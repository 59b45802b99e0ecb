"""Other processes use what takes much memory, and end when they are not asked any more."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.glossary.guessed_titles import guess_title
from subtitled.helper_process import use_helpers
from subtitled.subtitles import language_model

PATH = "Harbour Lights/Season 02/Harbour.Lights.S02E03.The.Lantern.1080p"
SAID = {"title": "Harbour Lights", "episode_title": "The Lantern", "type": "episode"}
TEXT = "Das ist ein Satz, den man nur auf Deutsch so sagen kann, und noch einer."


@pytest.fixture
def helpers() -> Iterator[None]:
    use_helpers(idle_seconds=2.0)
    yield
    use_helpers(None)


def children() -> set[int]:
    listed = Path(f"/proc/{os.getpid()}/task/{threading.main_thread().native_id}/children")
    return {int(pid) for pid in listed.read_text("ascii").split()}


@pytest.mark.usefixtures("helpers")
def test_a_helper_answers_and_ends_when_it_is_idle() -> None:
    before = children()
    assert guess_title(PATH) == SAID
    assert (guess_title("a film \udcff (1999)") or {}).get("year") == 1999
    assert children() - before
    deadline = time.monotonic() + 20
    while children() - before:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert guess_title(PATH) == SAID


@pytest.mark.usefixtures("helpers")
def test_a_helper_that_was_killed_is_replaced() -> None:
    before = children()
    guess_title(PATH)
    for pid in children() - before:
        os.kill(pid, signal.SIGKILL)
    assert guess_title(PATH) == SAID


@pytest.mark.usefixtures("helpers")
def test_without_a_helper_the_process_answers_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert guess_title(PATH) == SAID
    assert not language_model.start_loading()


def test_a_helper_ranks_languages_as_the_process_itself_does() -> None:
    def ask() -> list[object]:
        language_model.known_labels.cache_clear()
        return [
            language_model.classify_text(TEXT),
            language_model.rank_labels(TEXT),
            language_model.rank_likelihoods(TEXT.casefold()),
            language_model.known_labels(),
        ]

    here = ask()
    before = children()
    use_helpers(idle_seconds=2.0)
    try:
        assert language_model.start_loading()
        assert children() - before
        assert ask() == here
    finally:
        use_helpers(None)
