"""Two films with the same stem share sidecar names. The signature says whose a sidecar is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from house import House, film

from subtitled.db.records import FileState
from subtitled.jobs import dbos_queue
from subtitled.subtitles.ownership import Ownership, read_signature


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(dbos_queue, "POLLING_INTERVAL_SECONDS", 0.05)
    house = House(tmp_path)
    yield house
    house.close()


def made_for(house: House, sidecar: str) -> str:
    """Return the fingerprint in the signature of a sidecar."""
    signed = read_signature(house.root / sidecar)
    assert signed is not None
    assert signed.name == (house.root / sidecar).name
    return signed.fingerprint


def two_of_one_stem(house: House) -> tuple[Path, Path, bytes]:
    """Build two films with different speech, of which the later one owns the sidecar.

    The fixture also returns the text that the first film had while it was alone.
    """
    first = film(house.root / "a.mka", 1)
    house.scan()
    text = (house.root / "a.en.srt").read_bytes()
    last = film(house.root / "a.wav", 2)
    house.scan()
    assert made_for(house, "a.en.srt") == house.the(last).fingerprint
    return first, last, text


@pytest.mark.parametrize("told", [True, False])
def test_of_two_films_of_one_stem_the_one_that_stays_gets_its_own_subtitle_back(
    house: House, told: bool
) -> None:
    """Whether an event or a scan reports the change."""
    first, last, text = two_of_one_stem(house)
    made = house.ear.recognised
    last.unlink()
    if told:
        house.intake.on_paths_changed(last)
        house.settle()
    else:
        house.scan()
    assert (house.root / "a.en.srt").read_bytes() == text
    assert house.the(first).state is FileState.DONE
    assert house.ear.recognised == made


def test_it_gets_it_back_too_if_the_subtitle_of_the_other_cannot_follow_that_one(
    house: House,
) -> None:
    _, last, text = two_of_one_stem(house)
    (house.root / "b.en.srt").write_text("somebody's")
    last.rename(house.root / "b.wav")
    house.scan()
    assert (house.root / "a.en.srt").read_bytes() == text
    assert (house.root / "b.en.srt").read_text() == "somebody's"


def test_a_film_that_a_person_cancelled_is_left_alone_when_its_namesake_goes(house: House) -> None:
    first, last, _ = two_of_one_stem(house)
    house.ledger.set_state(house.the(first).id, FileState.FAILED, reason="cancelled by the user")
    last.unlink()
    house.scan()
    assert house.the(first).reason == "cancelled by the user"


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_followed_its_film_is_ours_under_its_new_name_without_the_ledger_too(
    house: House, by_hand: bool
) -> None:
    """Otherwise a better copy would take it for a human subtitle and keep the old one."""
    old = film(house.root / "Old.wav", 1)
    house.scan()
    new = old.rename(house.root / "New.wav")
    if by_hand:
        (house.root / "Old.en.srt").rename(house.root / "New.en.srt")
    house.scan()
    assert made_for(house, "New.en.srt") == house.the(new).fingerprint
    film(new, 2)
    house.lose_the_ledger()
    house.scan()
    assert made_for(house, "New.en.srt") == house.the(new).fingerprint


def test_a_copy_of_ours_that_somebody_put_at_our_name_is_theirs_and_stays(house: House) -> None:
    """The same holds if its film came and went between two scans."""
    one, other = film(house.root / "a.wav", 1), film(house.root / "b.wav", 2)
    house.scan()
    (house.root / "b.en.srt").unlink()
    put = (house.root / "a.en.srt").rename(house.root / "b.en.srt")
    text = put.read_bytes()
    house.intake.on_paths_changed(put)
    house.scan()
    assert put.read_bytes() == text
    assert house.ledger.sidecars.ownership(put, house.the(other).fingerprint) is Ownership.HUMAN
    signed = read_signature(put)
    assert signed is not None
    assert (signed.name, signed.fingerprint) == ("a.en.srt", house.the(one).fingerprint)
