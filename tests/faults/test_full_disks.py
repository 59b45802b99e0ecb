"""Disks that are full, read-only, or without write permission."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from disks import Disks
from films import Film, make_film, without_duration
from household import House, Wanted, sidecar_of

Build = Callable[..., House]

NOBODY = 65534
"""Another user."""


def fill(folder: Path, leave: int = 0) -> Path:
    """Fill a file system except for a number of bytes."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    if leave:
        os.truncate(filler, max(0, filler.stat().st_size - leave))
    return filler


def test_a_disk_that_fills_up_during_decoding_is_said_and_all_goes_on_when_there_is_room(
    build: Build, disks: Disks, films: list[Film], place: Path
) -> None:
    """The recording states no length, so it cannot be known in advance that it does not fit."""
    state = disks.tmpfs("state", 8)
    house = build("a", state=state)
    long = make_film(place, 0, repeats=40)
    recording = without_duration(long, place / "recording.mkv")
    house.start()
    medium = house.arrives(Film(recording), "Recording.mkv", subtitle=False)
    house.until_state(medium, "retrying", "disk is full")
    small = house.arrives(films[1], "Small.mkv")
    house.until_state(small, "done")
    disks.remount(state, "size=64m")
    house.until_state(medium, "done")
    subtitle = sidecar_of(medium).read_bytes()
    assert subtitle.count(b" --> ") > 30
    house.wanted[medium] = Wanted("done", subtitle)
    house.all_well()


def test_a_library_that_fills_up_before_publishing_gets_the_subtitle_when_there_is_room(
    build: Build, disks: Disks, films: list[Film]
) -> None:
    library = disks.tmpfs("films", 4)
    house = build("a", library=library)
    house.start()
    house.hold()
    medium = house.arrives(films[0], "Film.mkv")
    house.until_held()
    filler = fill(library)
    house.release()
    house.until_state(medium, "retrying", "disk is full")
    assert {path.name for path in library.iterdir()} == {"Film.mkv", "filler"}
    filler.unlink()
    house.all_well()


def test_a_state_folder_that_is_full_ends_nothing_and_loses_nothing(
    build: Build, disks: Disks, films: list[Film]
) -> None:
    """Neither database can be written for a while, both idle and during a job."""
    state = disks.tmpfs("state", 8)
    house = build("a", state=state)
    house.start()
    house.arrives(films[0], "Before.mkv")
    house.until(lambda: sidecar_of(house.library / "Before.mkv").exists(), 30, "a subtitle")
    filler = fill(state)
    house.hold()
    house.arrives(films[1], "Meanwhile.mkv")
    house.stays_alive(6)
    filler.unlink()
    house.until_held()
    filler = fill(state)
    house.release()
    house.arrives(films[2], "And then.mkv")
    house.stays_alive(6)
    filler.unlink()
    house.all_well(limit=120, repeated=8, traced=True)


def test_a_library_that_turns_read_only_costs_no_second_recognition(
    build: Build, disks: Disks, films: list[Film]
) -> None:
    library = disks.tmpfs("films", 8)
    house = build("a", library=library)
    house.start()
    house.hold()
    medium = house.arrives(films[0], "Film.mkv")
    house.until_held()
    disks.remount(library, "ro")
    house.release()
    house.until_state(medium, "retrying", "read-only")
    disks.remount(library, "rw")
    house.until_state(medium, "done")
    before = len(house.journal())
    late = house.arrives(films[1], "Late.mkv", subtitle=False)
    disks.remount(library, "ro")
    house.until_state(late, "retrying", "read-only")
    assert len(house.journal()) == before, "it was recognised though it could not be written"
    disks.remount(library, "rw")
    house.wanted[late] = Wanted("done", films[1].subtitle)
    house.all_well()


def test_a_folder_without_permission_is_named_with_its_cure_and_taken_when_it_may_be(
    build: Build, films: list[Film]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give files to others")
    house = build(bound=True)
    mine, shut, closed = (house.library / name for name in ("mine", "shut", "closed"))
    for folder in (mine, shut, closed):
        folder.mkdir()
    house.arrives(films[0], "mine/Film.mkv")
    unwritable = house.arrives(films[1], "shut/Film.mkv")
    secret = house.arrives(films[2], "closed/Film.mkv")
    unreadable = house.arrives(films[2], "mine/Secret.mkv")
    for path, mode in ((shut, 0o755), (closed, 0o700), (unreadable, 0o600)):
        os.chown(path, NOBODY, NOBODY)
        path.chmod(mode)
    house.start()
    house.until_state(unwritable, "retrying", "may not be written")
    house.until_state(unreadable, "retrying", "cannot be read by this user")
    house.until_state(house.library / "mine" / "Film.mkv", "done")
    assert secret not in house.states()
    assert str(closed) in house.log.read_text()
    assert len({line.split()[1] for line in house.journal()}) == 1, "recognised in vain"
    for path in (shut, closed):
        os.chown(path, 0, 0)
    unreadable.chmod(0o644)
    house.all_well()
    assert shut.stat().st_mode & 0o777 == 0o755
    assert unreadable.stat().st_uid == NOBODY, "nothing of theirs changes its owner"
