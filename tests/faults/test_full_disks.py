"""Disks that are full, read-only, or without write permission."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.disks import Disks
from support.fault_harness import FaultHarness, Wanted, sidecar_of
from support.spoken_films import Film, make_film, without_duration

Build = Callable[..., FaultHarness]

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


def test_disk_that_fills_during_decoding_is_reported_and_work_resumes_with_free_space(
    build: Build, disks: Disks, films: list[Film], place: Path
) -> None:
    """The recording states no length, so it cannot be known in advance that it does not fit."""
    state = disks.tmpfs("state", 14)
    harness = build("a", state=state)
    long = make_film(place, 0, repeats=40)
    recording = without_duration(long, place / "recording.mkv")
    harness.start()
    media = harness.arrives(Film(recording), "Recording.mkv", subtitle=False)
    harness.until_state(media, "retrying", "disk is full")
    small = harness.arrives(films[1], "Small.mkv")
    harness.until_state(small, "done")
    disks.remount(state, "size=64m")
    harness.until_state(media, "done")
    subtitle = sidecar_of(media).read_bytes()
    assert subtitle.count(b" --> ") > 30
    harness.wanted[media] = Wanted("done", subtitle)
    harness.all_well()


def test_a_library_that_fills_up_before_publishing_gets_the_subtitle_when_there_is_room(
    build: Build, disks: Disks, films: list[Film]
) -> None:
    library = disks.tmpfs("films", 4)
    harness = build("a", library=library)
    harness.start()
    harness.hold()
    media = harness.arrives(films[0], "Film.mkv")
    harness.until_held()
    filler = fill(library)
    harness.release()
    harness.until_state(media, "retrying", "disk is full")
    assert {path.name for path in library.iterdir()} == {"Film.mkv", "filler"}
    filler.unlink()
    harness.all_well()


def test_a_state_folder_that_is_full_ends_nothing_and_loses_nothing(
    build: Build, disks: Disks, films: list[Film]
) -> None:
    """Neither database can be written for a while, both idle and during a job."""
    state = disks.tmpfs("state", 14)
    harness = build("a", state=state)
    harness.start()
    harness.arrives(films[0], "Before.mkv")
    harness.until(lambda: sidecar_of(harness.library / "Before.mkv").exists(), 30, "a subtitle")
    filler = fill(state)
    harness.hold()
    harness.arrives(films[1], "Meanwhile.mkv")
    harness.stays_alive(6)
    filler.unlink()
    harness.until_held()
    filler = fill(state)
    harness.release()
    harness.arrives(films[2], "And then.mkv")
    harness.stays_alive(6)
    filler.unlink()
    harness.all_well(limit=120, repeated=8, traced=True)


def test_a_library_that_turns_read_only_costs_no_second_recognition(
    build: Build, disks: Disks, films: list[Film]
) -> None:
    library = disks.tmpfs("films", 8)
    harness = build("a", library=library)
    harness.start()
    harness.hold()
    media = harness.arrives(films[0], "Film.mkv")
    harness.until_held()
    disks.remount(library, "ro")
    harness.release()
    harness.until_state(media, "retrying", "read-only")
    disks.remount(library, "rw")
    harness.until_state(media, "done")
    before = len(harness.journal())
    late = harness.arrives(films[1], "Late.mkv", subtitle=False)
    disks.remount(library, "ro")
    harness.until_state(late, "retrying", "read-only")
    assert len(harness.journal()) == before, "it was recognised though it could not be written"
    disks.remount(library, "rw")
    harness.wanted[late] = Wanted("done", films[1].subtitle)
    harness.all_well()


def test_folder_without_permission_is_reported_with_a_hint_and_used_once_permitted(
    build: Build, films: list[Film]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give files to others")
    harness = build(bound=True)
    mine, shut, closed = (harness.library / name for name in ("mine", "shut", "closed"))
    for folder in (mine, shut, closed):
        folder.mkdir()
    harness.arrives(films[0], "mine/Film.mkv")
    unwritable = harness.arrives(films[1], "shut/Film.mkv")
    secret = harness.arrives(films[2], "closed/Film.mkv")
    unreadable = harness.arrives(films[2], "mine/Secret.mkv")
    for path, mode in ((shut, 0o755), (closed, 0o700), (unreadable, 0o600)):
        os.chown(path, NOBODY, NOBODY)
        path.chmod(mode)
    harness.start()
    harness.until_state(unwritable, "retrying", "may not be written")
    harness.until_state(unreadable, "retrying", "cannot be read by this user")
    harness.until_state(harness.library / "mine" / "Film.mkv", "done")
    assert secret not in harness.states()
    assert str(closed) in harness.log.read_text()
    assert len({line.split()[1] for line in harness.journal()}) == 1, "recognised in vain"
    for path in (shut, closed):
        os.chown(path, 0, 0)
    unreadable.chmod(0o644)
    harness.all_well()
    assert shut.stat().st_mode & 0o777 == 0o755
    assert unreadable.stat().st_uid == NOBODY, "nothing of theirs changes its owner"
