"""When a file is complete: it has not changed for a while, nobody writes to it, it lacks nothing.

Settling is a state with a deadline, not one test: a file that is not complete is looked at again,
for ever, but less and less often.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from subtitled.plugin import Backoff

from .records import FileRecord

GROWING_AFTER = 3
"""A file that had changed at so many looks in a row is one that grows, such as a recording."""
LONGEST_LOOK = 15 * 60.0
"""Seconds between two looks at a file that grows, at most, or the library's own time, if longer."""
PATIENCE = 20
"""A file that lacks something is waited for so many times as long as others, then taken as it is:
whoever looks into it says what is wrong."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do about a settling file."""

    settled: bool = False
    changed: bool = False
    """It is not as it was when last looked at: its time begins anew."""
    wait_until: float = 0.0
    """When to look again, seconds since 1970."""
    looks: int = 0
    """How often it was not complete when looked at."""
    why: str = ""

    @property
    def growing(self) -> bool:
        return self.looks >= GROWING_AFTER


def settling(record: FileRecord, stat: os.stat_result, now: float, settle: float) -> Verdict:
    """Whether a file has been the same for ``settle`` seconds.

    The clock that counts is ours: when we first saw it as it is now. A file whose own time lies in
    the future, after a jump of the clock, so does not wait for that time to come.
    """
    if (record.size, record.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
        return unfinished(record, now, settle, "it changes", changed=True)
    if record.steady_since > now:  # the clock was set back: count from now, not from then
        return Verdict(changed=True, wait_until=now + settle, looks=record.looks)
    if now - record.steady_since < settle:
        until = record.steady_since + settle
        return Verdict(wait_until=until, looks=record.looks, why=record.reason)
    return Verdict(settled=True)


def unfinished(
    record: FileRecord, now: float, settle: float, why: str, *, changed: bool = False
) -> Verdict:
    """A file that is not complete, for a reason in words: when it is looked at again."""
    looks = record.looks + 1
    backoff = Backoff(settle, maximum=max(settle, LONGEST_LOOK))
    wait = backoff.delay(max(1, looks - GROWING_AFTER + 1))
    return Verdict(changed=changed, wait_until=now + wait, looks=looks, why=why)


def patient(record: FileRecord, now: float, settle: float) -> bool:
    """Whether a file that lacks something is still to be waited for."""
    return now - record.steady_since < settle * PATIENCE


def written_to(paths: Collection[Path]) -> set[tuple[int, int]]:
    """Device and inode of those files that a process has open for writing which we may look at.

    Once for many files: there are many handles. Only those of the same name are looked at closely,
    as others may lie on a share that does not answer. Best effort, so nothing is raised.
    """
    names = {os.fsencode(path.name) for path in paths}
    try:
        processes = [entry for entry in os.listdir(b"/proc") if entry.isdigit()] if names else []
    except OSError:
        return set()
    return {file for process in processes for file in _written_by(process, names)}


def _written_by(process: bytes, names: Collection[bytes]) -> Iterator[tuple[int, int]]:
    handles = b"/proc/" + process + b"/fd/"
    try:
        numbers = os.listdir(handles)
    except OSError:
        return  # it ended, or is not ours to look at
    for number in numbers:
        try:
            if os.path.basename(os.readlink(handles + number)) not in names:
                continue
            info = Path(os.fsdecode(b"/proc/" + process + b"/fdinfo/" + number)).read_bytes()
            flags = next(line for line in info.splitlines() if line.startswith(b"flags:"))
            if int(flags.split()[1], 8) & os.O_ACCMODE:
                held = os.stat(handles + number)
                yield held.st_dev, held.st_ino
        except (OSError, StopIteration, ValueError):
            continue  # busy processes close handles meanwhile
