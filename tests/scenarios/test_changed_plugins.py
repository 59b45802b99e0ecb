"""A section that gets another plugin, or a plugin that gets another revision: nothing is reused."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.plugins import ConfiguredComponent
from subtitled.config.settings import LibrarySettings
from subtitled.engines.client import EngineClient
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.pipeline import run_job
from support.fake_engines import calls, scripted_services
from support.harness import film


def _transcribe(
    folder: Path, monkeypatch: pytest.MonkeyPatch, plugin: str, revision: int = 1
) -> int:
    """Make the subtitle with an engine of this plugin; return how often it was called so far."""
    media = folder / "film.wav"
    if not media.exists():
        film(media, 7)
    job = Job(
        media=media,
        library=LibrarySettings.model_validate({"path": "/"}),
        fingerprint=content_fingerprint(media),
        output_folder=folder,
        force=True,
    )
    changes: dict[str, Any] = {"plugin": plugin}
    create = ConfiguredComponent.__init__

    def create_changed(self: Any, **values: Any) -> None:
        create(self, **(values | changes if values["name"] == "mine" else values))

    with monkeypatch.context() as patch:
        patch.setattr(ConfiguredComponent, "__init__", create_changed)
        with scripted_services(folder, patch, mine={}) as services:
            module = importlib.import_module("scripted_engine")
            patch.setattr(module.ScriptedEngine, "revision", revision, raising=False)
            assert isinstance(services.engines["mine"], EngineClient)
            run_job(job, services, InlineRunner())
    return len(calls(folder, "mine"))


@pytest.mark.slow
def test_words_of_another_plugin_or_revision_are_not_reused_and_the_own_ones_are(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _transcribe(tmp_path, monkeypatch, "moonshine")
    assert first > 0
    assert _transcribe(tmp_path, monkeypatch, "vosk") == 2 * first
    assert _transcribe(tmp_path, monkeypatch, "vosk", revision=2) == 3 * first
    assert _transcribe(tmp_path, monkeypatch, "moonshine") == 3 * first, "they were kept"
