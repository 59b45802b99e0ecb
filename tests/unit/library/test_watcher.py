"""Watching real folders by kernel events, with the kernel's real limits."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.library import inotify
from subtitled.library import watcher as watching
from subtitled.library.mounts import WatchMode
from subtitled.library.watcher import (
    POLLING_INTERVAL_SECONDS,
    LibraryWatcher,
    describe_inotify_error,
    read_inotify_limit,
)
from support.namespaces import unshare


class Seen:
    """The paths that were reported, and how often events were lost."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.lost: list[str] = []
        self.fails = False

    def __call__(self, path: Path) -> None:
        self.paths.append(path)
        if self.fails:
            raise RuntimeError("the database is locked")

    def wait_for(self, path: Path) -> None:
        wait_until(lambda: path in self.paths, lambda: f"{path} not among {self.paths}")


def wait_until(
    done: Callable[[], object], describe: Callable[[], str] = str, limit: float = 60
) -> None:
    end = time.monotonic() + limit
    while not done():
        assert time.monotonic() < end, describe()
        time.sleep(0.02)


How = Literal["auto", "events", "poll", "off"]
Start = Callable[..., LibraryWatcher]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def start(root: Path, seen: Seen) -> Iterator[Start]:
    running: list[LibraryWatcher] = []

    def make(how: How = "events") -> LibraryWatcher:
        library = LibrarySettings(path=root, watch=how)
        watch = LibraryWatcher({"films": library}, seen, seen.lost.append)
        running.append(watch)
        assert watch.supervise("films") is root.is_dir()
        return watch

    yield make
    for watch in running:
        watch.stop()


def test_files_written_renamed_linked_moved_and_deleted_are_reported(
    root: Path, tmp_path: Path, seen: Seen, start: Start
) -> None:
    for name in ("gone.en.srt", "away.mkv", "there.mkv"):
        (root / name).write_bytes(b"x")
    (tmp_path / "in.mkv").write_bytes(b"film")
    start()
    (root / "a.mkv").write_bytes(b"film")
    seen.wait_for(root / "a.mkv")
    (root / "b.mkv.part").write_bytes(b"film 2")
    (root / "b.mkv.part").rename(root / "b.mkv")
    seen.wait_for(root / "b.mkv")
    (root / "gone.en.srt").unlink()
    seen.wait_for(root / "gone.en.srt")
    (root / "away.mkv").rename(tmp_path / "away.mkv")
    seen.wait_for(root / "away.mkv")
    (tmp_path / "in.mkv").rename(root / "in.mkv")
    seen.wait_for(root / "in.mkv")
    with (root / "there.mkv").open("ab") as file:
        file.write(b"and more")
    seen.wait_for(root / "there.mkv")
    os.link(root / "a.mkv", root / "linked.mkv")
    seen.wait_for(root / "linked.mkv")
    name = Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9 [x].mkv"))
    name.write_bytes(b"film 4")
    seen.wait_for(name)


def test_folders_created_and_moved_are_reported_and_watched_where_they_are(
    root: Path, tmp_path: Path, seen: Seen, start: Start
) -> None:
    watch = start()
    (root / "show" / "season 1").mkdir(parents=True)
    seen.wait_for(root / "show")
    (tmp_path / "season 2" / "deep").mkdir(parents=True)
    (tmp_path / "season 2").rename(root / "show" / "season 2")
    seen.wait_for(root / "show" / "season 2")
    (root / "show" / "season 2" / "deep" / "a.mkv").touch()
    seen.wait_for(root / "show" / "season 2" / "deep" / "a.mkv")
    (root / "show").rename(root / "Show")
    seen.wait_for(root / "Show")
    (root / "Show" / "season 2" / "deep" / "b.mkv").touch()
    seen.wait_for(root / "Show" / "season 2" / "deep" / "b.mkv")
    (root / "Show").rename(tmp_path / "Show")
    wait_until(lambda: seen.paths.count(root / "Show") == 2)
    emitter = watch._states["films"].emitter
    assert emitter is not None
    assert emitter.folder_count == 1
    (tmp_path / "Show" / "season 2" / "c.mkv").touch()
    (root / "end.mkv").touch()
    seen.wait_for(root / "end.mkv")
    assert not [path for path in seen.paths if path.name == "c.mkv"]


def test_a_growing_file_is_reported_a_few_times_and_not_at_every_write(
    root: Path, seen: Seen, start: Start
) -> None:
    start()
    with (root / "a.mkv").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(b"x" * 1000)
            time.sleep(0.001)
    (root / "end.mkv").touch()
    seen.wait_for(root / "end.mkv")
    assert seen.paths.count(root / "a.mkv") <= 3
    assert root not in seen.paths


