"""The mount table, and the file systems that a database can be kept on."""

from __future__ import annotations

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
