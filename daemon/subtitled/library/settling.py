"""When a file is complete: it has not changed for a while, and nobody is writing to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .records import FileRecord


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do about a settling file."""

    settled: bool = False
    changed: bool = False
    """It is not as it was when last looked at: its time begins anew."""
    wait_until: float = 0.0
    """When to look again, seconds since 1970."""


def settling(record: FileRecord, stat: os.stat_result, now: float, settle: float) -> Verdict:
    """Whether a file has been the same for ``settle`` seconds.

    The clock that counts is ours: when we first saw it as it is now. A file whose own time lies in
    the future, after a jump of the clock, so does not wait for that time to come.
    """
    if (record.size, record.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
        return Verdict(changed=True, wait_until=now + settle)
    if record.steady_since > now:  # the clock was set back: count from now, not from then
        return Verdict(changed=True, wait_until=now + settle)
    if now - record.steady_since < settle:
        return Verdict(wait_until=record.steady_since + settle)
    return Verdict(settled=True)


def open_for_writing(path: Path) -> bool:
    """Whether a process that we may look at has the file open for writing, best effort."""
    try:
        target = path.stat()
        processes = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    except OSError:
        return False
    return any(_writes(process, target) for process in processes)


def _writes(process: Path, target: os.stat_result) -> bool:
    try:
        handles = list((process / "fd").iterdir())
    except OSError:
        return False  # it ended, or is not ours to look at
    return any(_written_through(process, handle, target) for handle in handles)


def _written_through(process: Path, handle: Path, target: os.stat_result) -> bool:
    """Whether one handle of a process writes to the file. Busy processes close others meanwhile."""
    try:
        held = handle.stat()
        if (held.st_dev, held.st_ino) != (target.st_dev, target.st_ino):
            return False
        info = (process / "fdinfo" / handle.name).read_text("ascii")
        flags = next(line for line in info.splitlines() if line.startswith("flags:"))
        return bool(int(flags.split()[1], 8) & os.O_ACCMODE)
    except (OSError, StopIteration, ValueError):
        return False
