"""What a job starts before its turn: only what is likely to be needed, and never at its cost."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from subtitled.config.load import load_config
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import SetupError, TimeSpan
from subtitled.transcription.early_start import run_in_background, start_engine_early
from subtitled.transcripts.models import TrackAnalysis
from subtitled.transcripts.store import TranscriptStore

MEDIA = "0123456789abcdef0123456789abcdef"


class Engines:
    """The engines of a configuration, which note what is asked of them."""

    def __init__(self) -> None:
        self.started: list[tuple[str, bool]] = []

    def __getitem__(self, name: str) -> Any:
        return SimpleNamespace(
            preload=lambda *, only_in_free_room=False: self.started.append(
                (name, only_in_free_room)
            )
        )


@pytest.fixture
def services(tmp_path: Path) -> Any:
    return SimpleNamespace(
        config=load_config(None), engines=Engines(), store=TranscriptStore(tmp_path / "transcripts")
    )


def _library(folder: Path, **settings: Any) -> LibrarySettings:
    return LibrarySettings(path=folder, **settings)


def test_the_engine_that_tells_the_language_loads_while_a_new_file_is_probed(
    services: Any, tmp_path: Path
) -> None:
    start_engine_early(services, _library(tmp_path), MEDIA)
    assert services.engines.started == [("whisper", True)]


def test_nothing_is_loaded_for_a_file_that_was_listened_to_before(
    services: Any, tmp_path: Path
) -> None:
    analysis = TrackAnalysis(duration=9.0, speech=(TimeSpan(1.0, 2.0),))
    services.store.save_analysis(MEDIA, 3, analysis)
    start_engine_early(services, _library(tmp_path), MEDIA)
    assert services.engines.started == []
    start_engine_early(services, _library(tmp_path), MEDIA[::-1])
    assert services.engines.started == [("whisper", True)]


def test_an_engine_that_cannot_be_had_is_no_error_before_it_is_needed(
    services: Any, tmp_path: Path
) -> None:
    class Missing(Engines):
        def __getitem__(self, name: str) -> Any:
            raise SetupError(f"{name} could not be loaded")

    services.engines = Missing()
    start_engine_early(services, _library(tmp_path), MEDIA)


def test_what_fails_in_the_background_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    tried = threading.Event()

    def fail() -> None:
        tried.set()
        raise OSError("the disk is full")

    with caplog.at_level("DEBUG", logger="subtitled.transcription.early_start"):
        run_in_background("glossary", fail)
        assert tried.wait(60)
        for thread in threading.enumerate():
            if thread.name == "glossary":
                thread.join(60)
    assert "glossary: the disk is full" in caplog.text
