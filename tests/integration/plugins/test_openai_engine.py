"""The transcription engine, against a fake server."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import (
    Chunk,
    ComponentContext,
    InputRejectedError,
    Language,
    SetupError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    TransientError,
)
from subtitled.plugin.testing import (
    FakeTranscriptions,
    check_engine,
    check_transcript,
    serve_transcriptions,
)
from subtitled.subtitles.formats import read_cues
from subtitled_plugins.openai.engine import TranscriptionEngine, TranscriptionSettings
from subtitled_plugins.openai.response import is_transcription, parse_response
from support.fakes.whisper_recogniser import whisper_recogniser
from support.qwen_harness import request, sound
from support.recorded_speech import Recording

Make = Callable[..., TranscriptionEngine]
CHUNK = Chunk(TimeSpan(10.0, 15.0), (TimeSpan(10.0, 15.0),))


@pytest.fixture
def service() -> Iterator[FakeTranscriptions]:
    with serve_transcriptions(FakeTranscriptions()) as service:
        yield service


@pytest.fixture
def make(service: FakeTranscriptions, monkeypatch: pytest.MonkeyPatch) -> Make:
    monkeypatch.setenv("ASR_KEY", "sk-secret")

    def make_engine(**settings: object) -> TranscriptionEngine:
        asked = {"url": service.url, "model": "tiny"} | settings
        return TranscriptionEngine(
            TranscriptionSettings.model_validate(asked), ComponentContext("openai")
        )

    return make_engine


def hear(engine: TranscriptionEngine, folder: Path, **more: object) -> Transcript:
    asked = TranscriptionRequest(chunk=CHUNK, language=Language("en"), **more)  # type: ignore[arg-type]
    transcript = engine.transcribe(sound(folder, 15.0), asked)
    check_transcript(transcript, CHUNK)
    return transcript


def test_words_have_times_of_the_media_file_and_the_punctuation_of_the_text(
    make: Make, service: FakeTranscriptions, tmp_path: Path
) -> None:
    output = hear(make(), tmp_path, hotwords=("Kennedy", "Ring"))
    assert [(word.text, word.start) for word in output.words] == [
        (" Ask", 10.5),
        (" not,", 10.8),
        (" friend.", 11.5),
    ]
    assert output.word_timestamps and output.segment_scores[0].avg_logprob == -0.25
    (fields,) = service.requests
    assert (fields["language"], fields["prompt"]) == (["en"], ["Kennedy, Ring"])
    assert fields["file"] == ["sound.flac"]


@pytest.mark.parametrize(("gives", "tries", "start"), [("segments", 2, 10.5), ("none", 3, 10.0)])
def test_less_is_asked_for_where_more_is_refused_and_that_is_remembered(
    gives: str, tries: int, start: float, make: Make, service: FakeTranscriptions, tmp_path: Path
) -> None:
    service.gives = gives
    engine = make(is_local=False)
    output = hear(engine, tmp_path)
    assert output.word_timestamps is False
    assert [(word.text, word.start) for word in output.words] == [(" Ask not, friend.", start)]
    assert [sent.price for sent in output.usage] == [0.0] * (tries - 1) + [None]
    assert len(hear(engine, tmp_path).usage) == 1


@pytest.mark.parametrize(
    ("manner", "problem"),
    [
        *((how, TransientError) for how in (408, 429, 503, "cut", "prose", "error", "slow")),
        *((how, SetupError) for how in (401, 404)),
        *((how, InputRejectedError) for how in (400, 413, 422)),
    ],
)
def test_failures_of_the_service_become_errors_of_the_plugin_api(
    manner: str | int, problem: type, make: Make, service: FakeTranscriptions, tmp_path: Path
) -> None:
    service.manner, service.retry_after = manner, "7"
    with pytest.raises(problem) as raised:
        hear(make(timeout=0.5 if manner == "slow" else 30), tmp_path)
    assert type(raised.value) is problem and raised.value.hint
    if manner == 429:
        assert raised.value.retry_after == 7.0


def test_a_key_that_is_refused_stands_in_no_message(
    make: Make, service: FakeTranscriptions
) -> None:
    service.key = "sk-right"
    (finding,) = make(api_key={"env": "ASR_KEY"}).self_check()
    assert not finding.ok and "sk-" not in str(finding)
    (finding,) = make(model="other", api_key={"env": "ASR_KEY"}).self_check()
    assert not finding.ok


def test_where_it_goes_and_how_much_at_once(make: Make) -> None:
    def able(**more: object) -> object:
        return TranscriptionEngine.capabilities(make(**more).settings)

    assert able().destination == "local"  # type: ignore[attr-defined]
    far = able(url="https://api.example.org/v1", max_upload_mb=1, timestamps="none")
    assert far.destination == "openai:api.example.org"  # type: ignore[attr-defined]
    assert (far.word_timestamps, round(far.max_chunk_seconds)) == (False, 30)  # type: ignore[attr-defined]


def test_hotwords_are_not_sent_for_low_energy_chunks(
    make: Make, service: FakeTranscriptions, tmp_path: Path
) -> None:
    whole = request(5.0, terms=("Kennedy",))
    quiet = Chunk(whole.chunk.span, whole.chunk.speech, (TimeSpan(0.0, 4.0),))
    make().transcribe(
        sound(tmp_path, 5.0),
        TranscriptionRequest(chunk=quiet, language=whole.language, hotwords=("Kennedy",)),
    )
    assert "prompt" not in service.requests[0]


def test_it_conforms(service: FakeTranscriptions) -> None:
    check_engine(TranscriptionEngine, {"url": service.url, "model": "tiny"})


def test_odd_answers_are_absorbed() -> None:
    nano = {"text": "Hi.", "segments": [{"text": " Hi.", "start": 0, "end": 2_000_000_000}]}
    assert parse_response(nano, 5.0).words[0].end == 2.0
    odd = {"text": "Hi you", "segments": None, "language": "english", "words": []}
    odd["words"] = [{"text": "Hi", "start": "0.5", "end": "1"}, {"word": "you"}]
    assert parse_response(odd, 5.0).words[0].end == 5.0  # one has no times, so none is believed
    odd["words"] = [
        {"text": "Hi", "start": "0.5", "end": "1"},
        {"word": "you", "start": 1, "end": 1.5},
    ]
    found = parse_response(odd, 5.0)
    assert found.has_word_timestamps and found.language == "en"
    assert [word.text for word in found.words] == [" Hi", " you"]
    assert parse_response({"text": ""}, 5.0).words == ()


json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
entries = st.lists(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("start", "end", "avg_logprob", "no_speech_prob", "probability"),
            st.floats(-1, 40) | json_like,
        )
        | {"text": st.text(max_size=6) | json_like, "word": st.text(max_size=6) | json_like},
    ),
    max_size=4,
)
answers = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("segments", "words"), entries | json_like)
    | {"text": st.text(max_size=20) | json_like, "language": json_like, "usage": json_like},
)


@given(answers | json_like)
def test_words_of_any_answer_are_in_order_finite_and_inside_the_chunk(answer: object) -> None:
    if isinstance(answer, dict) and is_transcription(answer):
        found = parse_response(answer, 5.0, 10.0)
        check_transcript(
            Transcript(
                language=Language("en"), words=found.words, segment_scores=found.segment_scores
            ),
            CHUNK,
        )


@pytest.mark.model
def test_a_recording_becomes_subtitles(
    model_base: Path,
    service: FakeTranscriptions,
    subtitled: Callable[..., subprocess.CompletedProcess[str]],
    english_speech: Recording,
    home: Path,
) -> None:
    service.recognise = whisper_recogniser(model_base)
    target = home / "films"
    target.mkdir()
    (target / "Prompts.flac").symlink_to(english_speech.path)
    file = home / "config.toml"
    file.write_text(
        f'[engines.openai]\nurl = "{service.url}"\nmodel = "tiny"\n[engines.whisper]\n'
        f'[libraries.films]\npath = "{target}"\n'
    )
    ran = subtitled(
        "--config", file, "generate", target / "Prompts.flac", "--languages", "original"
    )
    assert ran.returncode == 0, ran.stderr
    cues = read_cues((target / "Prompts.en.srt").read_bytes(), "srt")
    text = " ".join(re.findall(r"[a-z]+", " ".join(cue.text for cue in cues).lower()))
    assert text.startswith("the number you have dialed is not in service please check the number")
    assert cues[0].start == pytest.approx(english_speech.prompts[0].start, abs=0.4)
    assert len(service.requests) == 1
