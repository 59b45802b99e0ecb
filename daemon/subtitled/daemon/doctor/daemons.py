"""Other daemons on this machine, and whether one of them minds the same libraries."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from subtitled.config.settings import LibrarySettings
from subtitled.plugin import CheckResult

from ..lock import find_holder

_MINOR_BITS = 20
"""Of a device's number as the kernel itself writes it."""


def check_daemons(state: Path, libraries: Mapping[str, LibrarySettings]) -> Iterator[CheckResult]:
    """Which daemon works on the state folder, and whether others run, in the same libraries even.

    That is seen where a library is watched by events, by whoever may look at that process.
    """
    try:
        running = find_holder(state)
    except OSError:
        return  # of the state folder others tell
    if not running:
        yield CheckResult("daemon", True, "not running")
    else:
        where = f"process {running.pid or '?'} on {running.host or '?'}"
        yield CheckResult("daemon", True, f"runs as {where}")
    ours = running.pid if running else None
    for process in _running_daemons():
        if process == ours:
            continue
        watched = _watched_folders(process)
        both = ", ".join(
            name for name, one in libraries.items() if _folder_identity(one.path) in watched
        )
        where = f"process {process}, with another state folder"
        if both:
            hint = "Stop one of the two, or give each libraries of its own"
            yield CheckResult("other daemons", False, f"{where}, is in library {both} too", hint)
        else:
            yield CheckResult("other daemons", True, f"{where}; no library may be of both")


def _running_daemons() -> list[int]:
    """The processes that are a ``subtitled run``, as far as they can be seen."""
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
    """Device and inode of each folder that a process has the kernel watch (see proc(5), fdinfo)."""
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
