"""A file that a person writes at the name of our sidecar, a moment before it is published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenarios import test_library_histories as histories

somewhere = histories.somewhere


class Choice:
    """Stands for Hypothesis' data where a history is written down: it draws one value."""

    def __init__(self, value: Path) -> None:
        self._value = value

    def draw(self, strategy: object) -> Path:
        """Return the value, whatever could be drawn."""
        return self._value


@pytest.mark.usefixtures("somewhere")
def test_film_gets_its_other_subtitles_and_ours_once_the_foreign_file_is_removed() -> None:
    machine: Any = histories.Histories()
    machine.begin(languages=("original", "en"), rested=False, media=[("films", "a.mp4", "bees")])
    folder = histories.HOME / "films"
    film, foreign = Choice(folder / "a.mp4"), folder / "a.es.srt"
    machine.somebody_will_be_faster_than_our_publishing(film, is_reported=True)
    machine.it_goes_on(walks=True, plans=3, works=2)
    assert foreign.read_bytes() == histories.A_MOMENT_BEFORE
    assert (folder / "a.en.srt").exists()
    assert "it is kept" in machine.database.files.get(folder / "a.mp4").reason
    machine.somebody_deletes_a_subtitle(Choice(foreign))
    machine.come_to_rest()
    assert machine.speech_in(foreign) == "bees"
