"""Synchronous transcription with Qwen: limits, rate and splitting."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Chunk, InputRejectedError, SetupError, TimeSpan, TransientError
from subtitled.plugin.testing import check_engine, check_transcript
from subtitled_plugins.qwen import synchronous
from subtitled_plugins.qwen.engine import QwenEngine
from subtitled_plugins.qwen.rate_limit import RateLimiter
from subtitled_plugins.qwen.settings import QwenSettings
from subtitled_plugins.qwen.synchronous import split_to_length
from support.fakes.dashscope import FakeDashScope, Fault, serve_dashscope
from support.qwen_harness import KEY, engine, options, request, sound

GENERATION = "/multimodal-generation/generation"


def test_a_piece_comes_back_as_one_text_over_its_speech(
    studio: FakeDashScope, tmp_path: Path
) -> None:
    check_engine(QwenEngine, options(studio, protocol="sync"))
    asked = request(7.0, speech=(TimeSpan(1.0, 6.0),), language="und")
    transcript = engine(studio, protocol="sync").transcribe(sound(tmp_path, 7.0), asked)
    check_transcript(transcript, asked.chunk)
    (word,) = transcript.words
    assert word.text.startswith(" This is sentence 1.")
    assert (word.start, word.end) == (pytest.approx(0.7), pytest.approx(6.3))
    assert transcript.language == "en"
    (sent,) = transcript.usage
    assert sent.amount == studio.billed[-1] == 6.0


def test_capabilities_state_what_the_core_must_cut_and_estimate(studio: FakeDashScope) -> None:
    able = QwenEngine.capabilities(
        QwenSettings.model_validate(options(studio, protocol="sync", concurrency=7))
    )
    assert (
        able.word_timestamps,
        able.whole_file,
        able.max_chunk_seconds,
        able.max_concurrency,
    ) == (
        False,
        False,
        120.0,
        7 + synchronous.PREFETCH_PIECES,
    )
    assert able.destination == "qwen:127.0.0.1"


def test_hotwords_are_sent_as_context_except_for_low_energy_chunks(
    studio: FakeDashScope, tmp_path: Path
) -> None:
    audio = sound(tmp_path, 4.0)
    qwen = engine(studio, protocol="sync")
    asked = request(4.0, terms=("Kowalski", "Łódź"))
    qwen.transcribe(audio, asked)
    bounds = asked.chunk.span
    faint = replace(asked, chunk=Chunk(bounds, (bounds,), (bounds,)))
    qwen.transcribe(audio, faint)
    first, second = studio.asked(GENERATION)
    assert first["input"]["messages"][0] == {
        "role": "system",
        "content": [{"text": "Kowalski, Łódź"}],
    }
    assert [message["role"] for message in second["input"]["messages"]] == ["user"]
    assert first["parameters"]["asr_options"] == {"language": "en", "enable_itn": False}


def test_unknown_language_is_identified_by_the_service(
    studio: FakeDashScope, tmp_path: Path
) -> None:
    transcript = engine(studio, protocol="sync").transcribe(
        sound(tmp_path, 3.0), request(3.0, language="und")
    )
    assert transcript.language == "en"
    (body,) = studio.asked(GENERATION)
    assert "language" not in body["parameters"]["asr_options"]


def test_a_language_that_it_does_not_speak_costs_nothing(
    studio: FakeDashScope, tmp_path: Path
) -> None:
    with pytest.raises(InputRejectedError, match="Welsh"):
        engine(studio, protocol="sync").transcribe(
            sound(tmp_path, 3.0), request(3.0, language="cy")
        )
    assert studio.requests == []


def test_a_snapshot_without_annotations_and_seconds_is_understood(
    studio: FakeDashScope, tmp_path: Path
) -> None:
    studio.no_annotations = True
    transcript = engine(studio, protocol="sync").transcribe(sound(tmp_path, 7.0), request(7.0))
    assert transcript.text
    assert [sent.amount for sent in transcript.usage] == [7.0]


def test_chunk_without_speech_has_no_word(studio: FakeDashScope, tmp_path: Path) -> None:
    studio.recognise = lambda sound: []
    qwen = engine(studio, protocol="sync")
    assert qwen.transcribe(sound(tmp_path, 3.0), request(3.0)).words == ()


def test_a_text_that_was_cut_off_is_asked_for_again_in_two_parts(
    studio: FakeDashScope, tmp_path: Path
) -> None:
    studio.truncates_above = 16.0
    asked = request(24.0, speech=(TimeSpan(0.0, 11.0), TimeSpan(13.0, 24.0)))
    transcript = engine(studio, protocol="sync").transcribe(sound(tmp_path, 24.0), asked)
    first, second = transcript.words
    assert first.end <= 12.0 <= second.start
    assert first.text.endswith("sentence 6.")
    assert len(studio.asked(GENERATION)) == 3


def test_chunk_that_is_too_long_is_split_before_it_is_sent(
    studio: FakeDashScope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synchronous, "MAX_PIECE_SECONDS", 20.0)
    speech = tuple(TimeSpan(10.0 * n, 10.0 * n + 8) for n in range(6))
    transcript = engine(studio, protocol="sync").transcribe(
        sound(tmp_path, 60.0), request(60.0, speech=speech)
    )
    assert len(transcript.words) == len(transcript.usage) == len(studio.billed) >= 3
    assert max(studio.billed) <= 20.0
    assert sum(studio.billed) < 60.0


@given(
    st.lists(st.tuples(st.floats(0.01, 200), st.floats(0.0, 50)), min_size=1, max_size=30),
    st.floats(5.0, 60.0),
)
def test_pieces_hold_all_speech_once_and_none_is_too_long(
    parts: list[tuple[float, float]], longest: float
) -> None:
    at, speech = 0.0, []
    for length, pause in parts:
        speech.append(TimeSpan(at, at + length))
        at += length + pause
    pieces = list(split_to_length(Chunk(TimeSpan(0.0, at), tuple(speech)), longest))
    assert all(piece.trimmed().span.duration <= longest for piece in pieces)
    held = sum(part.duration for piece in pieces for part in piece.speech)
    assert held == pytest.approx(sum(length for length, _ in parts))
    assert all(a.span.end <= b.span.start for a, b in pairwise(pieces))


def test_throttling_is_waited_out(studio: FakeDashScope, tmp_path: Path) -> None:
    studio.faults += [
        Fault(
            route=GENERATION,
            status=429,
            code="Throttling.RateQuota",
            message="Requests rate limit exceeded",
        ),
        Fault(route=GENERATION, status=500, code="InternalError.Algo"),
        Fault(route=GENERATION, cut="before"),
    ]
    qwen = engine(studio, protocol="sync")
    assert qwen.transcribe(sound(tmp_path, 3.0), request(3.0)).text
    assert len(studio.billed) == 1


def test_a_service_that_stays_away_is_given_back_to_the_daemon(
    studio: FakeDashScope, tmp_path: Path
) -> None:
    studio.faults.append(Fault(route=GENERATION, status=503, code="ServiceUnavailable", times=99))
    with pytest.raises(TransientError, match="fault of its own"):
        engine(studio, protocol="sync").transcribe(sound(tmp_path, 3.0), request(3.0))
    assert len(studio.asked(GENERATION)) == 5


def test_silent_service_times_out(studio: FakeDashScope, tmp_path: Path) -> None:
    studio.latency = 1.0
    qwen = engine(studio, protocol="sync", timeout=0.1)
    with pytest.raises(TransientError, match="did not answer"):
        qwen.transcribe(sound(tmp_path, 3.0), request(3.0))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null", b'{"output": 5}', b"\xff\xfe", b""])
def test_an_answer_in_another_shape_is_a_problem_and_no_crash(
    studio: FakeDashScope, tmp_path: Path, body: bytes
) -> None:
    studio.faults.append(Fault(route=GENERATION, body=body, times=99))
    with pytest.raises(TransientError, match="does not answer as"):
        engine(studio, protocol="sync").transcribe(sound(tmp_path, 3.0), request(3.0))


def test_redirect_gets_neither_key_nor_audio(studio: FakeDashScope, tmp_path: Path) -> None:
    with serve_dashscope(FakeDashScope()) as elsewhere:
        studio.faults.append(
            Fault(
                route=GENERATION,
                status=307,
                headers={"Location": elsewhere.url + "/x"},
                body=b"",
                times=99,
            )
        )
        with pytest.raises(SetupError, match="elsewhere"):
            engine(studio, protocol="sync").transcribe(sound(tmp_path, 3.0), request(3.0))
        assert elsewhere.requests == []


def test_requests_run_at_once_but_no_more_a_minute_than_allowed(
    studio: FakeDashScope, tmp_path: Path
) -> None:
    studio.latency = 0.4
    audio, created = sound(tmp_path, 3.0), engine(studio, protocol="sync")
    created._recogniser._rate_limiter = RateLimiter(600.0)
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: created.transcribe(audio, request(3.0)), range(8)))
    assert studio.most_at_once >= 2
    assert time.monotonic() - begun >= 7 * 0.1 + 0.4


def test_chunks_are_prepared_while_no_more_than_allowed_are_sent(
    studio: FakeDashScope, tmp_path: Path
) -> None:
    studio.latency = 0.3
    audio, created = sound(tmp_path, 3.0), engine(studio, protocol="sync", concurrency=2)
    with ThreadPoolExecutor(created.capabilities(created.settings).max_concurrency) as threads:
        list(threads.map(lambda _: created.transcribe(audio, request(3.0)), range(8)))
    assert studio.most_at_once == 2


@given(st.floats(60, 6000), st.integers(2, 20))
def test_the_pace_is_held_over_all_threads(per_minute: float, calls: int) -> None:
    slept: list[float] = []
    lock = threading.Lock()

    def sleep(seconds: float) -> None:
        with lock:
            slept.append(seconds)

    pace = RateLimiter(per_minute, sleep)
    begun = time.monotonic()
    threads = [threading.Thread(target=pace.acquire) for _ in range(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begun
    assert max(slept, default=0.0) + took >= (calls - 1) * 60.0 / per_minute - 1e-6


def test_neither_key_nor_sound_is_ever_logged(
    studio: FakeDashScope, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    studio.faults.append(Fault(route=GENERATION, cut="before"))
    engine(studio, protocol="sync").transcribe(sound(tmp_path, 3.0), request(3.0))
    assert KEY not in caplog.text
    assert "base64" not in caplog.text and "data:audio" not in caplog.text
