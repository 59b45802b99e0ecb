"""The stability check: has a new file stopped changing, and is it complete?

A file that is not complete is checked again without limit, but less and less often.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from subtitled.db.records import GROWING_AFTER_CHECKS, FileRecord, StabilityVerdict
from subtitled.plugin import Backoff
from subtitled.plugin.limits import is_out_of_resources

MAX_CHECK_INTERVAL_SECONDS = 15 * 60.0
"""The longest time between two checks of a growing file, unless the library's own delay is
longer.
"""
INCOMPLETE_PATIENCE = 20
"""A truncated file is waited for during so many stability delays.

Then it is processed as it is, and ffmpeg reports what is wrong with it.
"""


def check_stability(
    record: FileRecord, stat: os.stat_result, now: float, stability_delay: float
) -> StabilityVerdict:
    """Check whether a file has been unchanged for the stability delay.

    The time counts from when we first saw the file as it is now. A file whose modification time is
    in the future therefore need not wait for that time.

    Args:
        record: The file in the database.
        stat: The file on disk.
        now: The present time, in seconds since 1970.
        stability_delay: The delay of the library, in seconds.
    """
    if (record.size, record.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
        return not_yet(record, now, stability_delay, "it is changing", has_changed=True)
    if record.stable_since > now:  # the clock was set back: count from now
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
    """Return the verdict about a file that is not complete, for a reason in words."""
    checks = record.unstable_checks + 1
    backoff = Backoff(stability_delay, maximum=max(stability_delay, MAX_CHECK_INTERVAL_SECONDS))
    wait = backoff.delay(max(1, checks - GROWING_AFTER_CHECKS + 1))
    return StabilityVerdict(
        has_changed=has_changed, check_at=now + wait, unstable_checks=checks, reason=reason
    )


def still_worth_waiting(record: FileRecord, now: float, stability_delay: float) -> bool:
    """Return whether a truncated file should be waited for."""
    return now - record.stable_since < stability_delay * INCOMPLETE_PATIENCE


def files_open_for_writing(paths: Collection[Path]) -> set[tuple[int, int]]:
    """Return device and inode of the files that a visible process has open for writing.

    All files are checked at once, because there are many handles. Only handles with the name of one
    of the files are inspected, because others may be on a share that does not answer. Errors are
    ignored.
    """
    names = {os.fsencode(path.name) for path in paths}
    try:
        processes = [entry for entry in os.listdir(b"/proc") if entry.isdigit()] if names else []
    except OSError as error:
        if is_out_of_resources(error):
            raise
        return set()
    return {file for process in processes for file in _open_for_writing_by(process, names)}


def _open_for_writing_by(process: bytes, names: Collection[bytes]) -> Iterator[tuple[int, int]]:
    handles = b"/proc/" + process + b"/fd/"
    try:
        numbers = os.listdir(handles)
    except OSError:
        return  # the process ended, or is not visible
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
            continue  # the process closed the handle meanwhile
