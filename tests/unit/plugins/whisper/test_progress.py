"""Tests of what Whisper tells of its progress, and of its end when it is cancelled."""

from __future__ import annotations

import pytest

from subtitled.plugin import Chunk, Language, TimeSpan, TranscriptionRequest, TransientError
from subtitled.plugin.call_control import CallControl
from subtitled_plugins.whisper.engine import follow_batches
from subtitled_plugins.whisper.windows import Window

WINDOWS = [Window((TimeSpan(start, start + 25.0),)) for start in (100.0, 130.0, 160.0, 190.0)]
CHUNK = Chunk(TimeSpan(100.0, 300.0), tuple(window.parts[0] for window in WINDOWS))


def _request(control: CallControl) -> TranscriptionRequest:
    return TranscriptionRequest(chunk=CHUNK, language=Language("en"), control=control)


def test_progress_grows_with_the_windows_and_not_with_those_decoded_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("subtitled.plugin.call_control.REPORT_SECONDS", 0.0)
    told: list[float] = []
    follow = follow_batches(_request(CallControl(told.append)), WINDOWS)
    follow(WINDOWS[:2])
    follow(WINDOWS[2:])
    follow([Window((TimeSpan(100.0, 110.0),))])
    follow(WINDOWS[:1])
    assert told == [0.0, 100.0, 200.0, 200.0]


def test_a_cancelled_call_decodes_no_more_windows() -> None:
    follow = follow_batches(_request(CallControl(is_cancelled=lambda: True)), WINDOWS)
    with pytest.raises(TransientError, match="cancelled"):
        follow(WINDOWS[:1])


def test_a_chunk_without_windows_reports_nothing() -> None:
    told: list[float] = []
    follow_batches(_request(CallControl(told.append)), [])([])
    assert told == []
