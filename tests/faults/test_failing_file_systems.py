"""A file system over FUSE that is slow, hangs and fails."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable

from faults.test_random_kills import another
from support.disks import Disks
from support.fault_harness import FaultHarness, sidecar_of
from support.spoken_films import Film

Build = Callable[..., FaultHarness]

ERRORS = [
    (["read"], ".mkv", "EIO", "cannot be read"),
    (["open"], ".mkv", "ESTALE", "cannot be read"),
    (["write"], ".subtitled-", "ENOSPC", "disk is full"),
    (["fsync"], ".subtitled-", "EIO", "nothing can be written"),
    (["create"], ".subtitled-", "EROFS", "read-only"),
    (["link", "rename"], ".srt", "EIO", "nothing can be written"),
]
"""Failing operations: on which file, with which error, and the expected result."""


def test_a_slow_file_system_only_makes_it_slow(
    build: Build, disks: Disks, films: list[Film]
) -> None:
    disk = disks.faulty("films")
    harness = build("a", library=disk.point)
    disk.rules({"ops": ["read", "write", "getattr", "readdir", "fsync", "rename"], "delay": 0.03})
    harness.start()
    for number, film in enumerate(films):
        harness.arrives(film, f"Film {number}.mkv")
    harness.all_well(limit=120)


def test_hanging_file_does_not_stop_the_watchdog_and_is_done_once_it_answers(
    build: Build, disks: Disks, films: list[Film]
) -> None:
    """Like a hard-mounted share without its server: readers hang, even when killed."""
    disk = disks.faulty("films")
    harness = build("a", library=disk.point)
    harness.start()
    disk.rules({"ops": ["read"], "name": "Hanging", "hang": True})
    shutil.copyfile(films[0].path, disk.behind / "Hanging.mkv")
    harness.expects(films[0], "Hanging.mkv")
    harness.stays_alive(15)
    assert harness.ask("status")["running"]
    disk.rules()
    harness.arrives(films[1], "Next.mkv")
    harness.all_well()


def test_each_error_of_the_file_system_is_remembered_with_its_reason_and_passes(
    build: Build, disks: Disks, films: list[Film]
) -> None:
    disk = disks.faulty("films")
    harness = build("a", library=disk.point)
    harness.start()
    for number, (operations, name, code, reason) in enumerate(ERRORS):
        harness.hold()
        media = harness.arrives(another(films[0], harness.place, number), f"Film {number}.mkv")
        if name != ".mkv":
            harness.until_held()
        disk.rules({"ops": operations, "name": name, "errno": code})
        harness.release()
        harness.until_state(media, "retrying", reason)
        assert not sidecar_of(media).exists()
        disk.rules()
    harness.all_well()


def test_without_hard_links_it_still_publishes(
    build: Build, disks: Disks, films: list[Film]
) -> None:
    """Like FAT, SMB and many FUSE file systems."""
    disk = disks.faulty("films")
    harness = build("a", library=disk.point)
    disk.rules({"ops": ["link"], "errno": "EPERM"})
    harness.start()
    harness.arrives(films[0], "Film.mkv")
    harness.all_well()


def test_random_errors_everywhere_leave_a_whole_subtitle_or_none(
    build: Build, disks: Disks, films: list[Film], chance: random.Random
) -> None:
    disk = disks.faulty("films")
    harness = build("a", library=disk.point, daemon='retry_delay = "1s"')
    everything = ["getattr", "readdir", "open", "create", "read", "write", "fsync", "unlink"]
    disk.rules(
        *(
            {"ops": everything, "errno": code, "chance": chance.uniform(0.01, 0.05)}
            for code in ("EIO", "ESTALE", "ENOSPC", "EACCES")
        )
    )
    harness.start()
    for number, film in enumerate(films):
        (disk.behind / f"Film {number}.mkv").write_bytes(film.path.read_bytes())
        harness.expects(film, f"Film {number}.mkv")
    begin = time.monotonic()
    while time.monotonic() - begin < 15:
        for film, media in zip(films, harness.wanted, strict=True):
            sidecar = disk.behind / sidecar_of(media).name
            assert not sidecar.exists() or sidecar.read_bytes() == film.subtitle
        time.sleep(0.1)
    disk.rules()
    harness.retry(*harness.wanted)
    harness.all_well()
