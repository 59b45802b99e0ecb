"""The mount table, and the file systems that a database can be kept on."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from subtitled.plugin.paths import display_path

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
"""File systems that others change without our kernel noticing, and what they are."""


_NO_SHARED_MEMORY = REMOTE_FILESYSTEMS.keys() - {"virtiofs", "autofs"}
"""File systems on which SQLite's write-ahead log is unsafe.

Its index is shared memory, which several machines cannot share (sqlite.org/wal.html).
"""


@dataclass(frozen=True, slots=True)
class Mount:
    """One entry of the mount table."""

    point: Path
    filesystem: str
    """The type of the file system, such as ``ext4``, ``nfs4`` or ``fuse.sshfs``."""
    source: str
    options: tuple[str, ...]
    """The options of the file system, such as ``lowerdir=/a:/b``."""


_FILESYSTEM_OF_MAGIC_NUMBER = {
    0xEF53: "ext4",
    0x58465342: "xfs",
    0x9123683E: "btrfs",
    0x2FC12FC1: "zfs",
    0xF2F52010: "f2fs",
    0xCA451A4E: "bcachefs",
    0x3153464A: "jfs",
    0x52654973: "reiserfs",
    0x01021994: "tmpfs",
    0x858458F6: "ramfs",
    0x794C7630: "overlay",
    0x61756673: "aufs",
    0x5346544E: "ntfs",
    0x7366746E: "ntfs3",
    0x2011BAB0: "exfat",
    0x4D44: "vfat",
    0x15013346: "udf",
    0x4244: "hfs",
    0x482B: "hfsplus",
    0x3434: "nilfs2",
    0x9660: "iso9660",
    0x73717368: "squashfs",
    0xE0F5E1E2: "erofs",
    0xF15F: "ecryptfs",
    0x6969: "nfs",
    0xFF534D42: "cifs",
    0xFE534D42: "smb3",
    0x517B: "smbfs",
    0x564C: "ncpfs",
    0x5346414F: "afs",
    0x73757245: "coda",
    0x00C36400: "ceph",
    0x0BD00BD0: "lustre",
    0x19830326: "beegfs",
    0x47504653: "gpfs",
    0x7461636F: "ocfs2",
    0x01161970: "gfs2",
    0x20030528: "orangefs",
    0x01021997: "9p",
    0x6A656A63: "virtiofs",
    0x786F4256: "vboxsf",
    0xBACBACBC: "vmhgfs",
    0x7C7C6673: "prl_fs",
    0x0187: "autofs",
    0x65735546: "fuse",
}
"""What ``statfs`` reports for a file system, from Linux's ``magic.h`` and GNU ``stat``."""


def identify_filesystem(folder: Path) -> str:
    """Return the type of the file system that a folder is on, as the folder itself reports it.

    It needs no mount table, but does not tell disks in user space from each other.

    Returns:
        The type, such as ``ext4``, or an empty text if it is unknown or cannot be read.
    """
    statfs = getattr(ctypes.CDLL(None), "statfs", None)
    result = (ctypes.c_long * 64)()  # The structure is smaller and starts with the type.
    if statfs is None or statfs(os.fsencode(folder), ctypes.byref(result)) != 0:
        return ""
    return _FILESYSTEM_OF_MAGIC_NUMBER.get(result[0] & 0xFFFFFFFF, "")


def read_mount_table() -> list[Mount]:
    """Return all mounts in order, or an empty list where there is no mount table."""
    try:
        partitions = psutil.disk_partitions(all=True)
    except (psutil.Error, OSError):
        return []
    return [
        Mount(
            point=Path(partition.mountpoint),
            filesystem=partition.fstype,
            source=partition.device,
            options=tuple(re.split(r"(?<!\\),", partition.opts)),
        )
        for partition in partitions
    ]


def find_mount(path: Path, mounts: Iterable[Mount]) -> Mount | None:
    """Return the mount that a path is on. Of two mounts on one folder the later one counts."""
    target, best = path.resolve(), None
    for mount in mounts:
        if target.is_relative_to(mount.point) and (
            best is None or len(mount.point.parts) >= len(best.point.parts)
        ):
            best = mount
    return best


def unsafe_for_sqlite(folder: Path, mounts: Sequence[Mount] | None = None) -> str:
    """Return why a folder cannot hold an SQLite database, or an empty text if it can.

    The root file system counts as safe whatever its type is, because containers report unusual
    ones.
    """
    mount = find_mount(folder, read_mount_table() if mounts is None else mounts)
    if mount is None or mount.point == Path("/"):
        return ""
    if mount.filesystem in _NO_SHARED_MEMORY:
        kind = REMOTE_FILESYSTEMS[mount.filesystem]
        return f"{display_path(mount.point)} is {kind} ({mount.filesystem})"
    if mount.filesystem.startswith("fuse."):
        return f"{display_path(mount.point)} is a file system in user space ({mount.filesystem})"
    return ""
