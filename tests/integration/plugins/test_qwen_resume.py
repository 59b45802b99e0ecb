"""A file is uploaded and paid for once, despite crashes and lost responses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from subtitled.plugin import Checkpoint, TransientError
from subtitled_plugins.qwen import task_lookup
from support.fakes.dashscope import FakeDashScope, Fault
from support.qwen_harness import engine, request, sound

SUBMIT = "/services/audio/asr/transcription"


def test_a_second_call_takes_up_the_task_of_the_first(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    audio, asked = sound(tmp_path, 4.0), request(4.0, memo)
    first = engine(studio).transcribe(audio, asked)
    second = engine(studio).transcribe(audio, asked)
    assert first.words == second.words
    assert len(studio.uploads) == len(studio.tasks) == len(studio.billed) == 1


def test_a_task_that_is_not_done_in_time_is_left_and_taken_up_later(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.task_seconds = 3600.0
    audio, asked = sound(tmp_path, 4.0), request(4.0, memo)
    qwen = engine(studio)
    qwen._recogniser._timeouts = type(qwen._recogniser._timeouts)(0.01, 0.02, 0.2, 0.0)  # type: ignore[union-attr]
    with pytest.raises(TransientError, match="not done yet"):
        qwen.transcribe(audio, asked)
    for task in studio.tasks.values():
        task.due = 0.0
    engine(studio).transcribe(audio, asked)
    assert len(studio.uploads) == len(studio.tasks) == 1


def test_a_submission_whose_answer_is_lost_is_looked_for_and_not_repeated(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    studio.faults.append(Fault(route=SUBMIT, cut="after"))
    transcript = engine(studio).transcribe(sound(tmp_path, 4.0), request(4.0, memo))
    assert transcript.text
    assert len(studio.asked(SUBMIT)) == len(studio.tasks) == len(studio.billed) == 1


def test_another_task_of_the_same_account_is_not_taken_for_ours(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    other = sound(tmp_path, 2.0)
    engine(studio).transcribe(other, request(2.0))
    studio.faults.append(Fault(route=SUBMIT, cut="after"))
    transcript = engine(studio).transcribe(sound(tmp_path, 6.0), request(6.0, memo))
    assert "sentence 3" in transcript.text
    assert len(studio.tasks) == 2


def test_lost_submission_is_repeated_without_a_second_upload(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_lookup, "ARRIVAL_SECONDS", 0.2)
    studio.faults.append(Fault(route=SUBMIT, cut="before"))
    audio, asked = sound(tmp_path, 4.0), request(4.0, memo)
    with pytest.raises(TransientError, match="did not arrive"):
        engine(studio).transcribe(audio, asked)
    assert engine(studio).transcribe(audio, asked).text
    assert len(studio.uploads) == len(studio.tasks) == 1


def test_where_tasks_are_not_listed_nothing_is_submitted_for_a_day(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    studio.lists_tasks = False
    studio.faults.append(Fault(route=SUBMIT, cut="after"))
    audio, asked = sound(tmp_path, 4.0), request(4.0, memo)
    for _ in range(2):
        with pytest.raises(TransientError, match="does not list its tasks") as caught:
            engine(studio).transcribe(audio, asked)
        assert caught.value.retry_after
    assert len(studio.asked(SUBMIT)) == 1
    output = memo.load()
    memo.save(**output | {"submitting": str(time.time() - 25 * 3600)})
    assert engine(studio).transcribe(audio, asked).text
    assert len(studio.asked(SUBMIT)) == 2


def test_checkpoint_of_another_model_or_region_is_not_used(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    audio, asked = sound(tmp_path, 4.0), request(4.0, memo)
    engine(studio).transcribe(audio, asked)
    engine(studio, model="fun-asr").transcribe(audio, asked)
    assert len(studio.tasks) == 2


def test_unknown_task_is_submitted_again(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    audio, asked = sound(tmp_path, 4.0), request(4.0, memo)
    engine(studio).transcribe(audio, asked)
    studio.tasks.clear()
    with pytest.raises(TransientError, match="no longer known"):
        engine(studio).transcribe(audio, asked)
    assert engine(studio).transcribe(audio, asked).text


def test_audio_that_could_not_be_fetched_is_uploaded_again(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    audio, asked = sound(tmp_path, 4.0), request(4.0, memo)
    created, store = engine(studio), studio.form_post
    studio.form_post = lambda fields: None  # type: ignore[method-assign]
    with pytest.raises(TransientError, match="FILE_404_NOT_FOUND"):
        created.transcribe(audio, asked)
    studio.form_post = store  # type: ignore[method-assign]
    assert created.transcribe(audio, asked).text


def test_nothing_is_paid_twice_when_the_process_is_killed_at_any_step(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    audio = sound(tmp_path, 4.0)
    studio.task_seconds = 0.5
    script = f"""
from pathlib import Path
from support.qwen_harness import engine, request
from support.fakes.dashscope import FakeDashScope
from subtitled.plugin import Audio, Checkpoint
from subtitled_plugins.qwen import task_lookup as search
search.ARRIVAL_SECONDS = 1.0
service = FakeDashScope()
service.port = {studio.port}
memo = Checkpoint(Path({str(memo.path)!r}))
engine(service).transcribe(Audio(Path({str(audio.path)!r})), request(4.0, memo))
"""
    tests = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tests), *sys.path])}

    def until(reached: str) -> None:
        process = subprocess.Popen([sys.executable, "-c", script], env=environment)
        try:
            limit = time.monotonic() + 60
            while reached not in memo.load() and process.poll() is None:
                assert time.monotonic() < limit, "the engine did not get that far"
                time.sleep(0.002)
            assert reached in memo.load()
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    for reached in ("object", "submitting", "task"):
        until(reached)
    assert engine(studio).transcribe(audio, request(4.0, memo)).text
    assert len(studio.uploads) == 1
    assert len(studio.tasks) == len(studio.billed) == 1
