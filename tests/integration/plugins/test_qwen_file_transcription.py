"""Transcription of whole files with Qwen."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from subtitled.plugin import Checkpoint, InputRejectedError, SetupError, TimeSpan, TransientError
from subtitled.plugin.testing import check_engine, check_transcript
from subtitled_plugins.qwen.engine import QwenEngine
from support.fakes.dashscope import FakeDashScope, Fault, Sentence
from support.qwen_harness import engine, options, request, sound

SUBMIT = "/services/audio/asr/transcription"


def test_a_file_comes_back_as_words_with_times(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    asked = request(7.0, memo, terms=("Kowalski",))
    transcript = engine(studio).transcribe(sound(tmp_path, 7.0), asked)
    check_transcript(transcript, asked.chunk)
    assert transcript.text.startswith("This is sentence 1. This is sentence 2.")
    assert [(w.text, w.start, w.end) for w in transcript.words[:3]] == [
        (" This", 0.0, 0.4),
        (" is", 0.4, 0.6),
        (" sentence 1.", 0.6, 1.4),
    ]
    assert transcript.language == "en"


def test_usage_record_states_destination_and_amount(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    (sent,) = engine(studio).transcribe(sound(tmp_path, 7.0), request(7.0, memo)).usage
    assert (sent.kind, sent.amount, sent.host) == ("audio", sum(studio.billed), "127.0.0.1")
    assert sent.request_id


def test_upload_is_small_and_reveals_nothing_about_the_file(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    engine(studio).transcribe(sound(tmp_path, 7.0), request(7.0, memo, terms=("Kowalski",)))
    ((name, body),) = studio.uploads.items()
    assert len(body) < 7 * 8_000
    assert "sound" not in name and str(tmp_path) not in name
    probe = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", "-"]
    facts = json.loads(subprocess.run(probe, input=body, capture_output=True, check=True).stdout)
    (stream,) = facts["streams"]
    assert (stream["codec_name"], stream["channels"]) == ("opus", 1)
    assert set(stream.get("tags", {})) | set(facts["format"].get("tags", {})) <= {"encoder"}
    (body,) = studio.asked(SUBMIT)
    assert body["parameters"] == {
        "channel_id": [0],
        "enable_words": True,
        "enable_itn": False,
        "language": "en",
        "corpus": {"text": "Kowalski"},
    }


def test_silence_at_the_ends_is_neither_sent_nor_paid(
    studio: FakeDashScope, tmp_path: Path
) -> None:
    asked = request(30.0, speech=(TimeSpan(10.0, 12.0), TimeSpan(15.0, 16.0)))
    transcript = engine(studio).transcribe(sound(tmp_path, 30.0), asked)
    assert studio.billed == [7.0]
    assert transcript.words[0].start == pytest.approx(9.7)
    check_transcript(transcript, asked.chunk)


def test_file_without_speech_is_not_sent(studio: FakeDashScope, tmp_path: Path) -> None:
    check_engine(QwenEngine, options(studio))
    studio.requests.clear()
    asked = request(5.0)
    nobody = replace(asked, chunk=replace(asked.chunk, speech=()))
    assert engine(studio).transcribe(sound(tmp_path, 5.0), nobody).words == ()
    assert studio.requests == []


def test_file_with_an_empty_transcript_is_done(studio: FakeDashScope, tmp_path: Path) -> None:
    studio.recognise = lambda sound: []
    assert engine(studio).transcribe(sound(tmp_path, 3.0), request(3.0)).words == ()


@pytest.mark.parametrize("model", ["qwen-audio-3.1-asr-flash-filetrans", "fun-asr"])
def test_the_other_family_brings_speakers_and_masks_no_words(
    studio: FakeDashScope, tmp_path: Path, model: str
) -> None:
    qwen = engine(studio, model=model, diarization=True)
    transcript = qwen.transcribe(sound(tmp_path, 5.0), request(5.0, terms=("Kowalski", "x" * 90)))
    assert {word.speaker for word in transcript.words} == {"0", "1"}
    assert transcript.text.startswith("This is sentence 1. This")
    (body,) = studio.asked(SUBMIT)
    assert list(body["input"]) == ["file_urls"]
    parameters = body["parameters"]
    assert parameters["special_word_filter"] == {"system_reserved_filter": False}
    assert parameters["diarization_enabled"] is True
    assert parameters["language_hints"] == ["en"]
    assert ("vocabulary" in parameters) == model.startswith("qwen-audio")
    (sent,) = transcript.usage
    assert sent.amount == sum(studio.billed)


def test_throttling_and_faults_of_the_service_pass(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    studio.faults += [
        Fault(route="/uploads", status=500, code="InternalError"),
        Fault(route=SUBMIT, status=429, code="Throttling.RateQuota", headers={"Retry-After": "1"}),
        Fault(route="/tasks/", status=503, code="ServiceUnavailable"),
        Fault(route="/tasks/", cut="before"),
        Fault(route="/result/", status=500, body=b"oops"),
    ]
    assert engine(studio).transcribe(sound(tmp_path, 3.0), request(3.0, memo)).text
    assert len(studio.tasks) == 1


@pytest.mark.parametrize(
    ("route", "body"),
    [("/tasks/", b"<html>"), ("/tasks/", b"[]"), ("/result/", b"{}"), ("/result/", b"[1]")],
)
def test_an_answer_in_another_shape_is_a_problem_and_no_crash(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint, route: str, body: bytes
) -> None:
    studio.faults.append(Fault(route=route, body=body, times=99))
    with pytest.raises(TransientError):
        engine(studio).transcribe(sound(tmp_path, 3.0), request(3.0, memo))


def test_what_cannot_be_decoded_is_refused_for_good(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint
) -> None:
    studio.decoded = lambda file: b""  # type: ignore[method-assign]
    with pytest.raises(InputRejectedError, match="NO_VALID_AUDIO_ERROR"):
        engine(studio).transcribe(sound(tmp_path, 3.0), request(3.0, memo))
    assert memo.load() == {}


def test_a_bucket_of_the_users_own_is_used_and_emptied(
    studio: FakeDashScope, tmp_path: Path, memo: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUCKET_KEY", "AKIDEXAMPLE")
    monkeypatch.setenv("BUCKET_SECRET", "wJalrXUtnFEMI/K7MDENG")
    bucket = {
        "url": f"http://127.0.0.1:{studio.port}/bucket",
        "access_key": {"env": "BUCKET_KEY"},
        "secret_key": {"env": "BUCKET_SECRET"},
    }
    qwen = engine(studio, bucket=bucket)
    assert qwen.transcribe(sound(tmp_path, 4.0), request(4.0, memo)).text
    assert studio.uploads == {}
    assert not [path for _, path, _, _ in studio.requests if "/uploads" in path]
    assert "Signature" not in memo.path.read_text()
    (task,) = studio.tasks.values()
    assert task.url.startswith(bucket["url"])


def test_wrong_key_has_a_hint_and_is_never_shown(
    studio: FakeDashScope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_KEY", "sk-wrong")
    qwen = engine(studio)
    with pytest.raises(SetupError, match=r"engines\.qwen\.api_key") as caught:
        qwen.transcribe(sound(tmp_path, 3.0), request(3.0))
    assert "sk-wrong" not in str(caught.value)
    (finding,) = qwen.self_check()
    assert not finding.ok and "region" in finding.hint


def test_self_check_reports_an_accepted_key_and_costs_nothing(studio: FakeDashScope) -> None:
    (finding,) = engine(studio).self_check()
    assert finding.ok
    assert studio.billed == [] and not studio.uploads


def test_chinese_comes_back_without_spaces(studio: FakeDashScope, tmp_path: Path) -> None:
    first = Sentence((("欢", 0.1, 0.3), ("迎", 0.3, 0.5), ("您。", 0.5, 0.9)), "zh")
    second = Sentence((("再", 1.1, 1.3), ("见！", 1.3, 1.5)), "zh")
    studio.recognise = lambda sound: [first, second]
    transcript = engine(studio).transcribe(sound(tmp_path, 3.0), request(3.0, language="zh"))
    assert transcript.text == "欢迎您。再见！"
    assert [word.text for word in transcript.words] == ["欢", "迎", "您。", "再", "见！"]
