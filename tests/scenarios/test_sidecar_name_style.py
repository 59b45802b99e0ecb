"""Another style of sidecar names: old sidecars are still ours and not made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.config.load import load_config
from subtitled.db.records import FileState
from subtitled.jobs import dbos_queue
from support.harness import Harness, film

MARKED = '[libraries.films.filenames]\nstyle = "iso639-2"\ntag = "machine"\n'


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harness]:
    monkeypatch.setattr(dbos_queue, "POLLING_INTERVAL_SECONDS", 0.05)
    harness = Harness(tmp_path)
    yield harness
    harness.close()


def restyle(harness: Harness, more: str = MARKED) -> None:
    """Restart with other settings for names."""
    harness.close()
    config = harness.root.parent / "config.toml"
    config.write_text(config.read_text() + more)
    harness.configuration = load_config(config)
    harness.open()


def look_again(harness: Harness, path: Path) -> FileState:
    harness.database.states.requeue(harness.the(path).id)
    harness.settle()
    return harness.the(path).state


def test_another_name_style_repeats_nothing_even_without_the_database(harness: Harness) -> None:
    media = film(harness.root / "Film.wav", 1)
    harness.scan()
    restyle(harness)
    assert look_again(harness, media) is FileState.UP_TO_DATE
    harness.lose_the_database()
    harness.scan()
    assert harness.names() == ["Film.en.srt", "Film.wav"]
    assert harness.engine.recognised == 0


def test_a_new_version_gets_the_new_name_and_the_old_one_goes(harness: Harness) -> None:
    media = film(harness.root / "Film.wav", 1)
    harness.scan()
    restyle(harness)
    film(media, 2)
    harness.scan()
    assert harness.names() == ["Film.machine.eng.srt", "Film.wav"]
    moved = media.rename(harness.root / "Other.wav")
    harness.scan()
    assert harness.names() == ["Other.machine.eng.srt", "Other.wav"]
    assert look_again(harness, moved) is FileState.UP_TO_DATE


def test_edited_sidecar_keeps_its_old_name(harness: Harness) -> None:
    media = film(harness.root / "Film.wav", 1)
    harness.scan()
    (harness.root / "Film.en.srt").write_text("mine")
    restyle(harness)
    film(media, 2)
    harness.scan()
    assert harness.names() == ["Film.en.srt", "Film.wav"]
    assert (harness.root / "Film.en.srt").read_text() == "mine"
