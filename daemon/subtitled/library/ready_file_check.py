"""Whether a media file of a watch folder has its ready file, and whether that is whole."""

from __future__ import annotations

from subtitled.config.settings import LibrarySettings
from subtitled.db.records import FileRecord, StabilityVerdict
from subtitled.plugin.paths import display_path

from .ready_file import ENDINGS, find_ready_file

CHECK_SECONDS = 60.0
"""Longest time between two looks for a ready file. Its arrival is noticed at once where the kernel
tells of changes."""


def check_ready_file(
    record: FileRecord, library: LibrarySettings, now: float
) -> StabilityVerdict | None:
    """Return why a stable media file has to wait for its ready file; None if it need not.

    Args:
        record: The media file.
        library: The settings of its library.
        now: The present time, in seconds since 1970.
    """
    wanted = library.ingest.ready_files
    if wanted == "off":
        return None
    ready = find_ready_file(record.path)
    if ready is None:
        if wanted == "optional":
            return None
        names = " or ".join(display_path(record.path.stem + ending) for ending in ENDINGS)
        return _wait(record, now + CHECK_SECONDS, f"it waits for its ready file {names}")
    try:
        age = now - ready.stat().st_mtime
    except OSError:
        return _wait(record, now + CHECK_SECONDS, "its ready file cannot be looked at")
    if 0 <= age < library.stability_delay:
        name = display_path(ready.name)
        return _wait(record, now + library.stability_delay - age, f"{name} is changing")
    return None


def _wait(record: FileRecord, check_at: float, reason: str) -> StabilityVerdict:
    """Return a verdict that does not count as a change, so that the file is not called growing."""
    return StabilityVerdict(
        check_at=check_at, unstable_checks=record.unstable_checks, reason=reason
    )
