"""A transcript folder of an older version is converted once, whenever its conversion is killed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subtitled.plugin import (
    Chunk,
    Language,
    SegmentScores,
    TimeSpan,
    Transcript,
    UsageRecord,
    Word,
)
from subtitled.subtitles.hallucination import RemovedText
from subtitled.transcripts.migration import migrate_fingerprint
from subtitled.transcripts.models import (
    FailedAttempt,
    FallbackRecord,
    LanguageSegment,
    ShotCuts,
    TrackAnalysis,
    TranscriptReuse,
)
from subtitled.transcripts.store import TranscriptStore
from subtitled.translation.cache import LineCache, untranslated
from subtitled.translation.checks import LineIssue

EN = Language("en")
CHUNK = Chunk(TimeSpan(0, 12.5), ())
OLD_TRANSCRIPT = {
    "language": "en",
    "words": [
        {
            "text": " Hi",
            "start": 1.0,
            "end": 1.5,
            "confidence": 0.5,
            "speaker": None,
            "estimated": True,
        }
    ],
    "engine": "w",
    "recipe": "w-1",
    "evidence": [
        {"start": 1.0, "end": 1.5, "log_probability": -0.5, "no_speech": 0.1, "compression": 1.5}
    ],
    "sent": [{"kind": "audio", "amount": 12.5, "host": "h", "price": None}],
    "notes": [{"start": 1.0, "end": 1.5, "language": "en", "emotion": "happy"}],
    "word_times": False,
}
OLD_FILES: dict[str, Any] = {
    "shots.json": {"frame_rate": 25.0, "cuts": [1.0]},
    "1/listened.json": {
        "duration": 12.5,
        "speech": [{"start": 1.0, "end": 2.0}],
        "language": "en",
        "confidence": 0.9,
        "why": "heard",
        "quiet": [{"start": 1.5, "end": 2.0}],
        "runs": [{"interval": {"start": 0.0, "end": 12.5}, "language": "en"}],
    },
    "1/retimed.json": {
        "content": "cd34",
        "track": 2,
        "offset": 0.5,
        "peak": 0.9,
        "rival": 0.3,
        "parts": 4,
        "agreeing": 3,
        "doubt": "",
    },
    "1/w-1/0-12500.json": OLD_TRANSCRIPT,
    "1/w-1/0-12500.said.json": OLD_TRANSCRIPT,
    "1/w-1/0-12500.memo.json": {"task": "7"},
    "1/w-1/0-12500.course.json": {
        "engine": "w",
        "recipe": "w-1",
        "attempts": [{"engine": "x", "why": "it refused", "for_good": False}],
        "times": "times estimated",
    },
    "1/w-1/removed.json": [{"start": 1.0, "end": 1.5, "text": "Hi", "reason": "it loops"}],
    "1/w-1/terms.json": ["Sherlock"],
    "1/o-2/kept.json": [{"start": 1.0, "end": 1.5, "text": "Hi", "reason": "left"}],
    "1/o-2/lines.json": {"a": "Hallo", "b": {"reason": "odd", "text": "Ho", "slight": True}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the fingerprint ab12 as an older version left it."""
    content = tmp_path / "ab" / "ab12"
    for name, payload in OLD_FILES.items():
        (content / name).parent.mkdir(parents=True, exist_ok=True)
        (content / name).write_text(json.dumps(payload))
    return content


def _assert_converted(folder: Path) -> None:
    store = TranscriptStore(folder.parents[1])
    span = TimeSpan(1.0, 2.0)
    assert store.analysis("ab12", 1) == TrackAnalysis(
        duration=12.5,
        speech=(span,),
        language=EN,
        confidence=0.9,
        language_reason="heard",
        quiet_speech=(TimeSpan(1.5, 2.0),),
        language_segments=(LanguageSegment(TimeSpan(0.0, 12.5), EN),),
    )
    assert store.reuse("ab12", 1) == TranscriptReuse(
        source_fingerprint="cd34",
        source_track=2,
        offset=0.5,
        peak=0.9,
        rival_peak=0.3,
        part_count=4,
        agreeing_parts=3,
    )
    transcript = store.chunk_transcript("ab12", 1, "w-1", CHUNK)
    assert transcript is not None
    assert transcript == store.untimed_draft("ab12", 1, "w-1", CHUNK)
    assert transcript == Transcript(
        language=EN,
        words=(Word(text=" Hi", start=1.0, end=1.5, confidence=0.5, is_estimated=True),),
        engine="w",
        variant="w-1",
        segment_scores=(
            SegmentScores(
                start=1.0, end=1.5, avg_logprob=-0.5, no_speech_prob=0.1, compression_ratio=1.5
            ),
        ),
        usage=(UsageRecord(kind="audio", amount=12.5, host="h"),),
        word_timestamps=False,
    )
    assert store.checkpoint("ab12", 1, "w-1", CHUNK).load() == {"task": "7"}
    assert store.fallback("ab12", 1, "w-1", CHUNK) == FallbackRecord(
        "w", "w-1", (FailedAttempt("x", "it refused", is_permanent=False),), "times estimated"
    )
    assert store.removals("ab12", 1) == {"w-1": (RemovedText(1.0, 1.5, "Hi", "it loops"),)}
    assert store.hotwords("ab12", 1) == {"w-1": ("Sherlock",)}
    assert store.shot_cuts("ab12") == ShotCuts(25.0, (1.0,))
    assert untranslated(folder / "1") == {"o-2": (RemovedText(1.0, 1.5, "Hi", "left"),)}
    lines = LineCache(folder / "1" / "o-2")
    assert lines["a"] == "Hallo"
    assert lines["b"] == LineIssue("odd", "Ho", is_minor=True)
    assert len([path for path in folder.rglob("*") if path.is_file()]) == len(OLD_FILES)


def test_the_store_converts_an_old_folder_when_it_opens_it(folder: Path) -> None:
    assert TranscriptStore(folder.parents[1]).tracks("ab12") == [1]
    _assert_converted(folder)


def test_folder_of_this_version_is_unchanged(folder: Path) -> None:
    assert migrate_fingerprint(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert not migrate_fingerprint(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert not migrate_fingerprint(folder / "missing")


@pytest.mark.parametrize("call", ["replace", "unlink"])
@pytest.mark.parametrize("survived", range(0, 12, 3))
def test_a_conversion_that_was_killed_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, survived: int
) -> None:
    real: Callable[..., Any] = getattr(Path, call)
    calls = 0

    def killed(path: Path, *arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > survived:
            raise KeyboardInterrupt
        return real(path, *arguments, **named)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, call, killed)
        migrate_fingerprint(folder)
        raise KeyboardInterrupt  # it had fewer files than it survived
    for path in folder.rglob(f".*.{os.getpid()}.tmp"):
        path.unlink()
    TranscriptStore(folder.parents[1]).tracks("ab12")
    _assert_converted(folder)


def test_a_damaged_file_is_as_good_as_missing(folder: Path) -> None:
    (folder / "1" / "listened.json").write_text("{")
    store = TranscriptStore(folder.parents[1])
    assert store.analysis("ab12", 1) is None
    assert not (folder / "1" / "listened.json").exists()
