"""The rows of the ``files`` table as records, and the results of scans and stability checks."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class FileState(StrEnum):
    """The state of a media file."""

    STABILISING = "stabilising"
    """It was noticed.

    It is processed once it has not changed for the library's ``stability_delay``.
    """
    GROWING = "growing"
    """It had changed at each of the last checks, as a recording does.

    It is checked less and less often.
    """
    QUEUED = "queued"
    WORKING = "working"
    DONE = "done"
    UP_TO_DATE = "up-to-date"
    NO_SPEECH = "no-speech"
    IMPOSSIBLE = "impossible"
    """A requirement cannot be fulfilled by any configured engine or translator."""
    WAITING = "waiting"
    """A gate holds it: working hours, a budget, a pause, or the circuit breaker of an engine. It is
    checked again at a set time, or when the pause ends.
    """
    RETRYING = "retrying"
    """Its job failed with a transient error. It is tried again at a set time."""
    FAILED = "failed"
    """Its job failed permanently.

    It is tried again when the file or the settings change, or on request.
    """
    QUARANTINED = "quarantined"
    """The engine crashed several times in a row while it processed the file.

    It is tried again when the file, the engine or the settings change, or on request.
    """
    MISSING = "missing"
    """It does not exist at present. When it comes back, it gets its previous state."""


FINAL_STATES = frozenset(
    {
        FileState.DONE,
        FileState.UP_TO_DATE,
        FileState.NO_SPEECH,
        FileState.IMPOSSIBLE,
        FileState.FAILED,
        FileState.QUARANTINED,
    }
)
"""States that a file keeps until it or its settings change."""

DAEMON_NAME = "daemon"
"""The name of the daemon as a worker. Other workers have names of their own."""

ACTIVE_STATES = frozenset({FileState.QUEUED, FileState.WORKING})
"""States in which a file has a job."""

FAILURE_STATES = frozenset({FileState.FAILED, FileState.QUARANTINED, FileState.RETRYING})
"""States of files whose last job failed."""

URGENT, WATCHED, NEW, BACKFILL, UPGRADE = 1, 20, 50, 100, 200
"""Priorities, the most urgent first: requested by a person, likely to be played next, newly
arrived, found by the first scan of a library, and with subtitles that are only made again."""
AFFECTED_BY_SIDECARS = frozenset(
    {FileState.UP_TO_DATE, FileState.IMPOSSIBLE, FileState.DONE, FileState.NO_SPEECH}
)
"""States that may change when a human sidecar is added or removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """One row of the ``files`` table. Times are seconds since 1970."""

    id: int
    library: str
    path: Path
    size: int
    mtime_ns: int
    state: FileState
    stable_since: float
    fingerprint: str | None = None
    reason: str = ""
    hint: str = ""
    progress: str = ""
    spoken_language: str | None = None
    attempts: int = 0
    next_check_at: float | None = None
    """The time of the next check: of its stability, of a retry, or only of its existence."""
    unstable_checks: int = 0
    """How many stability checks in a row found it changed."""
    settings_digest: str | None = None
    priority: int = BACKFILL
    job_id: str | None = None
    worker: str | None = None
    """The daemon or worker that processes it, or processed it last."""
    device: int = 0
    previous_fingerprint: str | None = None
    """The fingerprint of the file that was at this path before."""
    crashes: int = 0
    """How many of its jobs in a row ended with a crash of the engine."""
    engines_digest: str | None = None
    missing_since: float | None = None
    previous_state: FileState | None = None
    """The state that it had before it went missing."""
    duration: float | None = None
    """Its length in seconds, if it was examined."""
    title: str = ""
    """The title of the film or episode, if it is known."""
    progress_share: float | None = None
    """The share of the step in progress that is done, 0 to 1."""
    progress_since: float | None = None
    """When the step in progress began."""
    examined_at: float | None = None
    """When its coverage was stored; None if it is not known yet."""
    updated_at: float = 0.0
    added_at: int = 0
    """When it was added to its library; see :func:`added_hour`."""


