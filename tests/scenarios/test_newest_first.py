"""The newest files of a library come first, also before those that are queued already."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from subtitled.db.kv import SCANNED_KEY
from subtitled.db.records import FileState
from subtitled.plugin import TranscriptionRequest
from support.harness import Harness, film


@pytest.mark.parametrize(
    ("order", "expected"), [("newest", ["C", "D", "B", "A"]), ("oldest", ["A", "B", "D", "C"])]
)
def test_what_was_added_last_is_first_whatever_is_queued_before(
    tmp_path: Path, order: str, expected: list[str]
) -> None:
    harness = Harness(tmp_path, f'order = "{order}"')
    engine: Any = harness.engine
    transcribe, begun, may_go_on = engine.transcribe, list[str](), threading.Event()

    def follow(audio: Any, request: TranscriptionRequest) -> Any:
        (working,) = harness.database.states.by_state(FileState.WORKING)
        if working.path.stem not in begun:
            begun.append(working.path.stem)
        assert may_go_on.wait(60)
        return transcribe(audio, request)

    engine.transcribe = follow

    def add(name: str, hour: int) -> None:
        path = film(harness.root / f"{name}.wav", hour)
        os.utime(path, (hour * 3600.0, hour * 3600.0))

    def find() -> None:
        harness.database.kv.set(f"{SCANNED_KEY}films", None)  # it is the first scan again
        harness.intake.scan("films")
        for record in harness.intake.ready_files(time.time() + 1):
            harness.jobs.plan(record)

    for name, hour in (("A", 100), ("B", 200), ("C", 400)):
        add(name, hour)
    find()
    deadline = time.monotonic() + 60
    while not begun and time.monotonic() < deadline:
        time.sleep(0.05)
    add("D", 300)
    find()
    may_go_on.set()
    harness.settle()
    assert begun == expected
    harness.close()
