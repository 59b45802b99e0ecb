"""Which file systems report changes, and what else is on the way to a library."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.db.filesystems import (
    REMOTE_FILESYSTEMS,
    Mount,
    find_mount,
    identify_filesystem,
    read_mount_table,
)
from subtitled.library import mounts as library_mounts
from subtitled.library.mounts import (
    EVENT_FILESYSTEMS,
    WatchMode,
    choose_watch_mode,
    is_rotational,
)


def table(*mounts: tuple[str, str]) -> list[Mount]:
    return [Mount(Path(point), kind, "source", ("rw",)) for point, kind in mounts]


@pytest.mark.parametrize(
    "kind", [*REMOTE_FILESYSTEMS, "fuse.sshfs", "fuse.rclone", "fuse.mergerfs", "newfs"]
)
def test_file_systems_that_others_write_to_are_polled(kind: str, tmp_path: Path) -> None:
    watching = choose_watch_mode(LibrarySettings(path=tmp_path), table(("/", kind)))
    assert watching.mode == "poll"
    assert kind in watching.reason


@pytest.mark.parametrize("kind", sorted(EVENT_FILESYSTEMS))
def test_disks_of_this_machine_are_not_polled(kind: str, tmp_path: Path) -> None:
    watching = choose_watch_mode(LibrarySettings(path=tmp_path), table(("/", kind)))
    assert watching == WatchMode("events", f"{kind} reports changes")


def test_the_nearest_mount_counts_and_of_two_the_later(tmp_path: Path) -> None:
    mounts = table(("/", "nfs4"), (str(tmp_path), "nfs4"), (str(tmp_path), "ext4"))
    assert choose_watch_mode(LibrarySettings(path=tmp_path / "films"), mounts).mode == "events"
    assert choose_watch_mode(LibrarySettings(path=Path(f"{tmp_path}2")), mounts).mode == "poll"


def test_a_library_with_a_share_mounted_inside_is_polled(tmp_path: Path) -> None:
    mounts = table(("/", "ext4"), (str(tmp_path / "nas"), "cifs"))
    watching = choose_watch_mode(LibrarySettings(path=tmp_path), mounts)
    assert watching.mode == "poll"
    assert f"{tmp_path}/nas is mounted in it: cifs" in watching.reason


def test_the_configured_watch_mode_is_used(tmp_path: Path) -> None:
    for how in ("events", "poll", "off"):
        library = LibrarySettings(path=tmp_path, watch=how)
        assert choose_watch_mode(library, table(("/", "nfs"))).mode == how


def test_a_library_whose_links_are_followed_is_polled(tmp_path: Path) -> None:
    library = LibrarySettings(path=tmp_path, follow_symlinks=True)
    assert choose_watch_mode(library, table(("/", "ext4"))).mode == "poll"


def test_a_library_without_a_mount_table_is_polled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path / "none"))
    assert read_mount_table() == []
    assert choose_watch_mode(LibrarySettings(path=tmp_path), []).mode == "poll"


@pytest.mark.parametrize("filesystem", sorted(EVENT_FILESYSTEMS - {"overlay", "aufs"}))
def test_chroot_whose_root_is_not_in_the_mount_table_is_watched_by_events(
    filesystem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_mounts, "identify_filesystem", lambda folder: filesystem)
    watch_mode = choose_watch_mode(LibrarySettings(path=tmp_path), table(("/proc", "proc")))
    assert watch_mode == WatchMode("events", f"{filesystem} reports changes")


@pytest.mark.parametrize("filesystem", ["", "overlay", "aufs", "fuse", *REMOTE_FILESYSTEMS])
def test_chroot_on_a_file_system_without_all_events_is_polled(
    filesystem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_mounts, "identify_filesystem", lambda folder: filesystem)
    mounts = table(("/proc", "proc"))
    assert choose_watch_mode(LibrarySettings(path=tmp_path), mounts).mode == "poll"


def test_share_mounted_in_a_library_of_a_chroot_is_polled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_mounts, "identify_filesystem", lambda folder: "ext4")
    mounts = table(("/proc", "proc"), (str(tmp_path / "nas"), "cifs"))
    assert (
        "nas is mounted in it: cifs"
        in choose_watch_mode(LibrarySettings(path=tmp_path), mounts).reason
    )


@pytest.mark.parametrize("folder", ["/", "/proc", "/dev/shm", "/tmp", "/sys"])
def test_file_system_of_a_folder_is_identified_as_gnu_stat_does(folder: str) -> None:
    command = ["stat", "--file-system", "--format=%T", folder]
    gnu_name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    expected = {"ext2/ext3": "ext4", "overlayfs": "overlay", "v9fs": "9p", "fuseblk": "fuse"}
    identified = identify_filesystem(Path(folder))
    assert identified in (expected.get(gnu_name, gnu_name), "")
    assert identified or gnu_name in ("proc", "sysfs")


def test_file_system_of_a_missing_folder_is_unknown(tmp_path: Path) -> None:
    assert identify_filesystem(tmp_path / "missing") == ""


def _mount(*arguments: object) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    if subprocess.run(["mount", *map(str, arguments)], capture_output=True, check=False).returncode:
        pytest.skip(f"mount {arguments} is not permitted or not supported here")


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own on a folder whose name the mount table escapes."""
    folder = tmp_path / "My Films\té \\040 #1"
    folder.mkdir()
    _mount("-t", "ramfs", "ramfs", folder)
    yield folder
    subprocess.run(["umount", folder], check=True)


