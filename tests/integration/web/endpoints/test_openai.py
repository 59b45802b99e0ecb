"""The wire format of OpenAI's audio API, as its clients send and read it."""

from __future__ import annotations

import io
import json
import threading
import wave
from typing import Any

import httpx
import pytest

from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.plugin import InputRejectedError, SetupError, TransientError
from subtitled.subtitles.formats import read_cues
from subtitled.web.endpoints import waiting
from support.audio_port import AudioPort, tones

SPEECH = ((0.5, 2.0), (6.0, 8.0))


def wav(*spans: tuple[float, float]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((1, 2, 16000, 0, "NONE", ""))
        written.writeframes(tones(*spans, seconds=10.0))
    return file.getvalue()


def ask(
    port: AudioPort,
    key: str,
    what: str = "transcriptions",
    body: bytes | None = None,
    **fields: Any,
) -> httpx.Response:
    """Send what OpenAI's own client sends."""
    given = {"model": "whisper-1"} | fields
    return httpx.post(
        port.url(f"/v1/audio/{what}"),
        data={name: value for name, value in given.items() if value is not None},
        files={"file": ("speech.wav", wav(*SPEECH) if body is None else body, "audio/wav")},
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
    )


@pytest.mark.parametrize("language", ["x-klingon", "X-A", "und-x-b", "qaa", "mul", "root"])
def test_a_language_that_names_none_is_detected(
    shared: tuple[AudioPort, str], language: str
) -> None:
    port, key = shared
    made = ask(port, key, language=language, response_format="verbose_json")
    assert (made.status_code, made.json()["language"]) == (200, "english")


def test_each_response_format(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    made = {
        name: ask(port, key, response_format=name, temperature="0.2", chunking_strategy="auto")
        for name in (None, "json", "text", "srt", "vtt", "verbose_json")
    }
    assert {answer.status_code for answer in made.values()} == {200}
    plain = {"text": "w1.50 w2.00", "usage": {"type": "duration", "seconds": 10}}
    assert made[None].json() == made["json"].json() == plain
    assert made["text"].text == "w1.50 w2.00\n"
    for name in ("srt", "vtt"):
        assert [cue.text for cue in read_cues(made[name].content, name)] == ["w1.50", "w2.00"]
    verbose = made["verbose_json"].json()
    assert (verbose["task"], verbose["language"], verbose["duration"]) == (
        "transcribe",
        "english",
        10.0,
    )
    assert [one["text"] for one in verbose["segments"]] == ["w1.50", "w2.00"]
    assert verbose["segments"][1].keys() == {
        *("id", "seek", "start", "end", "text", "tokens", "temperature"),
        *("avg_logprob", "compression_ratio", "no_speech_prob"),
    }
    assert "words" not in verbose
    assert port.engine.recognised == 1


def test_words_are_listed_where_they_are_asked_for(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    asked = {"response_format": "verbose_json", "timestamp_granularities[]": ["word"]}
    verbose = ask(port, key, **asked).json()
    assert "segments" not in verbose
    first, second = verbose["words"]
    assert (first["word"], second["word"]) == ("w1.50", "w2.00")
    assert (first["start"], second["end"]) == pytest.approx((0.5, 8.0), abs=0.1)
    asked["timestamp_granularities[]"] = ["word", "segment"]
    assert {"words", "segments"} <= ask(port, key, **asked).json().keys()


def test_a_translation_is_into_english_whatever_is_spoken(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    made = ask(port, key, "translations", response_format="verbose_json").json()
    assert (made["task"], made["language"]) == ("translate", "english")


def test_language_prompt_and_model_reach_the_engine(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    made = ask(
        port, key, model="whisper", language="german", prompt="Anya, Geralt", hotwords="Ciri"
    )
    assert made.status_code == 200
    (request,) = port.engine.requests
    assert (request.language, request.hotwords) == ("de", ("Ciri", "Anya", "Geralt"))


def test_the_text_as_events(shared: tuple[AudioPort, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "KEEP_ALIVE_SECONDS", 0.05)
    port, key = shared
    port.engine.go.clear()
    fields = {"model": "whisper-1", "stream": "true"}
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.stream(
        "POST",
        port.url("/v1/audio/transcriptions"),
        data=fields,
        files={"file": ("speech.wav", wav(*SPEECH))},
        headers=headers,
        timeout=60,
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        port.engine.go.set()
        lines = [line for line in answer.iter_lines() if line]
    assert any(line.startswith(":") for line in lines)
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line[0] != ":"]
    assert [event["type"] for event in events] == ["transcript.text.delta"] * 2 + [
        "transcript.text.done"
    ]
    assert "".join(event.get("delta", "") for event in events) == events[-1]["text"]
    assert events[-1]["text"] == "w1.50 w2.00"


def test_nobody_speaks(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    silence = wav()
    assert ask(port, key, body=silence).json()["text"] == ""
    assert ask(port, key, body=silence, response_format="vtt").text == "WEBVTT\n"
    verbose = ask(port, key, body=silence, response_format="verbose_json").json()
    assert (verbose["segments"], verbose["duration"]) == ([], 10.0)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"response_format": "docx"}, "response_format"),
        ({"language": "xx-nonsense"}, "language"),
        ({"timestamp_granularities[]": "letter"}, "timestamp_granularities[]"),
        ({"stream": "perhaps"}, "stream"),
        ({"body": b""}, "file"),
    ],
)
def test_a_field_that_makes_no_sense_is_named(
    shared: tuple[AudioPort, str], fields: dict[str, Any], param: str
) -> None:
    port, key = shared
    made = ask(port, key, **fields)
    error = made.json()["error"]
    assert (made.status_code, error["type"]) == (400, "invalid_request_error")
    assert error["param"] == param
    assert error["message"]


def test_a_failure_is_told_in_the_form_of_openai(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    spent = ResourceUnavailableError("the budget is spent", "", 90.0)
    for error, status, kind, retry in (
        (TransientError("busy", retry_after=7), 503, "server_error", "7"),
        (spent, 429, "rate_limit_error", "90"),
        (SetupError("the key is wrong"), 500, "server_error", None),
        (InputRejectedError("it will not transcribe this"), 400, "invalid_request_error", None),
    ):
        port.engine.error = error
        made = ask(port, key)
        told = made.json()["error"]
        assert (made.status_code, told["type"]) == (status, kind)
        assert str(error) in told["message"]
        assert made.headers.get("Retry-After") == retry


def test_a_failure_after_the_answer_began_is_no_whole_answer(
    shared: tuple[AudioPort, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "KEEP_ALIVE_SECONDS", 0.05)
    port, key = shared
    port.engine.error = TransientError("the engine fails")
    port.engine.go.clear()
    opened = threading.Event()

    def fail_once_it_began(response: httpx.Response) -> None:
        opened.set()
        port.engine.go.set()

    with (
        httpx.Client(event_hooks={"response": [fail_once_it_began]}, timeout=60) as client,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        client.post(
            port.url("/v1/audio/transcriptions"),
            data={"model": "whisper-1"},
            files={"file": ("speech.wav", wav(*SPEECH))},
            headers={"Authorization": f"Bearer {key}"},
        )
    assert opened.is_set()


def test_what_has_no_sound_is_refused(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    made = ask(port, key, body=b"%PDF-1.7 this is no sound")
    error = made.json()["error"]
    assert (made.status_code, error["param"]) == (400, "file")
    assert "the audio" in error["message"]
    assert str(port.state) not in made.text


def test_the_models_are_the_engines(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    headers = {"Authorization": f"Bearer {key}"}
    listed = httpx.get(port.url("/v1/models"), headers=headers, timeout=60).json()
    model = {"id": "whisper", "object": "model", "created": 0, "owned_by": "whisper"}
    assert listed == {"object": "list", "data": [model]}
    assert httpx.get(port.url("/v1/models/whisper"), headers=headers, timeout=60).json() == model
    missing = httpx.get(port.url("/v1/models/gpt-4o"), headers=headers, timeout=60)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")
