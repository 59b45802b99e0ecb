"""Two films with the same stem share sidecar names. The signature says whose a sidecar is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

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


def announced(harness: Harness) -> list[tuple[Any, ...]]:
    """Return the changes for media servers that are or were recorded."""
    with closing(sqlite3.connect(harness.state / "subtitled.sqlite")) as connection:
        return connection.execute("SELECT * FROM sidecar_changes ORDER BY 1").fetchall()


def two_of_one_stem(harness: Harness) -> tuple[Path, Path, bytes]:
    """Build two films with different speech, of which the earlier one owns the sidecar.

    The function also returns the text of the sidecar.
    """
    first = film(harness.root / "a.mka", 1)
    harness.scan()
    text = (harness.root / "a.en.srt").read_bytes()
    last = film(harness.root / "a.wav", 2)
    harness.scan()
    assert made_for(harness, "a.en.srt") == harness.the(first).fingerprint
    return first, last, text


def test_one_of_two_films_of_the_same_stem_gets_the_name_and_the_other_a_reason(
    harness: Harness,
) -> None:
    first, last, text = two_of_one_stem(harness)
    assert harness.the(first).state in (FileState.DONE, FileState.UP_TO_DATE)
    assert harness.the(last).state is FileState.IMPOSSIBLE
    assert "a.en.srt" in harness.the(last).reason
    assert "a.mka" in harness.the(last).reason
    assert (harness.root / "a.en.srt").read_bytes() == text


def test_no_event_repeats_writing_or_delivery_for_either_film(harness: Harness) -> None:
    first, last, _ = two_of_one_stem(harness)
    written = (harness.root / "a.en.srt").stat()
    changes, recognised = announced(harness), harness.engine.recognised
    for _ in range(2):
        harness.intake.on_paths_changed(first, last)
        harness.settle()
        harness.intake.on_paths_changed(harness.root / "a.en.srt")
        harness.settle()
        harness.jobs.retry(harness.the(first))
        harness.jobs.retry(harness.the(last))
        harness.settle()
        last.touch()
        harness.scan()
    assert (harness.root / "a.en.srt").stat().st_ino == written.st_ino
    assert (harness.root / "a.en.srt").stat().st_mtime_ns == written.st_mtime_ns
    assert announced(harness) == changes
    assert harness.engine.recognised == recognised


def test_first_subtitle_decides_between_two_new_films_of_the_same_stem(harness: Harness) -> None:
    one, other = film(harness.root / "a.mka", 1), film(harness.root / "a.wav", 2)
    harness.scan()
    states = {harness.the(path).state for path in (one, other)}
    assert states == {FileState.DONE, FileState.IMPOSSIBLE}
    text = (harness.root / "a.en.srt").read_bytes()
    harness.scan()
    assert (harness.root / "a.en.srt").read_bytes() == text


def test_name_stays_with_its_film_after_the_database_is_lost(harness: Harness) -> None:
    first, last, text = two_of_one_stem(harness)
    harness.lose_the_database()
    harness.scan()
    assert (harness.root / "a.en.srt").read_bytes() == text
    assert harness.the(last).state is FileState.IMPOSSIBLE
    assert made_for(harness, "a.en.srt") == harness.the(first).fingerprint


def test_a_copy_of_the_film_in_another_file_shares_the_subtitle(harness: Harness) -> None:
    first = film(harness.root / "a.mka", 1)
    harness.scan()
    copy = harness.root / "a.wav"
    copy.write_bytes(first.read_bytes())
    harness.scan()
    assert harness.the(copy).state is FileState.UP_TO_DATE


def test_the_other_gets_its_subtitle_when_it_is_renamed(harness: Harness) -> None:
    _, last, text = two_of_one_stem(harness)
    new = last.rename(harness.root / "b.wav")
    harness.scan()
    assert made_for(harness, "b.en.srt") == harness.the(new).fingerprint
    assert (harness.root / "a.en.srt").read_bytes() == text


@pytest.mark.parametrize("reported", [True, False])
def test_of_two_films_of_one_stem_the_one_that_stays_gets_its_own_subtitle(
    harness: Harness, reported: bool
) -> None:
    """Whether an event or a scan reports the change."""
    first, last, text = two_of_one_stem(harness)
    first.unlink()
    if reported:
        harness.intake.on_paths_changed(first)
        harness.settle()
    else:
        harness.scan()
    assert (harness.root / "a.en.srt").read_bytes() != text
    assert made_for(harness, "a.en.srt") == harness.the(last).fingerprint
    assert harness.the(last).state is FileState.DONE


def test_it_gets_it_too_if_the_subtitle_of_the_other_cannot_follow_that_one(
    harness: Harness,
) -> None:
    first, last, _ = two_of_one_stem(harness)
    (harness.root / "b.en.srt").write_text("somebody's")
    first.rename(harness.root / "b.mka")
    harness.scan()
    assert made_for(harness, "a.en.srt") == harness.the(last).fingerprint
    assert (harness.root / "b.en.srt").read_text() == "somebody's"


def test_cancelled_film_stays_cancelled_when_the_other_is_deleted(harness: Harness) -> None:
    first, last, _ = two_of_one_stem(harness)
    harness.database.states.set_state(
        harness.the(last).id, FileState.FAILED, reason="cancelled by the user"
    )
    first.unlink()
    harness.scan()
    assert harness.the(last).reason == "cancelled by the user"


@pytest.mark.parametrize("by_hand", [True, False])
def test_sidecar_moved_with_its_film_is_ours_without_the_database_too(
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
    harness.lose_the_database()
    harness.scan()
    assert made_for(harness, "New.en.srt") == harness.the(new).fingerprint


def test_copy_of_ours_at_our_name_is_human_and_kept(harness: Harness) -> None:
    """The same holds if its film came and went between two scans."""
    one, other = film(harness.root / "a.wav", 1), film(harness.root / "b.wav", 2)
    harness.scan()
    (harness.root / "b.en.srt").unlink()
    put = (harness.root / "a.en.srt").rename(harness.root / "b.en.srt")
    text = put.read_bytes()
    harness.intake.on_paths_changed(put)
    harness.scan()
    assert put.read_bytes() == text
    assert (
        harness.database.sidecars.ownership(put, harness.the(other).fingerprint) is Ownership.HUMAN
    )
    signed = read_signature(put)
    assert signed is not None
    assert (signed.name, signed.fingerprint) == ("a.en.srt", harness.the(one).fingerprint)


@pytest.mark.parametrize("name", ["a.Extended", "a.en"])
def test_a_film_beside_one_of_a_longer_name_gets_its_own_subtitle(
    harness: Harness, name: str
) -> None:
    longer = film(harness.root / f"{name}.mka", 1)
    harness.scan()
    shorter = film(harness.root / "a.wav", 2)
    harness.scan()
    for path in (longer, shorter):
        reason = harness.the(path).reason
        assert harness.the(path).state in (FileState.DONE, FileState.UP_TO_DATE), reason
        assert made_for(harness, f"{path.stem}.en.srt") == harness.the(path).fingerprint
    changes = announced(harness)
    for path in (longer, shorter):
        harness.jobs.retry(harness.the(path))
    harness.settle()
    assert announced(harness) == changes