def test_excluded_folders_are_not_watched(root: Path, seen: Seen, start: Start) -> None:
    (root / "@eaDir" / "deep").mkdir(parents=True)
    watch = start()
    emitter = watch._states["films"].emitter
    assert emitter is not None
    (root / "extras").mkdir()
    (root / "extras" / "a.mkv").touch()
    (root / "@eaDir" / "b.mkv").touch()
    (root / "end.mkv").touch()
    seen.wait_for(root / "end.mkv")
    assert (set(seen.paths), emitter.folder_count) == ({root / "end.mkv"}, 1)


def test_an_error_while_taking_an_event_in_does_not_end_the_watching(
    root: Path, seen: Seen, start: Start
) -> None:
    start()
    seen.fails = True
    (root / "a.mkv").touch()
    seen.wait_for(root / "a.mkv")
    seen.fails = False
    (root / "b.mkv").touch()
    seen.wait_for(root / "b.mkv")


@pytest.mark.parametrize("how", ["events", "poll"])
def test_a_folder_that_was_removed_and_returned_is_watched_again_and_scanned(
    how: How, root: Path, start: Start
) -> None:
    watch = start(how)
    assert not watch.supervise("films")
    shutil.rmtree(root)
    wait_until(lambda: how == "poll" or not watch._states["films"].is_alive)
    assert not watch.supervise("films")
    root.mkdir()
    assert watch.supervise("films")
    assert not watch.supervise("films")


def test_a_folder_replaced_between_two_checks_is_watched_again(
    root: Path, seen: Seen, start: Start
) -> None:
    """The new one may well have the inode of the old one."""
    watch = start()
    shutil.rmtree(root)
    root.mkdir()
    wait_until(lambda: not watch._states["films"].is_alive)
    assert watch.supervise("films")
    (root / "a.mkv").touch()
    seen.wait_for(root / "a.mkv")


def test_a_folder_that_is_not_there_yet_is_waited_for(root: Path, start: Start) -> None:
    root.rmdir()
    watch = start()
    assert not watch.supervise("films")
    root.mkdir()
    assert watch.supervise("films")


