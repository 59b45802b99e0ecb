"""Chunks: several at a time, never too long for an engine, and kept after failures."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.jobcontext.job import InlineRunner, Job, JobResult
from subtitled.jobcontext.services import Services
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import EngineCapabilities, Language, SubtitledError, Transcript
from subtitled.transcription.prefetcher import Prefetcher
from subtitled.transcripts.store import TranscriptStore
from support.fake_engines import calls, scripted_services
from support.harness import film


def _make(services: Services, tmp_path: Path, steps: Any = None, **requirements: Any) -> JobResult:
    media = tmp_path / "film.wav"
    if not media.exists():
        film(media, 7)
    library = LibrarySettings.model_validate({"path": "/", **requirements})
    job = Job(
        media=media,
        library=library,
        fingerprint=content_fingerprint(media),
        output_folder=tmp_path,
        force=True,
    )
    return run_job(job, services, steps or InlineRunner())


def _most_at_once(folder: Path, engine: str) -> int:
    begun = [(when, 1) for _, _, when in calls(folder, engine)]
    ended = [(when, -1) for _, _, when in calls(folder, engine, "end")]
    inside = most = 0
    for _, change in sorted(begun + ended):
        inside += change
        most = max(most, inside)
    return most


class Noting(InlineRunner):
    """A step runner that records the names of steps."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def run(self, name: str, function: Any) -> Any:
        self.names.append(name)
        return super().run(name, function)


def test_engine_gets_max_concurrency_chunks_in_the_order_of_steps(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Noting()
    with scripted_services(tmp_path, monkeypatch, many={"at_once": 3, "takes": 0.3}) as services:
        _make(services, tmp_path, steps)
    total = len(calls(tmp_path, "many"))
    assert total > 3
    assert _most_at_once(tmp_path, "many") == 3
    step_names = [name for name in steps.names if name.startswith("transcribing")]
    assert step_names == [f"transcribing, part {n + 1}" for n in range(total)]


def test_an_engine_that_takes_one_gets_one_after_the_other(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_services(tmp_path, monkeypatch, one={"takes": 0.05}) as services:
        _make(services, tmp_path)
    assert _most_at_once(tmp_path, "one") == 1
    spans = [call[:2] for call in calls(tmp_path, "one")]
    assert spans == sorted(spans)


def test_one_at_once_and_many_give_the_same_subtitle(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = []
    for number, at_once in enumerate((1, 4)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with scripted_services(
            folder, monkeypatch, toy={"at_once": at_once, "takes": 0.02}
        ) as services:
            (published,) = _make(services, folder).made
            texts.append(published.sidecar.read_bytes())
        home = folder / "other"
        monkeypatch.setenv("XDG_STATE_HOME", str(home))
    assert texts[0] == texts[1]


def test_no_chunk_is_longer_than_the_engine_accepts_and_silence_is_not_sent(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_services(tmp_path, monkeypatch, short={"longest": 6.0}) as services:
        _make(services, tmp_path)
    spans = calls(tmp_path, "short")
    assert len(spans) > 6
    assert all(end - begin <= 6.0 + 1e-3 for begin, end, _ in spans)


def test_an_engine_that_wants_the_whole_gets_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_services(tmp_path, monkeypatch, whole={"whole": True}) as services:
        _make(services, tmp_path)
    ((begin, end, _),) = calls(tmp_path, "whole")
    assert begin == 0.0
    assert end > 40.0


def test_what_was_recognised_before_a_failure_is_not_recognised_again(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_services(
        tmp_path, monkeypatch, many={"at_once": 3, "takes": 0.05, "busy": 35.0}
    ) as services:
        with pytest.raises(SubtitledError, match="busy"):
            _make(services, tmp_path)
        deadline = time.monotonic() + 20
        while len(calls(tmp_path, "many", "end")) < len(calls(tmp_path, "many")) - 1:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        done = {call[:2] for call in calls(tmp_path, "many", "end")}
        before = len(calls(tmp_path, "many"))
        assert done
        while len(_stored(services.store)) < len(done):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with pytest.raises(SubtitledError, match="busy"):
            _make(services, tmp_path)
        again = {call[:2] for call in calls(tmp_path, "many")[before:]}
    assert not again & done


def _stored(store: TranscriptStore) -> list[Path]:
    return [path for path in store.folder.rglob("*-*.json") if path.stem.count(".") == 0]


def test_checkpoint_is_kept_until_the_transcript_is_stored(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_services(tmp_path, monkeypatch, toy={"busy": 0.0}) as services:
        with pytest.raises(SubtitledError, match="busy"):
            _make(services, tmp_path)
        (memo,) = services.store.folder.rglob("*.checkpoint.json")
        assert "task" in memo.read_text()
    with scripted_services(tmp_path, monkeypatch, toy={}) as services:
        _make(services, tmp_path)
        assert [p for p in services.store.folder.rglob("*.checkpoint.json") if p != memo] == []


def test_what_is_ahead_is_not_begun_once_a_step_has_failed() -> None:
    begun: list[int] = []
    go_on = threading.Event()

    def hear(chunk: Any) -> Any:
        begun.append(chunk)
        if chunk == 0:
            raise ValueError
        go_on.wait(20)

    with (
        pytest.raises(ValueError),
        Prefetcher(hear, range(100), EngineCapabilities(max_concurrency=2)) as ahead,
    ):  # type: ignore[arg-type]
        ahead.result(0)
    go_on.set()
    assert len(begun) <= 4


def test_what_an_engine_has_is_waited_for_and_nothing_else_is_begun_when_plans_change() -> None:
    begun: list[int] = []
    both, go_on = threading.Semaphore(0), threading.Event()

    def hear(number: int) -> Transcript:
        begun.append(number)
        both.release()
        assert number == 0 or go_on.wait(60)
        return Transcript(language=Language("en"), words=(), engine="fake")

    capabilities = EngineCapabilities(max_concurrency=2, word_timestamps=True)
    with Prefetcher(hear, range(100), capabilities) as ahead:  # type: ignore[arg-type]
        ahead.result(0, 1, 2, 3)
        for _ in range(3):
            assert both.acquire(timeout=60)
        threading.Timer(0.1, go_on.set).start()
        ahead.finish()
        assert go_on.is_set(), "the two that had begun were waited for"
        assert sorted(begun) == [0, 1, 2]
        ahead.result(3)
    assert sorted(begun) == [0, 1, 2, 3]
