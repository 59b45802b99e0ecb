"""Subtitles in a folder beside a film count, whenever they come."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.db.records import FileState
from subtitled.jobs import dbos_queue
from support.harness import Harness, film

TEXT = "".join(
    f"{n}\n00:00:{2 * n:02},000 --> 00:00:{2 * n + 1:02},900\n"
    f"This is what they say to each other for the {n}th time\n\n"
    for n in range(1, 29)
)


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harness]:
    monkeypatch.setattr(dbos_queue, "POLLING_INTERVAL_SECONDS", 0.05)
    harness = Harness(tmp_path, 'languages = ["en"]')
    yield harness
    harness.close()


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize("inside", ["Subs/2_English.srt", "Subs/Film/2_English.srt"])
def test_a_subtitle_in_a_folder_is_there_and_nothing_is_made(harness: Harness, inside: str) -> None:
    put(harness.root / "Up" / inside)
    media = film(harness.root / "Up" / "Film.wav", 1)
    harness.scan()
    assert harness.the(media).state is FileState.UP_TO_DATE
    assert inside in harness.the(media).reason
    assert harness.engine.recognised == 0


@pytest.mark.parametrize("reported", [True, False])
def test_one_that_comes_later_replaces_ours(harness: Harness, reported: bool) -> None:
    (harness.root / "Up").mkdir()
    media = film(harness.root / "Up" / "Film.wav", 1)
    harness.scan()
    assert (harness.root / "Up" / "Film.en.srt").exists()
    human = put(harness.root / "Up" / "Subs" / "2_English.srt")
    if reported:
        harness.intake.on_paths_changed(human)
        harness.settle()
    else:
        harness.scan()
    assert not (harness.root / "Up" / "Film.en.srt").exists()
    assert harness.the(media).state is FileState.UP_TO_DATE


def test_a_subtitle_counts_whichever_system_wrote_its_accents(harness: Harness) -> None:
    name = "Amélie"
    media = film(harness.root / f"{unicodedata.normalize('NFD', name)}.wav", 1)
    put(harness.root / f"{unicodedata.normalize('NFC', name)}.en.srt")
    harness.scan()
    assert harness.the(media).state is FileState.UP_TO_DATE
    assert harness.engine.recognised == 0
