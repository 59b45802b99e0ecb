"""When a file is complete: it has not changed for a while, nobody writes to it, it lacks nothing.

Settling is a state with a deadline, not one test: a file that is not complete is looked at again,
for ever, but less and less often.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from subtitled.db.records import GROWING_AFTER_CHECKS, FileRecord, StabilityVerdict
from subtitled.plugin import Backoff

MAX_CHECK_INTERVAL_SECONDS = 15 * 60.0
"""Seconds between two looks at a file that grows, at most, or the library's own time, if longer."""
INCOMPLETE_PATIENCE = 20
"""A file that lacks something is waited for so many times as long as others, then taken as it is:
whoever looks into it says what is wrong."""


def check_stability(
    record: FileRecord, stat: os.stat_result, now: float, stability_delay: float
) -> StabilityVerdict:
    """Whether a file has been the same for ``settle`` seconds.

    The clock that counts is ours: when we first saw it as it is now. A file whose own time lies in
    the future, after a jump of the clock, so does not wait for that time to come.
    """
    if (record.size, record.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
        return not_yet(record, now, stability_delay, "it changes", has_changed=True)
    if record.stable_since > now:  # the clock was set back: count from now, not from then
        return StabilityVerdict(
            has_changed=True, check_at=now + stability_delay, unstable_checks=record.unstable_checks
        )
    if now - record.stable_since < stability_delay:
        until = record.stable_since + stability_delay
        return StabilityVerdict(
            check_at=until, unstable_checks=record.unstable_checks, reason=record.reason
        )
    return StabilityVerdict(is_stable=True)


def not_yet(
    record: FileRecord,
    now: float,
    stability_delay: float,
    reason: str,
    *,
    has_changed: bool = False,
) -> StabilityVerdict:
    """A file that is not complete, for a reason in words: when it is looked at again."""
    checks = record.unstable_checks + 1
    backoff = Backoff(stability_delay, maximum=max(stability_delay, MAX_CHECK_INTERVAL_SECONDS))
    wait = backoff.delay(max(1, checks - GROWING_AFTER_CHECKS + 1))
    return StabilityVerdict(
        has_changed=has_changed, check_at=now + wait, unstable_checks=checks, reason=reason
    )


def still_worth_waiting(record: FileRecord, now: float, stability_delay: float) -> bool:
    """Whether a file that lacks something is still to be waited for."""
    return now - record.stable_since < stability_delay * INCOMPLETE_PATIENCE


def files_open_for_writing(paths: Collection[Path]) -> set[tuple[int, int]]:
    """Device and inode of those files that a process has open for writing which we may look at.

    Once for many files: there are many handles. Only those of the same name are looked at closely,
    as others may lie on a share that does not answer. Best effort, so nothing is raised.
    """
    names = {os.fsencode(path.name) for path in paths}
    try:
        processes = [entry for entry in os.listdir(b"/proc") if entry.isdigit()] if names else []
    except OSError:
        return set()
    return {file for process in processes for file in _open_for_writing_by(process, names)}


def _open_for_writing_by(process: bytes, names: Collection[bytes]) -> Iterator[tuple[int, int]]:
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
