"""The files of ``subtitled-whisper`` have the shape of openai-whisper's."""

from __future__ import annotations

import json

import pytest

from subtitled.cli.whisper_files import describe_segments, render_file
from subtitled.daemon.audio_requests.questions import AudioAnswer
from subtitled.plugin import Cue, Language, Subtitle, Word

SEGMENT = (
    "id seek start end text tokens temperature avg_logprob compression_ratio no_speech_prob"
).split()
"""The keys of a segment of openai-whisper 20250625."""


def answer(language: str = "en", text: str = "We go\nnow.", *words: str) -> AudioAnswer:
    spoken = Language(language)
    timed = tuple(
        Word(text=word, start=1.0 + n, end=1.5 + n, confidence=0.9) for n, word in enumerate(words)
    )
    subtitle = Subtitle(cues=(Cue(1.0, 4.0, text),), language=spoken, words=timed)
    return AudioAnswer(duration=5.0, spoken=spoken, subtitle=subtitle)


def test_the_json_has_the_keys_of_whisper_and_words_if_they_are_wanted() -> None:
    spoken = answer("en", "We go\nnow.", " We", " go", " now.")
    document = json.loads(render_file(spoken, "json", has_words=False))
    assert list(document) == ["text", "segments", "language"]
    (segment,) = document["segments"]
    assert list(segment) == SEGMENT
    assert (segment["text"], document["language"]) == (" We go now.", "en")
    (segment,) = json.loads(render_file(spoken, "json", has_words=True))["segments"]
    assert segment["words"][0] == {"word": " We", "start": 1.0, "end": 1.5, "probability": 0.9}


@pytest.mark.parametrize(("language", "code"), [("jv", "jw"), ("nb", "no"), ("zh-Hant", "zh")])
def test_the_language_is_whispers_code(language: str, code: str) -> None:
    document = json.loads(render_file(answer(language), "json", has_words=False))
    assert document["language"] == code


def test_texts_of_scripts_without_spaces_get_none() -> None:
    document = json.loads(
        render_file(answer("zh", "我们走", "我们", "走"), "json", has_words=False)
    )
    assert document["text"] == "我们走"


def test_the_other_files_hold_the_same_cue() -> None:
    files = {name: render_file(answer(), name, has_words=False).decode() for name in ("srt", "vtt")}
    assert files["srt"].splitlines()[:3] == ["1", "00:00:01,000 --> 00:00:04,000", "We go"]
    assert files["vtt"].startswith("WEBVTT\n\n")
    assert render_file(answer(), "txt", has_words=False) == b"We go now.\n"
    tsv = render_file(answer(), "tsv", has_words=False)
    assert tsv == b"start\tend\ttext\n1000\t4000\tWe go now.\n"
    assert describe_segments(answer()) == ["[00:01.000 --> 00:04.000]  We go now."]


def test_audio_without_speech_gives_empty_files_that_programs_read() -> None:
    silent = AudioAnswer(duration=5.0)
    assert render_file(silent, "vtt", has_words=False) == b"WEBVTT\n\n"
    assert render_file(silent, "srt", has_words=False) == b""
    assert render_file(silent, "tsv", has_words=False) == b"start\tend\ttext\n"
    assert json.loads(render_file(silent, "json", has_words=True)) == {
        "text": "",
        "segments": [],
        "language": "",
    }
