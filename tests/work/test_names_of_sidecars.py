"""Another style of sidecar names: old sidecars are still ours and not made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from house import House, film

from subtitled.config.load import load_config
from subtitled.db.records import FileState
from subtitled.jobs import dbos_queue

MARKED = '[libraries.films.filenames]\nstyle = "iso639-2"\ntag = "machine"\n'


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(dbos_queue, "POLLING_INTERVAL_SECONDS", 0.05)
    house = House(tmp_path)
    yield house
    house.close()


def restyle(house: House, more: str = MARKED) -> None:
    """Restart with other settings for names."""
    house.close()
    config = house.root.parent / "config.toml"
    config.write_text(config.read_text() + more)
    house.configuration = load_config(config)
    house.open()


def look_again(house: House, path: Path) -> FileState:
    house.ledger.requeue(house.the(path).id)
    house.settle()
    return house.the(path).state


def test_another_style_makes_nothing_twice_even_without_the_ledger(house: House) -> None:
    medium = film(house.root / "Film.wav", 1)
    house.scan()
    restyle(house)
    assert look_again(house, medium) is FileState.UP_TO_DATE
    house.lose_the_ledger()
    house.scan()
    assert house.names() == ["Film.en.srt", "Film.wav"]
    assert house.ear.recognised == 0


def test_a_new_version_gets_the_new_name_and_the_old_one_goes(house: House) -> None:
    medium = film(house.root / "Film.wav", 1)
    house.scan()
    restyle(house)
    film(medium, 2)
    house.scan()
    assert house.names() == ["Film.machine.eng.srt", "Film.wav"]
    moved = medium.rename(house.root / "Other.wav")
    house.scan()
    assert house.names() == ["Other.machine.eng.srt", "Other.wav"]
    assert look_again(house, moved) is FileState.UP_TO_DATE


def test_one_that_somebody_edited_stays_under_its_old_name(house: House) -> None:
    medium = film(house.root / "Film.wav", 1)
    house.scan()
    (house.root / "Film.en.srt").write_text("mine")
    restyle(house)
    film(medium, 2)
    house.scan()
    assert house.names() == ["Film.en.srt", "Film.wav"]
    assert (house.root / "Film.en.srt").read_text() == "mine"
