"""whisper.cpp recognises real speech, with the weights of Whisper base in its own form."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from subtitled.media.vad import detect_speech
from subtitled.plugin import (
    Audio,
    Chunk,
    ComponentContext,
    Language,
    TimeSpan,
    TranscriptionRequest,
)
from subtitled_plugins.whispercpp.catalogue import MODELS
from subtitled_plugins.whispercpp.engine import WhisperCppEngine, WhisperCppSettings
from support.ggml_whisper import write_ggml
from support.recorded_speech import Recording

pytest.importorskip("pywhispercpp")


@pytest.mark.model
@pytest.mark.slow
def test_speech_has_its_words_at_their_times_and_its_language(
    model_base: Path, english_speech: Recording, tmp_path: Path
) -> None:
    file = tmp_path / "ggml-base.bin"
    write_ggml(model_base, file)
    assert file.stat().st_size == MODELS["base"].size_bytes, "whisper.cpp's own file is another"
    path = tmp_path / "track.s16"
    command = ["ffmpeg", "-v", "error", "-i", str(english_speech.path), "-t", "6"]
    subprocess.run(
        [*command, "-ar", "16000", "-ac", "1", "-f", "s16le", path], check=True, timeout=60
    )
    audio = Audio(path)
    speech = detect_speech(audio).spans
    context = ComponentContext("cpp", 1, {"base": tmp_path})
    engine = WhisperCppEngine(WhisperCppSettings(beam_size=1), context)
    engine.load()
    (guess,) = engine.detect_language(audio, [TimeSpan(0.0, audio.duration)])
    assert max(guess.probabilities, key=lambda language: guess.probabilities[language]) == "en"
    chunk = Chunk(TimeSpan(0.0, audio.duration), tuple(speech))
    request = TranscriptionRequest(chunk=chunk, language=Language("en"))
    transcript = engine.transcribe(audio, request)
    assert english_speech.phrase in transcript.text
    words = transcript.words
    assert [word.start for word in words] == sorted(word.start for word in words)
    assert all(word.start <= word.end <= audio.duration for word in words)
    # Attention places a word within a fraction of a second of where it is said.
    middles = [(word.start + word.end) / 2 for word in words]
    spoken = [any(s.start - 0.3 < m < s.end + 0.3 for s in speech) for m in middles]
    assert sum(spoken) >= 0.9 * len(words)
