"""Checks for other daemons on this machine that use the same libraries."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from subtitled.config.settings import LibrarySettings
from subtitled.plugin import CheckResult

from ..lock import find_holder

_MINOR_BITS = 20
"""Bits of the minor number in the kernel's own representation of a device number."""


def check_daemons(state: Path, libraries: Mapping[str, LibrarySettings]) -> Iterator[CheckResult]:
    """Check which daemon works on the state folder, and whether others use the same libraries.

    A shared library is only detected if the other daemon watches it by events and this user may
    read that process's data.
    """
    try:
        running = find_holder(state)
    except OSError:
        return  # Another check reports errors of the state folder.
    if not running:
        yield CheckResult("daemon", True, "not running")
    else:
        where = f"process {running.pid or '?'} on {running.host or '?'}"
        yield CheckResult("daemon", True, f"runs as {where}")
    own_pid = running.pid if running else None
    for process in _running_daemons():
        if process == own_pid:
            continue
        watched = _watched_folders(process)
        shared = ", ".join(
            name for name, library in libraries.items() if _folder_identity(library.path) in watched
        )
        where = f"process {process}, with another state folder"
        if shared:
            hint = "Stop one of the two, or give each of them other libraries"
            yield CheckResult("other daemons", False, f"{where}, uses library {shared} too", hint)
        else:
            yield CheckResult("other daemons", True, f"{where}; two must not share a library")


def _running_daemons() -> list[int]:
    """Return the ids of the visible processes that are a ``subtitled run``."""
    process_ids = []
    try:
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or [""]
            is_subtitled = any(
                word == "subtitled" or word.endswith("/subtitled") for word in words[:4]
            )
            if is_subtitled and words[-1] == "run":
                process_ids.append(process.pid)
    except (psutil.Error, OSError):
        pass
    return sorted(process_ids)


def _watched_folders(process: int) -> set[tuple[int, int]]:
    """Return device and inode of each folder that a process watches (see proc(5), fdinfo)."""
    identities = set()
    for handle in Path(f"/proc/{process}/fdinfo").glob("*"):
        try:
            lines = handle.read_text("ascii").splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith("inotify "):
                fields = dict(field.split(":", 1) for field in line.split()[1:] if ":" in field)
                device = int(fields["sdev"], 16)
                identities.add((device, int(fields["ino"], 16)))
    return identities


def _folder_identity(folder: Path) -> tuple[int, int] | None:
    try:
        folder_stat = folder.stat()
    except OSError:
        return None
    device = os.major(folder_stat.st_dev) << _MINOR_BITS | os.minor(folder_stat.st_dev)
    return device, folder_stat.st_ino
