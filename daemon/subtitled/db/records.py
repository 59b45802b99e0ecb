"""What the ledger knows of a file: where it stands, and how it was when last seen."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class FileState(StrEnum):
    """Where a file stands."""

    STABILISING = "stabilising"
    """Noticed; taken when it has not changed for a while."""
    GROWING = "growing"
    """It has changed at each look, as a recording does; looked at for ever, but less often."""
    QUEUED = "queued"
    WORKING = "working"
    DONE = "done"
    UP_TO_DATE = "up-to-date"
    NO_SPEECH = "no-speech"
    IMPOSSIBLE = "impossible"
    """Something is wanted that nothing configured can make."""
    WAITING = "waiting"
    """It would be worked on, but for the hours of its library or engine, or an engine that is down;
    looked at again at a set time, or when somebody ends the pause."""
    RETRYING = "retrying"
    """It failed in a way that may pass, and is tried again at a set time."""
    FAILED = "failed"
    """It failed for good: until the file or the settings change, or somebody asks."""
    QUARANTINED = "quarantined"
    """The engine crashed over it again and again: until the file, the engine or the settings
    change, or somebody asks."""
    MISSING = "missing"
    """It is not there just now. When it comes back it is what it was."""


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
"""States in which a file rests until it or its settings change."""

DAEMON_NAME = "daemon"
"""The name under which the daemon itself works on files; workers have others."""

ACTIVE_STATES = frozenset({FileState.QUEUED, FileState.WORKING})
"""States in which a file has a job."""

FAILURE_STATES = frozenset({FileState.FAILED, FileState.QUARANTINED, FileState.RETRYING})
"""States of files that something went wrong with."""

URGENT, WATCHED, NEW, BACKFILL = 1, 20, 50, 100
"""Priorities, the lowest first: asked for by a person, about to be watched, just arrived, there
before we came."""
AFFECTED_BY_SIDECARS = frozenset({FileState.UP_TO_DATE, FileState.IMPOSSIBLE, FileState.DONE})
"""States that a sidecar which somebody else adds or takes away may change."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file as the ledger knows it. Times are seconds since 1970."""

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
    """When it is looked at again: settled, tried once more, or only whether it is still there."""
    unstable_checks: int = 0
    """How often it had changed when it was looked at while it settled."""
    settings_digest: str | None = None
    priority: int = BACKFILL
    job_id: str | None = None
    worker: str | None = None
    """The daemon or worker that works, or worked last, on it."""
    device: int = 0
    previous_fingerprint: str | None = None
    """Of what lay at this path before."""
    crashes: int = 0
    """Jobs over it in a row that an engine crashed in."""
    engines_digest: str | None = None
    missing_since: float | None = None
    previous_state: FileState | None = None
    """The state before it went missing."""


def record_from_row(row: Any) -> FileRecord:
    """The record in a row of the table."""
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
    )


ScannedFile = tuple[bytes, os.stat_result, int]
"""A media file on disk: its path, its stat, and a number that stands for the subtitles beside it
(:func:`~subtitled.library.scanner.sidecars_changed`)."""
KnownFile = tuple[bytes, int, int, int | None]
"""A media file in the ledger: path, size, mtime_ns, and the number for its subtitles, None as long
as nobody has looked."""


@dataclass(slots=True)
class ScanDiff:
    """Files that are not as the ledger has them."""

    new: list[ScannedFile] = field(default_factory=list)
    changed: list[ScannedFile] = field(default_factory=list)
    sidecars_changed: list[ScannedFile] = field(default_factory=list)
    """The file is the same; its subtitles are not."""
    missing: list[bytes] = field(default_factory=list)
    """Known and not seen: deleted, moved away, or in a folder that could not be read."""
    files: int = 0
    """How many were compared."""

    def __len__(self) -> int:
        return len(self.new) + len(self.changed) + len(self.sidecars_changed) + len(self.missing)

    def add(self, scanned: list[ScannedFile], known: dict[bytes, KnownFile]) -> None:
        """Compare some files with what is known of them; what is left over is gone."""
        self.files += len(scanned)
        if not known:
            self.new += scanned
            return
        for entry in scanned:
            path, stat, mark = entry
            row = known.pop(path, None)
            if row is None:
                self.new.append(entry)
            elif row[1:3] != (stat.st_size, stat.st_mtime_ns):
                self.changed.append(entry)
            elif row[3] != mark:
                self.sidecars_changed.append(entry)
        self.add_missing(known.values())

    def add_missing(self, rows: Iterable[KnownFile]) -> None:
        """Files that were not seen."""
        self.missing += [row[0] for row in rows]


GROWING_AFTER_CHECKS = 3
"""A file that had changed at so many looks in a row is one that grows, such as a recording."""


@dataclass(frozen=True, slots=True)
class StabilityVerdict:
    """What to do about a settling file."""

    is_stable: bool = False
    has_changed: bool = False
    """It is not as it was when last looked at: its time begins anew."""
    check_at: float = 0.0
    """When to look again, seconds since 1970."""
    unstable_checks: int = 0
    """How often it was not complete when looked at."""
    reason: str = ""

    @property
    def is_growing(self) -> bool:
        return self.unstable_checks >= GROWING_AFTER_CHECKS
