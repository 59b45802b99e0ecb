"""The transcription engine, against a fake server."""

from __future__ import annotations

import re
import socket
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


def _pool_of(
    engine_name: str, *services: FakeTranscriptions, **more: object
) -> TranscriptionEngine:
    settings = TranscriptionSettings.model_validate(
        {"model": "tiny", "addresses": [{"url": one.url} for one in services]} | more
    )
    return TranscriptionEngine(settings, ComponentContext(engine_name))


@pytest.fixture
def second() -> Iterator[FakeTranscriptions]:
    with serve_transcriptions(FakeTranscriptions()) as service:
        yield service


@pytest.mark.parametrize("manner", [401, 429, 500, "cut", "prose"])
def test_servers_of_ones_own_do_for_each_other_whatever_goes_wrong(
    manner: str | int, service: FakeTranscriptions, second: FakeTranscriptions, tmp_path: Path
) -> None:
    service.manner = manner
    engine = _pool_of("openai", service, second)
    assert len(hear(engine, tmp_path).words) == 3
    assert (len(service.requests), len(second.requests)) == (1, 1)


@pytest.mark.parametrize("is_local", [True, False])
def test_a_server_that_takes_a_request_and_says_nothing_is_left_out(
    is_local: bool, second: FakeTranscriptions, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.listen()
        settings = TranscriptionSettings.model_validate(
            {
                "model": "tiny",
                "timeout": 3.0,
                "is_local": is_local,
                "addresses": [
                    {"url": f"http://127.0.0.1:{silent.getsockname()[1]}/v1"},
                    {"url": second.url},
                ],
            }
        )
        engine = TranscriptionEngine(settings, ComponentContext("openai"))
        if is_local:
            assert len(hear(engine, tmp_path).words) == 3
        else:  # It may have been made, and would be paid for twice.
            with pytest.raises(TransientError, match="ReadTimeout"):
                hear(engine, tmp_path)
        assert len(hear(engine, tmp_path).words) == 3
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):  # it was asked once
            silent.accept()
    assert len(second.requests) == (2 if is_local else 1)


@pytest.mark.parametrize(("manner", "asked"), [(401, 1), (503, 1), (500, 0), ("cut", 0)])
def test_services_that_cost_are_asked_again_only_if_surely_nothing_was_made(
    manner: str | int,
    asked: int,
    service: FakeTranscriptions,
    second: FakeTranscriptions,
    tmp_path: Path,
) -> None:
    service.manner = manner
    engine = _pool_of("openai", service, second, is_local=False)
    if asked:
        usage = hear(engine, tmp_path).usage
        # A request that was refused is free; one that may have been made would not be.
        assert [one.host for one in usage if one.price is None] == [f"127.0.0.1:{second.port}"]
    else:
        with pytest.raises(TransientError):
            hear(engine, tmp_path)
    assert (len(service.requests), len(second.requests)) == (1, asked)


def test_each_server_is_asked_in_the_format_that_it_supports(
    service: FakeTranscriptions, second: FakeTranscriptions, tmp_path: Path
) -> None:
    service.gives, service.retry_after = "none", ""
    engine = _pool_of("openai", service, second, concurrency=1)
    first = hear(engine, tmp_path)
    service.manner = 500
    assert not first.word_timestamps
    assert hear(engine, tmp_path).word_timestamps
    assert [fields["response_format"] for fields in second.requests] == [["verbose_json"]]


def test_each_address_gets_its_own_key_and_the_others_that_of_the_section(
    service: FakeTranscriptions,
    second: FakeTranscriptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ASR_KEY", "sk-section")
    monkeypatch.setenv("OWN_KEY", "sk-own")
    service.key, second.key = "sk-section", "sk-own"
    addresses = [{"url": service.url}, {"url": second.url, "api_key": {"env": "OWN_KEY"}}]
    settings = TranscriptionSettings.model_validate(
        {"model": "tiny", "addresses": addresses, "api_key": {"env": "ASR_KEY"}}
    )
    engine = TranscriptionEngine(settings, ComponentContext("openai"))
    assert [result.ok for result in engine.self_check()] == [True, True]
    second.key = "sk-other"
    results = engine.self_check()
    assert [result.ok for result in results] == [True, False]
    assert "sk-" not in str(results)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give the url of a server"),
        ({"url": "http://a/v1", "addresses": [{"url": "http://a/v1"}]}, "twice"),
        ({"addresses": [{"url": "http://a/v1"}, {"url": "http://a/v1/"}]}, "twice"),
        ({"addresses": [{"url": "ftp://a"}]}, "pattern"),
        ({"addresses": [{"url": "http://a/v1", "weight": 0}]}, "greater than 0"),
        ({"addresses": [{"url": "http://a/v1", "key": "x"}]}, "key"),
    ],
)
def test_wrong_addresses_are_told(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TranscriptionSettings.model_validate({"model": "tiny"} | settings)


def test_a_pool_has_one_destination_that_names_every_host_and_one_variant() -> None:
    def read(*urls: str, **more: object) -> TranscriptionSettings:
        return TranscriptionSettings.model_validate(
            {"model": "m", "addresses": [{"url": url} for url in urls]} | more
        )

    def destination(settings: TranscriptionSettings) -> str:
        return TranscriptionEngine.capabilities(settings).destination

    assert destination(read("http://127.0.0.1:1/v1", "http://localhost:2/v1")) == "local"
    far = read("http://127.0.0.1:1/v1", "https://b.example/v1")
    assert destination(far) == "openai:127.0.0.1:1+b.example"
    assert destination(read("http://nas/v1", "http://gpu/v1", is_local=True)) == "local"
    assert read("http://nas/v1").result_fields() == read("http://gpu/v1").result_fields()
    more = read("http://b/v1", url="http://a/v1")
    assert [one.url for one in more.list_addresses()] == ["http://a/v1", "http://b/v1"]
    single = TranscriptionSettings.model_validate({"model": "m", "url": "http://a/v1"})
    assert more.result_fields() == single.result_fields(), "a second server changed the variant"
    assert "addresses" not in single.result_fields()
    assert single.result_fields()["url"] == "http://a/v1"


def test_an_address_takes_requests_by_its_weight() -> None:
    settings = TranscriptionSettings.model_validate(
        {
            "model": "m",
            "concurrency": 2,
            "addresses": [
                {"url": "http://gpu/v1", "weight": 4},
                {"url": "http://nas/v1", "weight": 0.1},
            ],
        }
    )
    assert [settings.limit_of(one) for one in settings.list_addresses()] == [8, 1]
    assert TranscriptionEngine.capabilities(settings).max_concurrency == 9
