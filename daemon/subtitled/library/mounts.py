"""How a library is watched, by the file systems it is on."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from subtitled.config.settings import LibrarySettings
from subtitled.db.filesystems import (
    REMOTE_FILESYSTEMS,
    Mount,
    find_mount,
    identify_filesystem,
    read_mount_table,
)
from subtitled.plugin.paths import display_path

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
    """How a library is watched, and why, in words."""

    mode: WatchModeName
    reason: str


def choose_watch_mode(library: LibrarySettings, mounts: Sequence[Mount] | None = None) -> WatchMode:
    """Choose how to watch a library: as configured, or else as its file systems require.

    Mounts inside the library count as well. An unknown file system is polled, because that misses
    nothing and is only slower.
    """
    if library.watch != "auto":
        return WatchMode(library.watch, "as the configuration says")
    if library.follow_symlinks:
        return WatchMode("poll", "links are followed, and events behind them are not reported")
    mounts = read_mount_table() if mounts is None else mounts
    home = find_mount(library.path, mounts) or _identify_unlisted_mount(library.path, mounts)
    if home is None:
        return WatchMode("poll", "its file system is not in the mount table")
    if reason := _no_events_reason(home, library.path.resolve()):
        return WatchMode("poll", reason)
    root = library.path.resolve()
    for mount in mounts:
        inside = mount.point != root and mount.point.is_relative_to(root)
        if inside and (reason := _no_events_reason(mount, mount.point)):
            return WatchMode("poll", f"{display_path(mount.point)} is mounted in it: {reason}")
    return WatchMode("events", f"{home.filesystem} reports changes")


def _identify_unlisted_mount(folder: Path, mounts: Sequence[Mount]) -> Mount | None:
    """Return the root's mount where the mount table does not list it, as in a chroot.

    Nothing is known without a mount table, because other file systems may be mounted in the folder.
    The layers of an overlay are in the mount table only.
    """
    filesystem = identify_filesystem(folder) if mounts else ""
    if filesystem in ("", "overlay", "aufs"):
        return None
    return Mount(point=Path("/"), filesystem=filesystem, source="", options=())


def _no_events_reason(mount: Mount, folder: Path) -> str:
    """Return why a mount does not report all changes, or an empty text if it does."""
    kind = mount.filesystem
    if kind == "overlay":
        for layer in _overlay_layers(mount):
            below = layer / folder.relative_to(mount.point)
            if below.is_dir():
                return f"overlay does not report changes in its lower layer {display_path(below)}"
    if kind in EVENT_FILESYSTEMS:
        return ""
    if kind in REMOTE_FILESYSTEMS:
        return f"{kind} is {REMOTE_FILESYSTEMS[kind]} and does not report changes that others make"
    if kind.startswith("fuse"):
        return f"{kind} does not report changes that are made behind it"
    return f'{kind} is not known to report all changes; set watch = "events" if it does'


def is_rotational(folder: Path, devices: Path = Path("/sys/dev/block")) -> bool | None:
    """Return whether a folder is on a disk that turns; None if the kernel does not say that.

    Args:
        folder: The folder.
        devices: Where Linux describes block devices by their numbers.
    """
    try:
        number = folder.stat().st_dev
        device = (devices / f"{os.major(number)}:{os.minor(number)}").resolve(strict=True)
        # A partition has no queue of its own, but its disk has.
        for place in (device, device.parent):
            if (place / "queue").is_dir():
                return (place / "queue" / "rotational").read_text("ascii").strip() == "1"
    except (OSError, ValueError):
        pass
    return None


def _overlay_layers(mount: Mount) -> list[Path]:
    layers: list[Path] = []
    for option in mount.options:
        name, _, value = option.partition("=")
        if name in ("lowerdir", "lowerdir+"):
            parts = re.split(r"(?<!\\):", value)
            layers += [Path(re.sub(r"\\(.)", r"\1", part)) for part in parts if part]
    return layers
