"""Answers in the shapes of Whisper and of OpenAI."""

from __future__ import annotations

import math

import pytest

from subtitled.daemon.audio_requests.questions import AudioAnswer
from subtitled.plugin import Cue, Language, SegmentScores, Subtitle, Word
from subtitled.web.endpoints.transcripts import (
    list_segments,
    list_words,
    plain_text,
    to_lines,
    to_tsv,
    whisper_code,
    whisper_name,
)

SUBTITLE = Subtitle(
    language=Language("en"),
    cues=(Cue(0.5, 2.0, "<i>One</i>\ntwo\tthree"), Cue(6.0, 8.0, "four")),
    words=(
        Word(text=" One", start=0.5, end=0.9, confidence=0.5),
        Word(text=" two", start=1.0, end=1.4, confidence=0.25),
        Word(text=" three", start=1.5, end=2.0),
        Word(text=" four", start=5.9, end=8.0, confidence=1.0),
    ),
)


@pytest.mark.parametrize(
    ("tag", "code", "name"),
    [
        ("en", "en", "english"),
        ("pt-BR", "pt", "portuguese"),
        ("zh-Hant", "zh", "chinese"),
        ("jv", "jw", "javanese"),
        ("nb", "no", "norwegian"),
        ("no", "no", "norwegian"),
        ("nn", "nn", "nynorsk"),
        ("fil", "tl", "tagalog"),
        ("haw", "haw", "hawaiian"),
        ("yue", "yue", "cantonese"),
        ("mi", "mi", "maori"),
        ("my", "my", "myanmar"),
        ("ht", "ht", "haitian creole"),
    ],
)
def test_a_language_has_the_code_and_name_of_whisper(tag: str, code: str, name: str) -> None:
    assert (whisper_code(Language(tag)), whisper_name(Language(tag))) == (code, name)


def test_texts_have_no_markup_and_no_line_breaks_of_the_screen() -> None:
    assert plain_text(SUBTITLE) == "One two\tthree four"
    assert to_lines(SUBTITLE) == "One two\tthree\nfour\n"
    assert to_tsv(SUBTITLE) == "start\tend\ttext\n500\t2000\tOne two three\n6000\t8000\tfour\n"
    assert plain_text(None) == ""


def test_segments_have_the_scores_of_what_was_recognised_at_their_time() -> None:
    scores = (
        SegmentScores(start=0, end=2.2, avg_logprob=-0.25, no_speech_prob=0.1),
        SegmentScores(start=5.5, end=8.5, avg_logprob=-0.5, compression_ratio=1.5),
    )
    first, second = list_segments(AudioAnswer(duration=9.0, subtitle=SUBTITLE, scores=scores))
    assert (first["avg_logprob"], first["no_speech_prob"]) == (-0.25, 0.1)
    assert first["compression_ratio"] > 0  # computed, where the engine has none
    assert (second["avg_logprob"], second["compression_ratio"]) == (-0.5, 1.5)
    assert [word["word"] for word in first["words"]] == [" One", " two", " three"]
    assert [word["word"] for word in second["words"]] == [" four"]


def test_without_scores_those_of_the_words_stand_in() -> None:
    first, second = list_segments(AudioAnswer(duration=9.0, subtitle=SUBTITLE))
    assert first["avg_logprob"] == pytest.approx((math.log(0.5) + math.log(0.25)) / 2, abs=1e-3)
    assert (second["avg_logprob"], second["no_speech_prob"]) == (0.0, 0.0)
    assert list_segments(AudioAnswer(duration=9.0)) == []


def test_words_of_openai_have_no_blank_before_them() -> None:
    assert list_words(SUBTITLE)[0] == {"word": "One", "start": 0.5, "end": 0.9}
    assert list_words(None) == []
