"""Watching real folders, by the kernel's events and by polling."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from watchdog.observers import Observer

from subtitled.config.settings import LibrarySettings
from subtitled.library import watch as watching
from subtitled.library.watch import Watch, file_system, polls


class Seen:
    """The paths that were told of."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.fails = False

    def __call__(self, path: Path) -> None:
        self.paths.append(path)
        if self.fails:
            raise RuntimeError("the ledger is locked")

    def wait_for(self, path: Path, limit: float = 10.0) -> None:
        end = time.monotonic() + limit
        while path not in self.paths:
            assert time.monotonic() < end, f"{path} not among {self.paths}"
            time.sleep(0.02)


Start = Callable[[Literal["events", "poll"]], Watch]


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
    running: list[Watch] = []

    def make(how: Literal["events", "poll"]) -> Watch:
        watch = Watch({"films": LibrarySettings(path=root, watch=how)}, seen, polling=0.1)
        running.append(watch)
        watch.start()
        return watch

    yield make
    for watch in running:
        watch.stop()


@pytest.mark.parametrize("how", ["events", "poll"])
def test_files_written_renamed_and_moved_in_are_told_of(
    how: Literal["events", "poll"], root: Path, tmp_path: Path, seen: Seen, start: Start
) -> None:
    start(how)
    (root / "a.mkv").write_bytes(b"film")
    seen.wait_for(root / "a.mkv")
    (root / "b.mkv.part").write_bytes(b"film 2")
    (root / "b.mkv.part").rename(root / "b.mkv")
    seen.wait_for(root / "b.mkv")
    (tmp_path / "season" / "one").mkdir(parents=True)
    (tmp_path / "season" / "one" / "c.mkv").write_bytes(b"film 3")
    (tmp_path / "season").rename(root / "season")
    seen.wait_for(root / "season" / "one" / "c.mkv")
    (root / "a.en.srt").write_bytes(b"1")
    seen.wait_for(root / "a.en.srt")
    (root / "a.en.srt").unlink()
    name = Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9 [x].mkv"))
    name.write_bytes(b"film 4")
    seen.wait_for(name)


def test_a_growing_file_is_told_of_a_few_times_and_not_at_every_write(
    root: Path, seen: Seen, start: Start
) -> None:
    start("events")
    with (root / "a.mkv").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(b"x" * 1000)
            time.sleep(0.001)
    (root / "end.mkv").touch()
    seen.wait_for(root / "end.mkv")
    assert seen.paths.count(root / "a.mkv") <= 3
    assert root not in seen.paths


def test_an_error_while_taking_an_event_in_does_not_end_the_watching(
    root: Path, seen: Seen, start: Start
) -> None:
    start("events")
    seen.fails = True
    (root / "a.mkv").touch()
    seen.wait_for(root / "a.mkv")
    seen.fails = False
    (root / "b.mkv").touch()
    seen.wait_for(root / "b.mkv")


@pytest.mark.parametrize("how", ["events", "poll"])
def test_a_folder_that_went_and_came_back_is_watched_again_and_walked(
    how: Literal["events", "poll"], root: Path, seen: Seen, start: Start
) -> None:
    watch = start(how)
    assert watch.supervise() == []
    shutil.rmtree(root)
    time.sleep(0.5)
    assert watch.supervise() == []
    root.mkdir()
    assert watch.supervise() == ["films"]
    assert watch.supervise() == []
    (root / "a.mkv").touch()
    seen.wait_for(root / "a.mkv")


def test_a_folder_replaced_between_two_looks_is_watched_again(
    root: Path, seen: Seen, start: Start
) -> None:
    """The new one may well have the inode of the old one."""
    watch = start("events")
    shutil.rmtree(root)
    root.mkdir()
    time.sleep(1.0)
    assert watch.supervise() == ["films"]
    (root / "a.mkv").touch()
    seen.wait_for(root / "a.mkv")


def test_a_folder_that_is_not_there_yet_is_waited_for(root: Path, start: Start) -> None:
    root.rmdir()
    watch = start("events")
    assert watch.supervise() == []
    root.mkdir()
    assert watch.supervise() == ["films"]


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "max_user_watches"), (errno.EMFILE, "max_user_instances")],
)
def test_at_the_kernel_s_limit_it_polls_and_says_which_to_raise(
    number: int,
    advice: str,
    root: Path,
    seen: Seen,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Limited(Observer):  # type: ignore[misc, valid-type]
        def start(self) -> None:
            raise OSError(number, "inotify limit reached")

    monkeypatch.setattr(watching, "Observer", Limited)
    caplog.set_level("INFO")
    start("events")
    assert advice in caplog.text
    (root / "a.mkv").touch()
    seen.wait_for(root / "a.mkv")


def test_the_mount_table_tells_what_is_polled(tmp_path: Path) -> None:
    assert file_system(Path("/proc")) == "proc"
    assert file_system(tmp_path)
    for how, expected in (("poll", True), ("events", False)):
        assert polls(LibrarySettings(path=tmp_path, watch=how))[0] is expected


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p", "virtiofs"])
def test_network_shares_are_polled(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "file_system", lambda path: kind)
    poll, why = polls(LibrarySettings(path=tmp_path))
    assert poll
    assert kind in why


@pytest.mark.parametrize("kind", ["ext4", "btrfs", "xfs", "zfs", "overlay"])
def test_disks_are_not_polled(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "file_system", lambda path: kind)
    assert not polls(LibrarySettings(path=tmp_path))[0]