def added_hour(priority: int, mtime: float, now: float) -> int:
    """Return the hour in which a file was added to its library, in seconds since 1970.

    What the first scan of a library finds was added when it was written last, as far as its time
    is no future one; other files are added now. Files of the same hour, such as a series that was
    copied, are taken in the order of their names.

    Args:
        priority: The priority of the file.
        mtime: When it was written last.
        now: The present time.
    """
    added = now if priority <= NEW else min(mtime, now)
    return max(0, int(added // 3600) * 3600)


def record_from_row(row: Any) -> FileRecord:
    """Convert a row of the ``files`` table."""
    return FileRecord(
        id=row["id"],
        library=row["library"],
        path=Path(os.fsdecode(row["path"])),
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        state=FileState(row["state"]),
        stable_since=row["stable_since"],
        fingerprint=row["fingerprint"],
        reason=row["reason"],
        hint=row["hint"],
        progress=row["progress"],
        spoken_language=row["spoken_language"],
        attempts=row["attempts"],
        next_check_at=row["next_check_at"],
        unstable_checks=row["unstable_checks"],
        settings_digest=row["settings_digest"],
        priority=row["priority"],
        job_id=row["job_id"],
        worker=row["worker"],
        device=row["device"],
        previous_fingerprint=row["previous_fingerprint"],
        crashes=row["crashes"],
        engines_digest=row["engines_digest"],
        missing_since=row["missing_since"],
        previous_state=FileState(row["previous_state"]) if row["previous_state"] else None,
        duration=row["duration"],
        title=row["title"],
        progress_share=row["progress_share"],
        progress_since=row["progress_since"],
        examined_at=row["examined_at"],
        updated_at=row["updated_at"],
        added_at=row["added_at"],
    )


ScannedFile = tuple[bytes, os.stat_result, int]
"""A media file on disk: its path, its stat, and the hash of its sidecars' names
(:func:`~subtitled.library.scanner.sidecar_hashes`).
"""
KnownFile = tuple[bytes, int, int, int | None]
"""A media file in the database: path, size, mtime_ns and the hash of its sidecars' names.

The hash is None until a scan has computed it.
"""


@dataclass(slots=True, kw_only=True)
class ScanDiff:
    """The differences between media files on disk and in the database."""

    new: list[ScannedFile] = field(default_factory=list)
    changed: list[ScannedFile] = field(default_factory=list)
    sidecars_changed: list[ScannedFile] = field(default_factory=list)
    """Files that did not change themselves, but whose sidecars did."""
    missing: list[bytes] = field(default_factory=list)
    """Paths in the database that the scan did not find: deleted, moved, or in an unreadable
    folder.
    """
    files: int = 0
    """How many files were compared."""

    def __len__(self) -> int:
        return len(self.new) + len(self.changed) + len(self.sidecars_changed) + len(self.missing)

    def add(self, scanned: list[ScannedFile], known: dict[bytes, KnownFile]) -> None:
        """Compare files on disk with ``known``; what remains of ``known`` is missing."""
        self.files += len(scanned)
        if not known:
            self.new += scanned
            return
        for entry in scanned:
            path, stat, sidecar_hash = entry
            row = known.pop(path, None)
            if row is None:
                self.new.append(entry)
            elif row[1:3] != (stat.st_size, stat.st_mtime_ns):
                self.changed.append(entry)
            elif row[3] != sidecar_hash:
                self.sidecars_changed.append(entry)
        self.add_missing(known.values())

    def add_missing(self, rows: Iterable[KnownFile]) -> None:
        """Record files that the scan did not find."""
        self.missing += [row[0] for row in rows]


GROWING_AFTER_CHECKS = 3
"""A file that was found changed by so many checks in a row counts as growing, such as a
recording.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StabilityVerdict:
    """The result of a stability check."""

    is_stable: bool = False
    has_changed: bool = False
    """The file differs from the last check, so its stability delay starts again."""
    check_at: float = 0.0
    """The time of the next check, in seconds since 1970."""
    unstable_checks: int = 0
    """How many checks in a row found the file incomplete."""
    reason: str = ""

    @property
    def is_growing(self) -> bool:
        """Whether the file counts as growing."""
        return self.unstable_checks >= GROWING_AFTER_CHECKS
