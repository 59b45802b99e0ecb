"""What a job took is measured when it has done all of its work, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.db.records import FileState
from subtitled.plugin import Audio, Transcript, TranscriptionRequest, TransientError
from support.harness import Harness, film


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = Harness(tmp_path)
    yield made
    made.close()


def test_a_finished_job_is_a_measurement_and_a_failed_one_is_none(harness: Harness) -> None:
    first = film(harness.root / "A Film (1999).wav", 1)
    harness.scan()
    assert harness.the(first).state is FileState.DONE
    (run,) = harness.database.job_runs.newest()
    assert (run.library, run.engine, run.model) == ("films", "whisper", "base")
    assert run.sound_seconds == harness.the(first).duration
    assert run.speech_seconds > 0
    assert 0 < run.engine_seconds < run.work_seconds
    harness.engine.crashes = True
    second = film(harness.root / "B.wav", 2)
    harness.scan()
    assert harness.the(second).state is FileState.QUARANTINED
    assert harness.database.job_runs.newest() == [run]


def test_a_job_that_does_the_rest_of_another_is_no_measurement(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcribe, calls = harness.engine.transcribe, 0

    def fail_once(audio: Audio, request: TranscriptionRequest) -> Transcript:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise TransientError("the service is busy", "Wait")
        return transcribe(audio, request)

    monkeypatch.setattr(harness.engine, "transcribe", fail_once)
    media = film(harness.root / "A.wav", 1)
    harness.scan()
    assert harness.the(media).state is FileState.DONE
    assert calls > 2
    assert harness.database.job_runs.newest() == []
    film(harness.root / "B.wav", 2)
    harness.scan()
    assert len(harness.database.job_runs.newest()) == 1
