"""A library whose mount disappears and returns; a clock that is set forward and back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.disks import Disks
from support.fault_harness import FaultHarness
from support.spoken_films import Film

Build = Callable[..., FaultHarness]

FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
SLEEP = """
import threading, time
time.sleep = lambda seconds: threading.Event().wait(seconds) and None
"""
"""libfaketime that leaves the monotonic clock alone has clock_nanosleep(2) fail, which Python's
time.sleep goes through; waiting for what never happens takes as long."""


def test_a_library_that_is_unmounted_during_the_work_is_away_and_loses_nothing(
    build: Build, disks: Disks, films: list[Film], place: Path
) -> None:
    """Nothing is written below the mount point, forgotten or transcribed again."""
    share = disks.tmpfs("share", 16)
    library = place / "films"
    library.mkdir()
    disks.bind(share, library)
    harness = build("a", library=library)
    (library / "Season").mkdir()
    harness.start()
    ready = harness.arrives(films[0], "Ready.mkv")
    harness.until_state(ready, "done")
    harness.hold()
    harness.arrives(films[1], "Season/In work.mkv")
    harness.arrives(films[2], "Waiting.mkv")
    harness.until_held()
    disks.unmount(library)
    harness.release()
    harness.stays_alive(8)
    assert list(library.iterdir()) == []
    assert harness.wanted.keys() == harness.states().keys()
    disks.bind(share, library)
    harness.all_well(limit=120)
    assert list(library.iterdir()) != []


def test_a_library_that_was_away_at_the_start_is_taken_when_it_comes(
    build: Build, disks: Disks, films: list[Film], place: Path
) -> None:
    share = disks.tmpfs("share", 16)
    library = place / "films"
    library.mkdir()
    harness = build("a", library=library)
    harness.start()
    harness.stays_alive(3)
    disks.bind(share, library)
    harness.arrives(films[0], "Film.mkv")
    harness.all_well(limit=120)


def test_a_clock_that_jumps_a_day_forward_and_two_back_stops_nothing(
    build: Build, films: list[Film]
) -> None:
    """There is no watcher, so that scheduled scans must find the files."""
    if not FAKETIME:
        pytest.skip("libfaketime is missing: apt install faketime")
    harness = build(library_lines='watch = "off"')
    offset = harness.place / "offset"
    offset.write_text("+0")
    patch = harness.place / "patch"
    patch.mkdir()
    (patch / "sitecustomize.py").write_text(SLEEP)
    harness.start(
        PYTHONPATH=f"{patch}{os.pathsep}{harness.environment()['PYTHONPATH']}",
        LD_PRELOAD=str(FAKETIME[0]),
        FAKETIME_TIMESTAMP_FILE=str(offset),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        NO_FAKE_STAT="1",
    )
    for number, hours in enumerate((0, 24, -24, 0)):
        offset.write_text(f"{hours * 3600:+d}")
        time.sleep(1.5)
        media = harness.arrives(films[number % 3], f"At {hours}, {number}.mkv")
        harness.until_state(media, "done", limit=40)
    offset.write_text("+0")
    harness.all_well()
