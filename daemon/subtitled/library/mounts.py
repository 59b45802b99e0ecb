"""What a library lies on: the mount table, and which file systems tell of changes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from subtitled.config.settings import LibrarySettings

WatchModeName = Literal["events", "poll", "off"]

EVENT_FILESYSTEMS = frozenset(
    # fuseblk is NTFS and exFAT in user space: a disk of our own all the same.
    (
        "ext2 ext3 ext4 xfs btrfs zfs f2fs bcachefs jfs reiserfs tmpfs ramfs overlay aufs ntfs3 "
        "ntfs exfat vfat msdos udf hfs hfsplus apfs nilfs2 iso9660 squashfs erofs ecryptfs fuseblk"
    ).split()
)
"""File systems that only this machine writes to, so that its kernel sees every change."""

REMOTE_FILESYSTEMS = {
    "nfs": "a network share",
    "nfs4": "a network share",
    "cifs": "a network share",
    "smb3": "a network share",
    "smbfs": "a network share",
    "ncpfs": "a network share",
    "afs": "a network share",
    "coda": "a network share",
    "ceph": "a cluster's file system",
    "lustre": "a cluster's file system",
    "beegfs": "a cluster's file system",
    "gpfs": "a cluster's file system",
    "ocfs2": "a cluster's file system",
    "gfs2": "a cluster's file system",
    "orangefs": "a cluster's file system",
    "pvfs2": "a cluster's file system",
    "9p": "a folder of another system",
    "virtiofs": "a folder of another system",
    "vboxsf": "a folder of another system",
    "vmhgfs": "a folder of another system",
    "prl_fs": "a folder of another system",
    "drvfs": "a folder of another system",
    "autofs": "mounted only when it is used",
}
"""File systems on which others write without our kernel noticing, and what they are."""


_NO_SHARED_MEMORY = REMOTE_FILESYSTEMS.keys() - {"virtiofs", "autofs"}
"""Of those, the ones on which SQLite's log cannot be relied on: its index is shared memory, and
that is not shared between machines, or not at all (sqlite.org/wal.html)."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the mount table."""

    point: Path
    filesystem: str
    """The type of the file system, such as ``ext4``, ``nfs4``, ``fuse.sshfs``."""
    source: str
    options: tuple[str, ...]
    """Those of the file system itself, such as ``lowerdir=/a:/b``."""


@dataclass(frozen=True, slots=True)
class WatchMode:
    """How a library is watched, and why so, in words."""

    mode: WatchModeName
    reason: str


def read_mount_table() -> list[Mount]:
    """All mounts, in order; none where there is no table to read."""
    try:
        found = psutil.disk_partitions(all=True)
    except (psutil.Error, OSError):
        return []
    return [
        Mount(
            point=Path(one.mountpoint),
            filesystem=one.fstype,
            source=one.device,
            options=tuple(re.split(r"(?<!\\),", one.opts)),
        )
        for one in found
    ]


def find_mount(path: Path, mounts: Iterable[Mount]) -> Mount | None:
    """The mount that a path lies on, which may be a link; of two on one folder the later one."""
    target, best = path.resolve(), None
    for mount in mounts:
        if target.is_relative_to(mount.point) and (
            best is None or len(mount.point.parts) >= len(best.point.parts)
        ):
            best = mount
    return best


def unsafe_for_sqlite(folder: Path, mounts: Sequence[Mount] | None = None) -> str:
    """Why a folder cannot hold a database that several processes write to, empty if it can.

    The system's own root is nobody else's, whatever it is called in a sandbox.
    """
    home = find_mount(folder, read_mount_table() if mounts is None else mounts)
    if home is None or home.point == Path("/"):
        return ""
    if home.filesystem in _NO_SHARED_MEMORY:
        return f"{_display_path(home.point)} is {REMOTE_FILESYSTEMS[home.filesystem]} ({home.filesystem})"
    if home.filesystem.startswith("fuse."):
        return f"{_display_path(home.point)} is a file system in user space ({home.filesystem})"
    return ""


def choose_watch_mode(library: LibrarySettings, mounts: Sequence[Mount] | None = None) -> WatchMode:
    """How to watch a library: as the configuration says, else as what it lies on demands.

    What is mounted inside it counts as well. Where we do not know it is polled: that misses
    nothing, it only notices later.
    """
    if library.watch != "auto":
        return WatchMode(library.watch, "as the configuration says")
    if library.follow_symlinks:
        return WatchMode("poll", "links are followed, to where events are not told of")
    mounts = read_mount_table() if mounts is None else mounts
    home = find_mount(library.path, mounts)
    if home is None:
        return WatchMode("poll", "the mount table does not say what it lies on")
    if reason := _no_events_reason(home, library.path.resolve()):
        return WatchMode("poll", reason)
    root = library.path.resolve()
    for mount in mounts:
        inside = mount.point != root and mount.point.is_relative_to(root)
        if inside and (reason := _no_events_reason(mount, mount.point)):
            return WatchMode("poll", f"{_display_path(mount.point)} is mounted in it: {reason}")
    return WatchMode("events", f"{home.filesystem} tells of changes")


def _no_events_reason(mount: Mount, folder: Path) -> str:
    """Why a mount does not tell of all changes, empty if it does."""
    kind = mount.filesystem
    if kind == "overlay":
        for layer in _overlay_layers(mount):
            below = layer / folder.relative_to(mount.point)
            if below.is_dir():
                return f"overlay does not tell of changes in its lower layer {_display_path(below)}"
    if kind in EVENT_FILESYSTEMS:
        return ""
    if kind in REMOTE_FILESYSTEMS:
        return f"{kind} is {REMOTE_FILESYSTEMS[kind]} and does not tell of changes that others make"
    if kind.startswith("fuse"):
        return f"{kind} does not tell of changes that are made behind it"
    return f'{kind} is not known to tell of all changes; watch = "events" if it does'


def _overlay_layers(mount: Mount) -> list[Path]:
    layers: list[Path] = []
    for option in mount.options:
        name, _, value = option.partition("=")
        if name in ("lowerdir", "lowerdir+"):
            parts = re.split(r"(?<!\\):", value)
            layers += [Path(re.sub(r"\\(.)", r"\1", part)) for part in parts if part]
    return layers


def _display_path(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
