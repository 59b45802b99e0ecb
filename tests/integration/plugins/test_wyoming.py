"""The Wyoming engine, against a server of the package's own classes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from subtitled.plugin import (
    Audio,
    Chunk,
    ComponentContext,
    InputRejectedError,
    Language,
    SetupError,
    SubtitledError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    TransientError,
)
from subtitled.plugin.call_control import CallControl
from subtitled.plugin.testing import check_transcript
from subtitled_plugins.wyoming.engine import WyomingEngine, WyomingSettings
from support.fakes.wyoming_server import NONSENSE, FakeWyoming, serve_wyoming

CHUNK = Chunk(TimeSpan(10.0, 15.0), (TimeSpan(11.0, 13.5),))


@pytest.fixture
def service() -> Iterator[FakeWyoming]:
    with serve_wyoming(FakeWyoming()) as running:
        yield running


@pytest.fixture
def audio(tmp_path: Path) -> Audio:
    path = tmp_path / "track.pcm"
    np.arange(16 * 16_000, dtype="<i2").tofile(path)
    return Audio(path)


def _engine(service: FakeWyoming, **settings: object) -> WyomingEngine:
    chosen = WyomingSettings.model_validate({"url": service.url, **settings})
    return WyomingEngine(chosen, ComponentContext("wyoming"))


def _hear(engine: WyomingEngine, audio: Audio, **more: object) -> Transcript:
    request = TranscriptionRequest(chunk=CHUNK, **({"language": Language("en")} | more))  # type: ignore[arg-type]
    transcript = engine.transcribe(audio, request)
    check_transcript(transcript, CHUNK)
    return transcript


def test_speech_is_sent_and_its_text_comes_back_without_times(
    service: FakeWyoming, audio: Audio
) -> None:
    engine = _engine(service, model="tiny")
    transcript = _hear(engine, audio, hotwords=("Kennedy",))
    (word,) = transcript.words
    assert (word.text, word.start, word.end) == (" Ask not, friend.", 10.7, 13.8)
    assert engine.capabilities(engine.settings).word_timestamps is False
    (request,) = service.requests
    assert (request.name, request.language, request.transcript_names) == ("tiny", "en", ["Kennedy"])
    first = round(10.7 * 16_000)
    expected = np.arange(16 * 16_000, dtype="<i2")[first : round(13.8 * 16_000)]
    assert service.audio == [expected.tobytes()]


@pytest.mark.parametrize("manner", ["streams", "parts"])
def test_a_text_that_comes_in_parts_is_taken_once(
    manner: str, service: FakeWyoming, audio: Audio
) -> None:
    service.manner = manner
    assert _hear(_engine(service), audio).text == "Ask not, friend."


def test_the_server_names_the_language_where_nobody_knew_it(
    service: FakeWyoming, audio: Audio
) -> None:
    service.language = "de"
    engine = _engine(service, needs_language=False)
    assert not engine.capabilities(engine.settings).needs_language
    assert _hear(engine, audio, language=Language("und")).language == Language("de")
    assert service.requests[0].language is None
    service.language = "no language"
    assert _hear(engine, audio, language=Language("und")).language == Language("und")


def test_silence_is_not_sent_and_no_text_is_no_word(service: FakeWyoming, audio: Audio) -> None:
    request = TranscriptionRequest(chunk=Chunk(TimeSpan(0, 5), ()), language=Language("en"))
    assert _engine(service).transcribe(audio, request).words == ()
    assert service.requests == []
    service.text = "  "
    assert _hear(_engine(service), audio).words == ()


@pytest.mark.parametrize(
    ("manner", "problem"),
    [
        ("error", InputRejectedError),
        ("closes", TransientError),
        *((manner, SetupError) for manner in NONSENSE),
    ],
)
def test_failures_have_a_cure_and_repeat_no_speech(
    manner: str, problem: type[SubtitledError], service: FakeWyoming, audio: Audio
) -> None:
    service.manner = manner
    with pytest.raises(problem) as raised:
        _hear(_engine(service), audio)
    assert raised.value.hint
    assert "secret" not in str(raised.value)


def test_a_model_that_the_server_does_not_have_is_refused(
    service: FakeWyoming, audio: Audio
) -> None:
    engine = _engine(service, model="huge")
    with pytest.raises(InputRejectedError, match="unknown-model"):
        _hear(engine, audio)
    (check,) = engine.self_check()
    assert not check.ok and "tiny, base" in check.detail


def test_a_server_that_never_answers_is_left_and_a_cancelled_call_too(
    service: FakeWyoming, audio: Audio
) -> None:
    service.manner = "silent"
    with pytest.raises(TransientError, match="does not answer within"):
        _hear(_engine(service, timeout=0.2), audio)
    with pytest.raises(TransientError, match="cancelled"):
        _hear(_engine(service), audio, control=CallControl(is_cancelled=lambda: True))


def test_the_doctor_asks_the_server_for_its_models(service: FakeWyoming) -> None:
    (check,) = _engine(service).self_check()
    assert check.ok and "tiny, base" in check.detail
    service.recognises = False
    (check,) = _engine(service).self_check()
    assert not check.ok and "10300" in check.hint
    service.manner = "prose"
    (check,) = _engine(service).self_check()
    assert not check.ok and check.hint


def test_a_server_that_is_not_there_is_told(audio: Audio) -> None:
    engine = _engine(FakeWyoming(port=1))
    with pytest.raises(TransientError, match="does not answer"):
        _hear(engine, audio)
    (check,) = engine.self_check()
    assert not check.ok


@pytest.mark.parametrize(
    ("url", "is_local", "destination"),
    [
        ("tcp://localhost:10300", None, "local"),
        ("unix:///run/asr.sock", None, "local"),
        ("tcp://nas.lan:10300", None, "wyoming:nas.lan:10300"),
        ("tcp://nas.lan:10300", True, "local"),
        ("tcp://127.0.0.1:10300", False, "wyoming:127.0.0.1:10300"),
    ],
)
def test_where_audio_goes_is_named(url: str, is_local: bool | None, destination: str) -> None:
    settings = WyomingSettings(url=url, is_local=is_local)
    assert WyomingEngine.capabilities(settings).destination == destination


@pytest.mark.parametrize("url", ["http://h:1", "tcp://h", "tcp://:1", "tcp://h:x", "h:10300", ""])
def test_an_address_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        WyomingSettings(url=url)


def test_each_request_to_another_machine_is_counted(service: FakeWyoming, audio: Audio) -> None:
    assert _hear(_engine(service), audio).usage == ()
    (record,) = _hear(_engine(service, is_local=False), audio).usage
    assert (record.kind, record.amount) == ("audio", pytest.approx(3.1))
    assert record.host == f"127.0.0.1:{service.port}"


def test_the_package_is_imported_only_when_it_is_used() -> None:
    code = "import sys, subtitled_plugins.wyoming; print('wyoming' in sys.modules)"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "False"
