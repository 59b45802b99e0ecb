"""The engine of a whisper-asr-webservice, against a fake after its source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

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
from subtitled.plugin.testing import check_transcript
from subtitled_plugins.whisperasr import WhisperAsrEngine, WhisperAsrSettings
from support.fakes.whisperasr import FakeWhisperAsr, serve_whisperasr

CHUNK = Chunk(TimeSpan(10.0, 15.0), (TimeSpan(10.3, 14.7),))


@pytest.fixture
def service() -> Iterator[FakeWhisperAsr]:
    with serve_whisperasr(FakeWhisperAsr()) as running:
        yield running


@pytest.fixture
def audio(tmp_path: Path) -> Audio:
    path = tmp_path / "track.pcm"
    np.random.default_rng(3).normal(0, 900, 16 * 16_000).astype("<i2").tofile(path)
    return Audio(path)


def _engine(service: FakeWhisperAsr, **settings: object) -> WhisperAsrEngine:
    chosen = WhisperAsrSettings.model_validate({"url": service.url, **settings})
    return WhisperAsrEngine(chosen, ComponentContext("whisperasr"))


def _hear(engine: WhisperAsrEngine, audio: Audio, **more: object) -> Transcript:
    request = TranscriptionRequest(chunk=CHUNK, **({"language": Language("en")} | more))  # type: ignore[arg-type]
    transcript = engine.transcribe(audio, request)
    check_transcript(transcript, CHUNK)
    return transcript


def test_words_have_times_of_the_track_and_the_scores_of_their_segment(
    service: FakeWhisperAsr, audio: Audio
) -> None:
    transcript = _hear(_engine(service), audio, hotwords=("Kennedy", "Ring"))
    assert [(word.text, word.start) for word in transcript.words] == [
        (" Ask", 10.5),
        (" not,", 10.8),
        (" friend.", 11.5),
    ]
    assert transcript.word_timestamps
    assert transcript.segment_scores[0].avg_logprob == -0.25
    (query,) = service.queries
    assert query == {
        "task": "transcribe",
        "output": "json",
        "encode": "true",
        "word_timestamps": "true",
        "language": "en",
        "initial_prompt": "Kennedy, Ring",
    }
    assert service.seconds == [pytest.approx(5.0, abs=0.01)]


@pytest.mark.parametrize(
    ("engine", "has_times", "start"), [("whisperx", True, 10.5), ("old", False, 10.0)]
)
def test_answers_of_its_other_engines_and_of_old_versions_are_read(
    engine: str, has_times: bool, start: float, service: FakeWhisperAsr, audio: Audio
) -> None:
    service.engine = engine
    transcript = _hear(_engine(service), audio)
    assert transcript.text == "Ask not, friend."
    assert (transcript.word_timestamps, transcript.words[0].start) == (has_times, start)


def test_the_service_finds_the_language_where_nobody_knew_it(
    service: FakeWhisperAsr, audio: Audio
) -> None:
    service.language = "de"
    engine = _engine(service)
    assert not engine.capabilities(engine.settings).needs_language
    assert _hear(engine, audio, language=Language("und")).language == Language("de")
    assert "language" not in service.queries[0]


@pytest.mark.parametrize("codec", ["opus", "flac"])
def test_silence_is_not_sent_and_an_empty_answer_is_no_word(
    codec: str, service: FakeWhisperAsr, audio: Audio
) -> None:
    engine = _engine(service, audio_codec=codec)
    request = TranscriptionRequest(chunk=Chunk(TimeSpan(0, 5), ()), language=Language("en"))
    assert engine.transcribe(audio, request).words == ()
    assert service.queries == []
    service.manner = "silence"
    assert _hear(engine, audio).words == ()


@pytest.mark.parametrize(
    ("manner", "problem"),
    [
        *((how, TransientError) for how in (429, 500, 503, "prose", "slow")),
        *((how, SetupError) for how in (401, 404, 405)),
        *((how, InputRejectedError) for how in (413, 422)),
    ],
)
def test_failures_have_a_cure_and_repeat_no_speech(
    manner: str | int, problem: type[SubtitledError], service: FakeWhisperAsr, audio: Audio
) -> None:
    service.manner = manner
    with pytest.raises(problem) as raised:
        _hear(_engine(service, timeout=0.3 if manner == "slow" else 60), audio)
    assert raised.value.hint
    assert "secret" not in str(raised.value)


def test_a_language_that_whisper_does_not_know_is_neither_offered_nor_taken(
    service: FakeWhisperAsr, audio: Audio
) -> None:
    engine = _engine(service)
    assert Language("tlh") not in (engine.capabilities(engine.settings).languages or ())
    with pytest.raises(TransientError, match="500"):
        _hear(engine, audio, language=Language("tlh"))


@pytest.mark.parametrize(("language", "code"), [("en-GB", "en"), ("de-CH", "de"), ("ja", "ja")])
def test_languages_are_named_as_whisper_names_them(
    language: str, code: str, service: FakeWhisperAsr, audio: Audio
) -> None:
    _hear(_engine(service), audio, language=Language(language))
    assert service.queries[0]["language"] == code


def test_the_doctor_asks_for_the_version_and_sends_no_audio(service: FakeWhisperAsr) -> None:
    (check,) = _engine(service).self_check()
    assert check.ok and "1.9.1" in check.detail
    service.is_service = False
    (check,) = _engine(service).self_check()
    assert not check.ok and "url" in check.hint
    (check,) = _engine(FakeWhisperAsr(port=1)).self_check()
    assert not check.ok and check.hint
    assert service.queries == []


@pytest.mark.parametrize(
    ("url", "is_local", "destination"),
    [
        ("http://localhost:9000", None, "local"),
        ("http://nas.lan:9000", None, "whisperasr:nas.lan:9000"),
        ("http://nas.lan:9000", True, "local"),
    ],
)
def test_where_audio_goes_is_named(url: str, is_local: bool | None, destination: str) -> None:
    settings = WhisperAsrSettings(url=url, is_local=is_local)
    assert WhisperAsrEngine.capabilities(settings).destination == destination


def test_each_request_to_another_machine_is_counted(service: FakeWhisperAsr, audio: Audio) -> None:
    assert _hear(_engine(service), audio).usage == ()
    (record,) = _hear(_engine(service, is_local=False), audio).usage
    assert (record.kind, record.amount) == ("audio", pytest.approx(5.0))
