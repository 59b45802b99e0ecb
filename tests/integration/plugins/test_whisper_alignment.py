"""Whisper finds where the words of a given text are said, in chunks of any length."""

from __future__ import annotations

import statistics
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.media.vad import detect_speech
from subtitled.plugin import (
    Audio,
    Chunk,
    ComponentContext,
    InputRejectedError,
    Language,
    TimeSpan,
    Word,
)
from subtitled_plugins.whisper.alignment import (
    _drop_first,
    _take_first,
    build_tokenizer,
    tokenise_words,
)
from subtitled_plugins.whisper.engine import WhisperEngine, WhisperSettings
from support.recorded_speech import Recording

EN = Language("en")
PARTS = st.lists(st.tuples(st.floats(0.1, 5), st.floats(0.1, 40)), min_size=1, max_size=12)


@given(PARTS, st.floats(0, 100))
def test_the_first_seconds_and_the_rest_are_the_whole(
    drawn: list[tuple[float, float]], seconds: float
) -> None:
    speech, now = [], 0.0
    for pause, length in drawn:
        speech.append(TimeSpan(now + pause, now + pause + length))
        now += pause + length
    total = sum(part.duration for part in speech)
    first, rest = _take_first(speech, seconds), _drop_first(speech, seconds)
    assert first.duration == pytest.approx(min(seconds, total))
    assert first.duration + sum(part.duration for part in rest) == pytest.approx(total)
    if first.parts and rest:
        assert first.parts[-1].end <= rest[0].start + 1e-9


def _pcm(source: Path, target: Path) -> Audio:
    subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-i",
            str(source),
            "-ar",
            "16000",
            "-ac",
            "1",
            "-f",
            "s16le",
            str(target),
        ],
        check=True,
    )
    return Audio(target)


@pytest.fixture(scope="module")
def engine(model_base: Path) -> WhisperEngine:
    whisper_engine = WhisperEngine(
        WhisperSettings(), ComponentContext("whisper", 2, {"base": model_base})
    )
    whisper_engine.load()
    return whisper_engine


def _whole(audio: Audio) -> Chunk:
    speech = detect_speech(audio)
    return Chunk(TimeSpan(0.0, audio.duration), speech.spans, speech.low_energy)


def _said(words: list[Word], text: str) -> float:
    return next(word.start for word in words if word.text.strip() == text)


@pytest.mark.model
def test_marks_stay_with_their_words_and_no_letter_is_lost(engine: WhisperEngine) -> None:
    texts = {
        "en": ' "Well," she said (quietly): don\'t... go! - Why?',
        "es": "¿Qué? ¡Ven aquí, «amigo»!",
        "zh": "欢迎使用阿里云。你好，世界！",
        "ja": "「今日は」とても天気がいい。",
        "ar": "مرحبا بالعالم، كيف حالك؟",
        "th": "สวัสดีชาวโลก",
    }
    for code, text in texts.items():
        found = tokenise_words(build_tokenizer(engine._model, code), text)
        assert "".join(unit.text for unit in found).split() == text.split()
        assert len(found) > 1
        for unit in found:
            assert any(c.isalnum() for c in unit.text), unit
            assert 0 <= unit.first < unit.last <= len(unit.tokens)


@pytest.mark.model
def test_a_short_text_is_found_to_the_word(
    engine: WhisperEngine, english_speech: Recording, tmp_path: Path
) -> None:
    audio = _pcm(english_speech.path, tmp_path / "a")
    words = list(engine.align(audio, _whole(audio), english_speech.text, EN))
    assert "".join(word.text for word in words).strip() == english_speech.text
    first, second = english_speech.prompts
    assert _said(words, "The") == pytest.approx(first.start, abs=0.3)
    assert _said(words, "All") == pytest.approx(second.start, abs=0.4)
    assert statistics.median(word.confidence or 0 for word in words) > 0.5


@pytest.mark.model
def test_other_words_are_borne_out_by_nothing(
    engine: WhisperEngine, english_speech: Recording, tmp_path: Path
) -> None:
    audio = _pcm(english_speech.path, tmp_path / "a")
    text = "Boil the potatoes for half an hour while the oven is warm and peel them"
    words = list(engine.align(audio, _whole(audio), text, EN))
    assert statistics.median(word.confidence or 0 for word in words) < 0.1


@pytest.mark.model
def test_a_text_of_minutes_is_followed_window_by_window(
    engine: WhisperEngine, english_speech: Recording, tmp_path: Path
) -> None:
    one = _pcm(english_speech.path, tmp_path / "one")
    copies, pause = 6, 1.0
    raw = one.path.read_bytes() + b"\0\0" * round(pause * 16_000)
    audio = Audio(tmp_path / "many")
    audio.path.write_bytes(raw * copies)
    length = len(raw) / 2 / 16_000
    text = " ".join([english_speech.text] * copies)
    words = list(engine.align(audio, _whole(audio), text, EN))
    asked = [word.start for word in words if word.text.strip() == "All"]
    assert len(asked) == copies
    for number, start in enumerate(asked):
        expected = number * length + english_speech.prompts[1].start
        assert start == pytest.approx(expected, abs=0.4), number


@pytest.mark.model
def test_a_language_that_it_does_not_know_is_refused(
    engine: WhisperEngine, english_speech: Recording, tmp_path: Path
) -> None:
    audio = _pcm(english_speech.path, tmp_path / "a")
    with pytest.raises(InputRejectedError):
        engine.align(audio, _whole(audio), "saluton mondo", Language("eo"))
