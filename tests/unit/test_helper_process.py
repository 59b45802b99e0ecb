"""Other processes use what takes much memory, and end when they are not asked any more."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled import helper_process
from subtitled.glossary.guessed_titles import guess_title
from subtitled.helper_process import HelperProcess, use_helpers
from subtitled.media.numpy_process import call
from subtitled.media.short_sound import mix_sides
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


@pytest.mark.usefixtures("helpers")
def test_an_error_of_a_file_is_told_as_it_was(tmp_path: Path) -> None:
    before = children()
    sound, missing = tmp_path / "sound", tmp_path / "no" / "sound"
    sound.write_bytes(bytes(4000))
    with pytest.raises(OSError) as raised:
        call(mix_sides, str(missing), str(tmp_path / "mono"))
    assert isinstance(raised.value, FileNotFoundError)
    assert raised.value.filename == str(missing)
    with pytest.raises(OSError) as raised:
        call(mix_sides, str(sound), "/dev/full")
    assert raised.value.errno == errno.ENOSPC
    assert len(children() - before) == 1, "the process goes on"
    call(mix_sides, str(sound), str(tmp_path / "mono"))
    assert (tmp_path / "mono").read_bytes() == bytes(2000)


@pytest.mark.usefixtures("helpers")
def test_a_helper_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = HelperProcess("subtitled.glossary.guessed_titles")
    before = children()
    assert asked.ask(PATH, lambda _: None) == SAID
    monkeypatch.setattr(helper_process, "ANSWER_SECONDS", 3.0)
    (hung,) = children() - before
    os.kill(hung, signal.SIGSTOP)
    assert asked.ask(PATH, lambda _: None) == SAID, "by a second process"
    assert hung not in children()


SLOW = """
import time
from subtitled.helper_process import answer_questions
answer_questions(lambda seconds: time.sleep(seconds))
"""


def test_a_helper_ends_in_the_middle_of_its_work_when_nobody_waits_for_it() -> None:
    command = [sys.executable, "-c", SLOW, "60"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"0\n60\n")
        process.stdin.flush()
        assert process.stdout is not None
        assert process.stdout.readline() == b'{"answer": null}\n'
        process.stdin.close()
        assert process.wait(10) == 0
