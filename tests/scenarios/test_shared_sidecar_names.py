"""Two films with the same stem share sidecar names. The signature says whose a sidecar is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.db.records import FileState
from subtitled.jobs import dbos_queue
from subtitled.subtitles.ownership import Ownership, read_signature
from support.harness import Harness, film


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harness]:
    monkeypatch.setattr(dbos_queue, "POLLING_INTERVAL_SECONDS", 0.05)
    harness = Harness(tmp_path)
    yield harness
    harness.close()


def made_for(harness: Harness, sidecar: str) -> str:
    """Return the fingerprint in the signature of a sidecar."""
    signed = read_signature(harness.root / sidecar)
    assert signed is not None
    assert signed.name == (harness.root / sidecar).name
    return signed.fingerprint


def two_of_one_stem(harness: Harness) -> tuple[Path, Path, bytes]:
    """Build two films with different speech, of which the later one owns the sidecar.

    The fixture also returns the text that the first film had while it was alone.
    """
    first = film(harness.root / "a.mka", 1)
    harness.scan()
    text = (harness.root / "a.en.srt").read_bytes()
    last = film(harness.root / "a.wav", 2)
    harness.scan()
    assert made_for(harness, "a.en.srt") == harness.the(last).fingerprint
    return first, last, text


@pytest.mark.parametrize("told", [True, False])
def test_of_two_films_of_one_stem_the_one_that_stays_gets_its_own_subtitle_back(
    harness: Harness, told: bool
) -> None:
    """Whether an event or a scan reports the change."""
    first, last, text = two_of_one_stem(harness)
    made = harness.engine.recognised
    last.unlink()
    if told:
        harness.intake.on_paths_changed(last)
        harness.settle()
    else:
        harness.scan()
    assert (harness.root / "a.en.srt").read_bytes() == text
    assert harness.the(first).state is FileState.DONE
    assert harness.engine.recognised == made


def test_it_gets_it_back_too_if_the_subtitle_of_the_other_cannot_follow_that_one(
    harness: Harness,
) -> None:
    _, last, text = two_of_one_stem(harness)
    (harness.root / "b.en.srt").write_text("somebody's")
    last.rename(harness.root / "b.wav")
    harness.scan()
    assert (harness.root / "a.en.srt").read_bytes() == text
    assert (harness.root / "b.en.srt").read_text() == "somebody's"


def test_a_cancelled_film_is_left_alone_when_its_namesake_goes(
    harness: Harness,
) -> None:
    first, last, _ = two_of_one_stem(harness)
    harness.ledger.set_state(
        harness.the(first).id, FileState.FAILED, reason="cancelled by the user"
    )
    last.unlink()
    harness.scan()
    assert harness.the(first).reason == "cancelled by the user"


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_followed_its_film_is_ours_under_its_new_name_without_the_ledger_too(
    harness: Harness, by_hand: bool
) -> None:
    """Otherwise a better copy would take it for a human subtitle and keep the old one."""
    old = film(harness.root / "Old.wav", 1)
    harness.scan()
    new = old.rename(harness.root / "New.wav")
    if by_hand:
        (harness.root / "Old.en.srt").rename(harness.root / "New.en.srt")
    harness.scan()
    assert made_for(harness, "New.en.srt") == harness.the(new).fingerprint
    film(new, 2)
    harness.lose_the_ledger()
    harness.scan()
    assert made_for(harness, "New.en.srt") == harness.the(new).fingerprint


def test_a_copy_of_ours_that_somebody_put_at_our_name_is_theirs_and_stays(harness: Harness) -> None:
    """The same holds if its film came and went between two scans."""
    one, other = film(harness.root / "a.wav", 1), film(harness.root / "b.wav", 2)
    harness.scan()
    (harness.root / "b.en.srt").unlink()
    put = (harness.root / "a.en.srt").rename(harness.root / "b.en.srt")
    text = put.read_bytes()
    harness.intake.on_paths_changed(put)
    harness.scan()
    assert put.read_bytes() == text
    assert harness.ledger.sidecars.ownership(put, harness.the(other).fingerprint) is Ownership.HUMAN
    signed = read_signature(put)
    assert signed is not None
    assert (signed.name, signed.fingerprint) == ("a.en.srt", harness.the(one).fingerprint)
