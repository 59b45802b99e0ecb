"""The memory that this process may still take: of the machine, and of its control groups."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONTROL_GROUPS = Path("/sys/fs/cgroup")
"""Where Linux shows control groups, by which containers and systemd limit memory."""
OWN_GROUP_FILE = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of a group that say its limit, what it uses, and what it only keeps of files."""

    limit: str
    used: str
    kept: tuple[str, ...]
    """Names in ``memory.stat``."""


_VERSION_2: Final = _Files("memory.max", "memory.current", ("inactive_file", "active_file"))
_VERSION_1: Final = _Files(
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    ("total_inactive_file", "total_active_file"),
)
_NO_LIMIT: Final = 2**60
"""No limit is a number from here on in version 1."""
_VERSION_1_FOLDER: Final = "memory"
"""Version 1 has a folder for each thing that it limits. Old Docker hosts and NAS systems use it."""


def measure_free_memory() -> int:
    """Return the bytes that this process may still take."""
    import psutil

    available = int(psutil.virtual_memory().available)
    left = measure_left_in_groups(OWN_GROUP_FILE, CONTROL_GROUPS)
    return available if left is None else min(available, left)


def measure_left_in_groups(own_group_file: Path, folder: Path) -> int | None:
    """Return the bytes that the control groups of a process leave; None if none is limited.

    In a container the group may be named as the host sees it, and its files lie in the folder
    itself. So the folder counts whatever the name is.

    Args:
        own_group_file: The file that names the groups: ``0::/system.slice/subtitled``, or in
            version 1 ``9:memory:/docker/0a1b``.
        folder: The folder of all groups.
    """
    try:
        lines = own_group_file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    known: list[int] = []
    for line in lines:
        _, _, kinds_and_name = line.partition(":")
        kinds, _, name = kinds_and_name.partition(":")
        if not kinds:
            root, files = folder, _VERSION_2
        elif "memory" in kinds.split(","):
            root, files = folder / _VERSION_1_FOLDER, _VERSION_1
        else:
            continue
        group = root / name.lstrip("/")
        groups = [each for each in (group, *group.parents) if each.is_relative_to(root)]
        known += [left for each in groups if (left := _measure_left(each, files)) is not None]
    return min(known, default=None)


def _measure_left(group: Path, files: _Files) -> int | None:
    """Return the bytes that one group leaves; what it only keeps of files is given back."""
    try:
        limit = int((group / files.limit).read_text("ascii"))
        used = int((group / files.used).read_text("ascii"))
        stat = dict(
            line.split() for line in (group / "memory.stat").read_text("ascii").splitlines()
        )
        kept = sum(int(stat.get(name, 0)) for name in files.kept)
    except (OSError, ValueError):
        return None  # No limit is the word "max".
    return limit - used + kept if limit < _NO_LIMIT else None
