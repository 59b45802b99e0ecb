"""A walk and the watchers side by side: what one of them finds, the other is told of."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.config.settings import AUDIO_ENDINGS, VIDEO_ENDINGS, LibrarySettings
from subtitled.library.walk import Sieve, walk
from subtitled.library.watch import Watch, file_system, polls

How = Literal["events", "poll"]
Start = Callable[[How], list[Path]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def start(root: Path) -> Iterator[Start]:
    """Starts a real watch of the library; what it tells comes into the list."""
    running: list[Watch] = []

    def make(how: How) -> list[Path]:
        told: list[Path] = []
        watch = Watch({"films": LibrarySettings(path=root, watch=how)}, told.append, polling=0.1)
        running.append(watch)
        watch.start()
        return told

    yield make
    for watch in running:
        watch.stop()


def wait_for(told: list[Path], path: Path, limit: float = 10.0) -> None:
    end = time.monotonic() + limit
    while path not in told:
        assert time.monotonic() < end, f"{path} not among {told}"
        time.sleep(0.02)


def walked(root: Path) -> set[str]:
    library = LibrarySettings(path=root)
    return {str(path.relative_to(root)) for path, _ in walk(root, library)}


@pytest.mark.parametrize("how", ["events", "poll"])
def test_a_file_that_was_written_renamed_deleted_or_moved_away_is_told_of(
    how: How, root: Path, tmp_path: Path, start: Start
) -> None:
    for name in ("gone.en.srt", "away.mkv", "there.mkv"):
        (root / name).write_bytes(b"x")
    (tmp_path / "in.mkv").write_bytes(b"film")
    told = start(how)
    (root / "gone.en.srt").unlink()
    wait_for(told, root / "gone.en.srt")
    (root / "away.mkv").rename(tmp_path / "away.mkv")
    wait_for(told, root / "away.mkv")
    (tmp_path / "in.mkv").rename(root / "in.mkv")
    wait_for(told, root / "in.mkv")
    with (root / "there.mkv").open("ab") as file:
        file.write(b"and more")
    wait_for(told, root / "there.mkv")


@pytest.mark.parametrize("how", ["events", "poll"])
def test_what_comes_into_a_folder_made_just_now_is_told_of(
    how: How, root: Path, start: Start
) -> None:
    """The folder may hold files before the kernel is asked to tell of it."""
    told = start(how)
    deep = root / "show" / "season 1"
    deep.mkdir(parents=True)
    (deep / "a.mkv").write_bytes(b"film")
    end = time.monotonic() + 10
    while not {deep / "a.mkv", deep, root / "show"} & set(told):
        assert time.monotonic() < end
        time.sleep(0.02)
    wait_for(told, root / "show")
    time.sleep(0.3)
    (deep / "b.mkv.part").write_bytes(b"film")
    (deep / "b.mkv.part").rename(deep / "b.mkv")
    wait_for(told, deep / "b.mkv")


def test_no_stop_is_followed_by_another_word(root: Path) -> None:
    told: list[Path] = []
    watch = Watch({"films": LibrarySettings(path=root, watch="events")}, told.append)
    watch.start()
    (root / "a.mkv").touch()
    wait_for(told, root / "a.mkv")
    watch.stop()
    time.sleep(0.3)
    (root / "b.mkv").touch()
    time.sleep(0.3)
    assert root / "b.mkv" not in told
    assert watch.supervise() in ([], ["films"])
    watch.stop()


def test_a_library_that_is_not_to_be_watched_is_not(root: Path) -> None:
    told: list[Path] = []
    watch = Watch({"films": LibrarySettings(path=root, watch="off")}, told.append, polling=0.1)
    watch.start()
    (root / "a.mkv").touch()
    time.sleep(0.4)
    assert watch.supervise() == []
    watch.stop()
    assert told == []


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own on a folder whose name the mount table has to escape."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    folder = tmp_path / "My Films\té \\040 #1"
    folder.mkdir()
    command = ["mount", "-t", "ramfs", "ramfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this machine mounts nothing")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_the_mount_that_a_folder_lies_on_is_found_whatever_its_name(mounted: Path) -> None:
    (mounted / "shows").mkdir()
    beside = Path(f"{mounted} 2")
    beside.mkdir()
    link = mounted.parent / "link"
    link.symlink_to(mounted / "shows")
    assert file_system(mounted) == "ramfs"
    assert file_system(mounted / "shows") == "ramfs"
    assert file_system(link) == "ramfs"
    assert file_system(beside) == file_system(mounted.parent) != "ramfs"


def test_of_two_mounts_on_one_folder_the_upper_one_counts(mounted: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", mounted], check=True)
    try:
        assert file_system(mounted) == "tmpfs"
    finally:
        subprocess.run(["umount", mounted], check=True)
    assert file_system(mounted) == "ramfs"


def test_a_mounted_disk_is_watched_by_events_and_what_is_asked_for_goes_first(
    mounted: Path,
) -> None:
    assert polls(LibrarySettings(path=mounted)) == (False, "ramfs tells of changes")
    assert polls(LibrarySettings(path=mounted, watch="poll"))[0]


def test_a_walk_finds_files_of_every_kind_of_media(root: Path) -> None:
    expected = {f"a.{ending}" for ending in VIDEO_ENDINGS + AUDIO_ENDINGS}
    for name in (*expected, "a.jpg", "a.nfo", "a.srt", "a.mkv.srt", "a.exe", "mkv"):
        (root / name).touch()
    assert walked(root) == expected


@given(
    st.sampled_from(["part", "partial", "crdownload", "download", "tmp", "temp", "!qB", "!ut"])
    | st.sampled_from(["aria2", "filepart", "opdownload"]),
    st.sampled_from(VIDEO_ENDINGS),
    st.text(st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]), min_size=1),
    st.booleans(),
)
def test_an_unfinished_download_is_taken_under_no_name_and_after_its_rename_is(
    unfinished: str, ending: str, stem: str, loud: bool
) -> None:
    unfinished = unfinished.upper() if loud else unfinished
    sieve = Sieve(LibrarySettings(path=Path("/f"), ignore=()))
    assert not sieve.takes(f"{stem}.{ending}.{unfinished}")
    assert sieve.takes(f"{stem}.{ending}")
    # Not even where somebody counts such an ending as media.
    greedy = Sieve(LibrarySettings(path=Path("/f"), ignore=(), extensions=(unfinished,)))
    assert not greedy.takes(f"{stem}.{unfinished}")


_names = st.sampled_from(
    [
        *("film.mkv", "SAMPLE", "Extras", "a", "b.MP4", ".hidden", "x-trailer.mkv", "@eaDir"),
        *("n.txt", "c.mkv.part", "lost+found", "season 1", "[x] {y}.webm", "sample.mkv"),
        *("samples", "extra"),
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(_names, min_size=1, max_size=4), max_size=8))
def test_a_walk_finds_just_the_files_whose_events_are_taken(
    tmp_path_factory: pytest.TempPathFactory, paths: list[list[str]]
) -> None:
    root = tmp_path_factory.mktemp("library")
    for parts in paths:
        path = root.joinpath(*parts)
        if not any(above.is_file() for above in path.parents) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    sieve = Sieve(LibrarySettings(path=root))
    files = {path for path in root.rglob("*") if path.is_file()}
    taken = {str(path.relative_to(root)) for path in files if sieve.takes_path(path)}
    assert walked(root) == taken
    assert not {name for name in taken if name.endswith(".part") or "/." in f"/{name}"}


def test_a_deep_tree_is_walked_to_its_bottom_and_round_no_circle(root: Path) -> None:
    folder = root
    for _ in range(60):
        folder = folder / "deep"
        folder.mkdir()
        (folder / "up").symlink_to("..")
    (folder / "a.mkv").touch()
    (root / "b.mkv").symlink_to(folder / "a.mkv")
    found = [path for path, _ in walk(root, LibrarySettings(path=root))]
    assert sorted(path.name for path in found) == ["a.mkv", "b.mkv"]


def test_what_is_deleted_while_a_walk_is_under_way_does_not_end_it(root: Path) -> None:
    for number in range(30):
        folder = root / str(number)
        folder.mkdir()
        (folder / "a.mkv").touch()
    told: list[Path] = []
    library = LibrarySettings(path=root)
    walking = walk(root, library, lambda path, error: told.append(path))
    first, _ = next(walking)
    gone = [folder for folder in root.iterdir() if folder != first.parent][:10]
    for folder in gone:
        (folder / "a.mkv").unlink()
        folder.rmdir()
    assert len(list(walking)) == 30 - 1 - len(gone)
    assert set(told) == set(gone)


def test_each_file_comes_with_its_own_size_and_time(root: Path) -> None:
    (root / "a.mkv").write_bytes(b"12345")
    os.utime(root / "a.mkv", ns=(1, 1_234_567_890_123_456_789))
    ((path, stat),) = walk(root, LibrarySettings(path=root))
    assert (path, stat.st_size) == (root / "a.mkv", 5)
    assert stat.st_mtime_ns == 1_234_567_890_123_456_789
