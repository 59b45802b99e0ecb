"""The memory that this process may still take: of the machine, and of its control groups."""

from __future__ import annotations

from pathlib import Path

CONTROL_GROUPS = Path("/sys/fs/cgroup")
"""Where Linux shows control groups (version 2), by which containers and systemd limit memory."""
OWN_GROUP_FILE = Path("/proc/self/cgroup")


def measure_free_memory() -> int:
    """Return the bytes that this process may still take."""
    import psutil

    available = int(psutil.virtual_memory().available)
    left = measure_left_in_groups(OWN_GROUP_FILE, CONTROL_GROUPS)
    return available if left is None else min(available, left)


def measure_left_in_groups(own_group_file: Path, folder: Path) -> int | None:
    """Return the bytes that the control groups of a process leave; None if none is limited.

    Args:
        own_group_file: The file that names the group, such as ``0::/system.slice/subtitled``.
        folder: The folder of all groups.
    """
    try:
        lines = own_group_file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    name = next((line[3:] for line in lines if line.startswith("0::")), None)
    if name is None:
        return None
    group = folder / name.lstrip("/")
    groups = [each for each in (group, *group.parents) if each.is_relative_to(folder)]
    return min((left for each in groups if (left := _measure_left(each)) is not None), default=None)


def _measure_left(group: Path) -> int | None:
    """Return the bytes that one group leaves; what it only keeps of files is given back."""
    try:
        limit = int((group / "memory.max").read_text("ascii"))
        used = int((group / "memory.current").read_text("ascii"))
        stat = dict(
            line.split() for line in (group / "memory.stat").read_text("ascii").splitlines()
        )
        return limit - used + int(stat.get("inactive_file", 0)) + int(stat.get("active_file", 0))
    except (OSError, ValueError):
        return None  # No limit is the word "max".
