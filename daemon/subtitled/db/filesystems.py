"""The mount table, and the file systems that a database can be kept on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

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
        return f"{display_path(home.point)} is {REMOTE_FILESYSTEMS[home.filesystem]} ({home.filesystem})"
    if home.filesystem.startswith("fuse."):
        return f"{display_path(home.point)} is a file system in user space ({home.filesystem})"
    return ""


def display_path(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