def test_a_disk_that_is_mounted_over_the_folder_and_unmounted_is_watched_each_time(
    root: Path, seen: Seen, start: Start
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    watch = start("auto")
    for turn in range(2):
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", root]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("this machine mounts nothing")
        try:
            assert watch.supervise("films")
            (root / f"{turn}.mkv").touch()
            seen.wait_for(root / f"{turn}.mkv")
        finally:
            subprocess.run(["umount", "-l", root], check=True)
        assert watch.supervise("films")
        (root / f"below {turn}.mkv").touch()
        seen.wait_for(root / f"below {turn}.mkv")


def test_a_share_that_is_mounted_inside_later_has_the_library_polled(
    root: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = start("auto")
    assert "watched by events" in watch.describe("films")
    share = WatchMode("poll", "nas is mounted in it")
    monkeypatch.setattr(watching, "choose_watch_mode", lambda library: share)
    assert watch.supervise("films")
    assert watch.describe("films") == "polled: nas is mounted in it"
    monkeypatch.undo()
    assert watch.supervise("films")
    assert "watched by events" in watch.describe("films")


def test_no_stop_is_followed_by_another_word(root: Path, seen: Seen, start: Start) -> None:
    watch = start()
    (root / "a.mkv").touch()
    seen.wait_for(root / "a.mkv")
    watch.stop()
    (root / "b.mkv").touch()
    time.sleep(0.3)
    assert root / "b.mkv" not in seen.paths


def test_an_observer_that_hangs_with_its_disk_does_not_hold_up_the_end(
    root: Path, seen: Seen, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = start()
    hangs, goes_on = threading.Event(), threading.Event()

    def hang(data: bytes) -> list[tuple[int, int, bytes]]:
        hangs.set()
        goes_on.wait(60)
        return []

    monkeypatch.setattr(inotify, "_parse_events", hang)
    monkeypatch.setattr(watching, "STOP_TIMEOUT_SECONDS", 0.2)
    (root / "a.mkv").touch()
    assert hangs.wait(10)
    begin = time.monotonic()
    watch.stop()
    assert time.monotonic() - begin < 30  # and not the 60 for which it hangs
    goes_on.set()


def test_an_unwatched_library_is_scanned_once(root: Path, seen: Seen, start: Start) -> None:
    watch = start("off")
    (root / "a.mkv").touch()
    time.sleep(0.3)
    assert not watch.supervise("films")
    assert (seen.paths, watch.next_scan_in("films", 1.0, 3600.0)) == ([], 3600.0)


@pytest.mark.parametrize(
    ("how", "took", "expected"),
    [
        ("events", 100.0, 6 * 3600.0),
        ("poll", 0.1, POLLING_INTERVAL_SECONDS),
        ("poll", 30.0, 600.0),
        ("poll", 10**6, 6 * 3600.0),
    ],
)
def test_a_polled_library_is_scanned_often_but_not_all_the_time(
    how: How, took: float, expected: float, start: Start
) -> None:
    assert start(how).next_scan_in("films", took, 6 * 3600.0) == expected


LIMITED = """
import logging, sys, time
from pathlib import Path
from subtitled.config.settings import LibrarySettings
from subtitled.library import watcher as watching
from subtitled.library.mounts import WatchMode
from subtitled.library.watcher import LibraryWatcher

def limit(what, to):
    Path(f"/proc/sys/user/max_inotify_{what}").write_text(str(to))

def folders(first, last):
    for number in range(first, last):
        (root / str(number)).mkdir()

logging.basicConfig(level="INFO", stream=sys.stderr)
root = Path(sys.argv[1])
watch = LibraryWatcher({"films": LibrarySettings(path=root)}, print, print)
"""


def limited(root: Path, body: str) -> str:
    """Return what a program logs that has limits of its own, in a new user namespace."""
    command = [*unshare("--map-root-user"), sys.executable, "-c", LIMITED + body, str(root)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stderr


def test_without_a_free_watch_the_library_is_polled_and_the_limit_is_named(root: Path) -> None:
    describe = limited(
        root,
        """
folders(0, 30)
limit("watches", 20)
assert watch.supervise("films")
assert "polled" in watch.describe("films")
assert "sysctl fs.inotify.max_user_watches=" in watch.describe("films")
assert watch.next_scan_in("films", 1.0, 9e9) == watching.POLLING_INTERVAL_SECONDS
assert not watch.supervise("films")
""",
    )
    assert "WARNING:subtitled.library.watcher:library films is polled" in describe
    assert "is reached" in describe


def test_a_new_folder_without_a_free_watch_has_the_library_polled_and_scanned(
    root: Path,
) -> None:
    limited(
        root,
        """
folders(0, 10)
limit("watches", 11)
assert watch.supervise("films")
assert "watched by events" in watch.describe("films"), watch.describe("films")
folders(10, 20)
end = time.monotonic() + 60
while watch._states["films"].is_alive:
    assert time.monotonic() < end
    time.sleep(0.02)
assert watch.supervise("films")
assert "max_user_watches" in watch.describe("films")
limit("watches", 8192)
assert not watch.supervise("films")
watching.RETRY_EVENTS_SECONDS = -1.0
assert watch.supervise("films")
assert "watched by events" in watch.describe("films"), watch.describe("films")
""",
    )


def test_without_a_free_instance_the_library_is_polled(root: Path) -> None:
    limited(
        root,
        """
limit("instances", 0)
assert watch.supervise("films")
assert "sysctl fs.inotify.max_user_instances=512" in watch.describe("films")
""",
    )


def test_dropped_events_are_logged_and_cause_a_scan(
    root: Path,
    seen: Seen,
    start: Start,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = Path("/proc/sys/fs/inotify/max_queued_events")
    usual = queue.read_text()
    try:
        queue.write_text("8")  # taken over by what is made now, and by nobody else
        watch = start("auto")
    except PermissionError:
        pytest.skip("only root can set the kernel's limits")
    finally:
        if os.geteuid() == 0:
            queue.write_text(usual)
    emitter = watch._states["films"].emitter
    assert emitter is not None
    parse, goes_on = inotify._parse_events, threading.Event()

    def parse_late(data: bytes) -> Iterator[tuple[int, int, bytes]]:
        goes_on.wait(60)  # a queue that is emptied at once does not overflow
        return parse(data)

    monkeypatch.setattr(inotify, "_parse_events", parse_late)
    for number in range(400):
        (root / str(number)).mkdir()
    goes_on.set()
    wait_until(lambda: seen.lost)
    assert seen.lost[0] == "films"
    assert "max_queued_events" in caplog.text
    # The folders whose coming was lost are watched all the same.
    wait_until(lambda: emitter.folder_count == 401)
    (root / "399" / "a.mkv").touch()
    seen.wait_for(root / "399" / "a.mkv")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_emitter_that_dies_of_anything_is_replaced(
    root: Path, seen: Seen, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = start()
    monkeypatch.setattr(inotify, "_parse_events", lambda data: [][1])
    (root / "a.mkv").touch()
    wait_until(lambda: not watch._states["films"].is_alive)
    monkeypatch.undo()
    assert watch.supervise("films")
    (root / "b.mkv").touch()
    seen.wait_for(root / "b.mkv")


def test_limits_that_are_hidden_are_no_error(tmp_path: Path) -> None:
    """The limits are hidden under systemd's ProcSubset=pid."""
    assert read_inotify_limit("max_user_watches", tmp_path) is None
    (tmp_path / "max_user_watches").write_text("8192\n")
    assert read_inotify_limit("max_user_watches", tmp_path) == 8192


def test_the_advice_names_a_limit_that_is_higher_than_the_present_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for now, more in ((None, 524288), (8192, 524288), (1_000_000, 2_000_000)):
        monkeypatch.setattr(watching, "read_inotify_limit", lambda name, now=now: now)
        advice = describe_inotify_error(OSError(errno.ENOSPC, "no space"))
        assert advice.endswith(f"sysctl fs.inotify.max_user_watches={more}")
    assert "sysctl" not in describe_inotify_error(OSError(errno.EIO, "I/O error"))
