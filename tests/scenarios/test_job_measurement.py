"""What a job took is measured when it has done all of its work, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.db.records import FileState
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
