"""What a library lies on: the mount table, and which file systems tell of changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from subtitled.config.settings import LibrarySettings
from subtitled.db.filesystems import (
    REMOTE_FILESYSTEMS,
    Mount,
    display_path,
    find_mount,
    read_mount_table,
)

WatchModeName = Literal["events", "poll", "off"]

EVENT_FILESYSTEMS = frozenset(
    # fuseblk is NTFS and exFAT in user space: a disk of our own all the same.
    (
        "ext2 ext3 ext4 xfs btrfs zfs f2fs bcachefs jfs reiserfs tmpfs ramfs overlay aufs ntfs3 "
        "ntfs exfat vfat msdos udf hfs hfsplus apfs nilfs2 iso9660 squashfs erofs ecryptfs fuseblk"
    ).split()
)
"""File systems that only this machine writes to, so that its kernel sees every change."""


@dataclass(frozen=True, slots=True)
class WatchMode:
    """How a library is watched, and why so, in words."""

    mode: WatchModeName
    reason: str


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
            return WatchMode("poll", f"{display_path(mount.point)} is mounted in it: {reason}")
    return WatchMode("events", f"{home.filesystem} tells of changes")


def _no_events_reason(mount: Mount, folder: Path) -> str:
    """Why a mount does not tell of all changes, empty if it does."""
    kind = mount.filesystem
    if kind == "overlay":
        for layer in _overlay_layers(mount):
            below = layer / folder.relative_to(mount.point)
            if below.is_dir():
                return f"overlay does not tell of changes in its lower layer {display_path(below)}"
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