def kind_of(path: Path) -> str:
    mount = find_mount(path, read_mount_table())
    assert mount is not None
    return mount.filesystem


def test_the_mount_that_a_folder_lies_on_is_found_whatever_its_name(mounted: Path) -> None:
    (mounted / "shows").mkdir()
    beside = Path(f"{mounted} 2")
    beside.mkdir()
    link = mounted.parent / "link"
    link.symlink_to(mounted / "shows")
    assert kind_of(Path("/proc")) == "proc"
    assert kind_of(mounted) == "ramfs"
    assert kind_of(mounted / "shows") == "ramfs"
    assert kind_of(link) == "ramfs"
    for outside in (beside, mounted.parent):
        mount = find_mount(outside, read_mount_table())  # None in a chroot
        assert mount is None or mount.filesystem != "ramfs"


def test_of_two_mounts_on_one_folder_the_upper_one_counts(mounted: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", mounted], check=True)
    try:
        assert kind_of(mounted) == "tmpfs"
    finally:
        subprocess.run(["umount", mounted], check=True)
    assert kind_of(mounted) == "ramfs"


def test_an_overlay_is_polled_only_for_folders_in_a_lower_layer(
    mounted: Path,
) -> None:
    layers = mounted.parent / "lay:ers"
    for name in ("lower/films", "second/shows", "upper", "work", "merged"):
        (layers / name).mkdir(parents=True)
    base = str(layers).replace(":", "\\:")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", layers], check=True)
    try:
        for name in ("lower/films", "second/shows", "upper", "work", "merged"):
            (layers / name).mkdir(parents=True)
        options = (
            f"lowerdir={base}/lower:{base}/second,upperdir={layers}/upper,workdir={layers}/work"
        )
        _mount("-t", "overlay", "overlay", "-o", options, layers / "merged")
        try:
            (layers / "merged" / "new").mkdir()
            for name, how in (("films", "poll"), ("shows", "poll"), ("new", "events")):
                watching = choose_watch_mode(LibrarySettings(path=layers / "merged" / name))
                assert watching.mode == how, (name, watching)
        finally:
            subprocess.run(["umount", layers / "merged"], check=True)
    finally:
        subprocess.run(["umount", layers], check=True)


@pytest.mark.parametrize("text", ["0", "1"])
def test_a_partition_turns_if_its_disk_does(tmp_path: Path, text: str) -> None:
    number = tmp_path.stat().st_dev
    disk, devices = tmp_path / "block" / "sda", tmp_path / "dev"
    (disk / "queue").mkdir(parents=True)
    (disk / "queue" / "rotational").write_text(f"{text}\n")
    (disk / "sda1").mkdir()
    devices.mkdir()
    link = devices / f"{os.major(number)}:{os.minor(number)}"
    for target in (disk, disk / "sda1"):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        assert is_rotational(tmp_path, devices) is (text == "1")


def test_a_share_does_not_tell_whether_its_disks_turn(tmp_path: Path) -> None:
    assert is_rotational(tmp_path, tmp_path / "none") is None
    assert is_rotational(tmp_path / "gone", tmp_path) is None
