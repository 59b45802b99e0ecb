"""Fallback: what one engine cannot transcribe, the next one does, and ``explain`` says so."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.db.kv import BREAKER_KEY
from subtitled.db.records import FileState
from subtitled.engines.breaker import BreakerState
from subtitled.jobcontext.job import InlineRunner, Job, JobResult
from subtitled.jobcontext.services import Services
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import SetupError, TransientError
from subtitled.subtitles.formats import read_cues
from subtitled.transcripts.models import FallbackRecord
from support.fake_engines import calls, scripted_services
from support.harness import film


def _make(
    services: Services, tmp_path: Path, steps: InlineRunner | None = None, **requirements: Any
) -> JobResult:
    media = tmp_path / "film.wav"
    if not media.exists():
        film(media, 7)
    library = LibrarySettings.model_validate({"path": "/", **requirements})
    return run_job(
        Job(
            media=media,
            library=library,
            fingerprint=content_fingerprint(media),
            output_folder=tmp_path,
            force=True,
        ),
        services,
        steps or InlineRunner(),
    )


def _courses(services: Services, tmp_path: Path) -> list[FallbackRecord]:
    content = content_fingerprint(tmp_path / "film.wav")
    return [course for _, course in services.store.fallbacks(content, 0)]


def test_rejected_chunk_alone_goes_to_the_next_engine(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = {"refuses": 35.0, "word": "a"}, {"word": "b"}
    with scripted_services(tmp_path, monkeypatch, first=first, second=second) as services:
        (published,) = _make(services, tmp_path).made
        (given,) = [c[:2] for c in calls(tmp_path, "second")]
        assert given[0] <= 35.0 < given[1]
        text = " ".join(cue.text for cue in read_cues(published.sidecar.read_bytes(), "srt"))
        words = [word for word in text.split() if word[1:].isdigit()]
        assert len(words) >= 28
        assert all((word[0] == "b") == (given[0] <= int(word[1:]) < given[1]) for word in words)
        (course,) = _courses(services, tmp_path)
        assert course.engine == "second"
        assert course.attempts[0].engine == "first"
        assert "will not hear" in str(course)
        # A refusal is for good: nobody is asked again.
        before = len(calls(tmp_path, "first"))
        _make(services, tmp_path)
        assert len(calls(tmp_path, "first")) == before
        assert len(calls(tmp_path, "second")) == 1


def test_the_next_engine_gets_what_it_takes_where_it_takes_less(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = {"whole": True, "refuses": 0.0}, {"longest": 6.0, "word": "b"}
    with scripted_services(tmp_path, monkeypatch, first=first, second=second) as services:
        (published,) = _make(services, tmp_path).made
        assert len(calls(tmp_path, "second")) > 6
        assert all(end - begin <= 6.001 for begin, end, _ in calls(tmp_path, "second"))
        text = " ".join(cue.text for cue in read_cues(published.sidecar.read_bytes(), "srt"))
        assert len([word for word in text.split() if word[1:].isdigit()]) >= 28


def test_an_engine_that_cannot_work_is_asked_once_a_job_and_again_in_the_next(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_services(tmp_path, monkeypatch, first={"wrong_key": True}, second={}) as services:
        _make(services, tmp_path)
        total = len(calls(tmp_path, "second"))
        assert total > 3
        assert len(calls(tmp_path, "first")) == 1
        assert all("the key is wrong" in str(course) for course in _courses(services, tmp_path))
        # Somebody may have put it right meanwhile; what the other did is not done again.
        _make(services, tmp_path)
        assert len(calls(tmp_path, "first")) == 2
        assert len(calls(tmp_path, "second")) == total


def test_a_fault_in_the_code_of_an_engine_sends_its_chunks_to_the_next(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_services(tmp_path, monkeypatch, first={"fault": True}, second={}) as services:
        assert _make(services, tmp_path).made
        assert len(calls(tmp_path, "first")) == 1
        courses = [str(course) for course in _courses(services, tmp_path)]
        assert courses
        assert all("KeyError (scripted_engine.py:" in course for course in courses)


def test_what_may_pass_waits_for_the_engine_that_was_chosen(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_services(tmp_path, monkeypatch, first={"busy": 0.0}, second={}) as services:
        with pytest.raises(TransientError):
            _make(services, tmp_path)
        assert not calls(tmp_path, "second")


def test_engine_with_an_open_breaker_is_not_waited_for(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_services(tmp_path, monkeypatch, first={}, second={}) as services:
        open_still = BreakerState(
            failures=3, open_until=time.time() + 600, reason="the server is down"
        )
        services.db.kv.set(f"{BREAKER_KEY}first", json.dumps(asdict(open_still)))
        asked: list[str] = []

        class Breathing(InlineRunner):
            def checkpoint(self, engine: str = "") -> None:
                asked.append(engine)

        _make(services, tmp_path, steps=Breathing())
        assert not calls(tmp_path, "first")
        assert set(asked) - {""} == {"second"}
        assert all("the server is down" in str(course) for course in _courses(services, tmp_path))
        services.breakers.reset("first")
        _make(services, tmp_path)
        assert calls(tmp_path, "first")


def test_without_a_usable_engine_the_hint_says_what_to_do(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines: dict[str, Any] = {"first": {"refuses": 0.0}, "second": {"wrong_key": True}}
    with (
        scripted_services(tmp_path, monkeypatch, **engines) as services,
        pytest.raises(SetupError, match="the key is wrong"),
    ):
        _make(services, tmp_path)


def test_chunk_that_all_engines_reject_is_reported(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines: dict[str, Any] = {"first": {"refuses": 0.0}, "second": {"refuses": 0.0}}
    with scripted_services(tmp_path, monkeypatch, **engines) as services:
        outcome = _make(services, tmp_path)
    assert outcome.state is FileState.IMPOSSIBLE
    assert "will not hear this" in outcome.reason


def test_suspicious_chunk_gets_a_second_opinion_if_configured(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = {"first": {"loops": True}, "second": {"word": "b"}}
    with scripted_services(tmp_path, monkeypatch, **engines) as services:
        (published,) = _make(services, tmp_path, second_opinion=True).made
        text = " ".join(cue.text for cue in read_cues(published.sidecar.read_bytes(), "srt"))
        assert "again" not in text
        assert "is what somebody says" in text
        assert all(
            "looked wrong: it loops" in str(course) for course in _courses(services, tmp_path)
        )
        assert len(calls(tmp_path, "first")) == len(calls(tmp_path, "second"))


def test_good_chunk_gets_no_second_opinion(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_services(tmp_path, monkeypatch, first={}, second={}) as services:
        _make(services, tmp_path, second_opinion=True)
        assert not calls(tmp_path, "second")
    with scripted_services(tmp_path, monkeypatch, first={"loops": True}, second={}) as services:
        _make(services, tmp_path)
        assert not calls(tmp_path, "second")


def test_a_second_opinion_that_is_no_better_is_not_kept(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = {"first": {"loops": True, "word": "a"}, "second": {"loops": True}}
    with scripted_services(tmp_path, monkeypatch, **engines) as services:
        _make(services, tmp_path, second_opinion=True)
        courses = _courses(services, tmp_path)
        assert courses
        assert all(course.engine == "first" for course in courses)
        assert all("no better" in str(course) for course in courses)
