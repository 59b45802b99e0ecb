"""An engine without word timestamps: the core aligns or estimates them."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.config.load import Configuration, load_config
from subtitled.config.plugins import ConfiguredComponent
from subtitled.config.settings import LibrarySettings
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.jobcontext.services import Services, build_services, open_database
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import Engine, Language
from subtitled.subtitles.formats import read_cues
from subtitled.transcripts.assembly import assemble_track
from support.recorded_speech import Recording

ENGINE = """
from subtitled.plugin import *
class Plain(Engine):
    @classmethod
    def capabilities(cls, settings):
        return EngineCapabilities(word_timestamps=False, supports_language_detection=True)
    def detect_language(self, audio, windows):
        return [LanguageGuess(window, {Language("en"): 0.9}) for window in windows]
    def transcribe(self, audio, request):
        whole = request.chunk.span
        words = (Word(text=TEXT, start=whole.start, end=whole.end, confidence=0.7),)
        return Transcript(language=request.language, words=words)
"""


@pytest.fixture
def services(
    home: Path, tmp_path: Path, english_speech: Recording, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    (tmp_path / "plain_engine.py").write_text(f"TEXT = {english_speech.text!r}\n{ENGINE}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.syspath_prepend(tmp_path)
    component: type[Engine] = importlib.import_module("plain_engine").Plain
    configured = ConfiguredComponent(
        name="plain", plugin="plain", component_class=component, settings=component.Settings()
    )
    configuration: Configuration = dataclasses.replace(
        load_config(None), engines={"plain": configured}
    )
    services = build_services(configuration, open_database(configuration))
    yield services
    services.engines.close()


def test_plain_text_becomes_cues_at_the_times_of_the_speech(
    services: Services, english_speech: Recording, tmp_path: Path
) -> None:
    media = english_speech.path
    requirements = LibrarySettings.model_validate(
        {"path": "/", "cues": {"max_line_length": 30, "max_lines": 1, "profile": "ted"}}
    )
    content = content_fingerprint(media)
    outcome = run_job(
        Job(media=media, library=requirements, fingerprint=content, output_folder=tmp_path),
        services,
        InlineRunner(),
    )
    (published,) = outcome.made
    cues = read_cues(published.sidecar.read_bytes(), "srt")
    assert " ".join(cue.text for cue in cues) == english_speech.text
    assert all(len(cue.text) <= 30 for cue in cues), "the library's own limits hold"
    first, second = english_speech.prompts
    starts = {cue.text.split()[0]: cue.start for cue in reversed(cues)}
    assert starts["The"] == pytest.approx(first.start, abs=0.4)
    assert starts["All"] == pytest.approx(second.start, abs=0.9)
    assert cues[-1].end <= second.end + 0.6
    kept = services.store.folder.rglob("*-*.json")
    assert any('"is_estimated":true' in path.read_text().replace(" ", "") for path in kept)
    assert outcome.spoken == Language("en")


@pytest.mark.model
def test_whisper_aligns_each_word_of_plain_text(
    services: Services, model_base: Path, english_speech: Recording, tmp_path: Path
) -> None:
    known = services.config.engines | load_config(None).engines
    services.engines.close()
    services = build_services(dataclasses.replace(services.config, engines=known), services.db)
    requirements = LibrarySettings.model_validate({"path": "/", "engines": ["plain"]})
    media = english_speech.path
    content = content_fingerprint(media)
    try:
        run_job(
            Job(media=media, library=requirements, fingerprint=content, output_folder=tmp_path),
            services,
            InlineRunner(),
        )
    finally:
        services.engines.close()
    (variant,) = services.store.variants(content, 0)
    whole = assemble_track(services.store, content, 0, variant)
    assert whole is not None
    assert whole.text == english_speech.text
    assert not any(word.is_estimated for word in whole.words)
    starts = {word.text.strip(): word.start for word in reversed(whole.words)}
    first, second = english_speech.prompts
    assert starts["The"] == pytest.approx(first.start, abs=0.15)
    assert starts["All"] == pytest.approx(second.start, abs=0.15)
    ((_, course),) = services.store.fallbacks(content, 0)
    assert str(course) == "words by plain, times found by whisper"
