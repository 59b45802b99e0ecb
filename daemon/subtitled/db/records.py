"""What the ledger knows of a file: where it stands, and how it was when last seen."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class FileState(StrEnum):
    """Where a file stands."""

    STABILISING = "settling"
    """Noticed; taken when it has not changed for a while."""
    GROWING = "growing"
    """It has changed at each look, as a recording does; looked at for ever, but less often."""
    QUEUED = "queued"
    WORKING = "working"
    DONE = "done"
    UP_TO_DATE = "nothing to do"
    NO_SPEECH = "no speech"
    IMPOSSIBLE = "unsatisfiable"
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
        stable_since=row["steady_since"],
        fingerprint=row["content_id"],
        reason=row["reason"],
        hint=row["cure"],
        progress=row["progress"],
        spoken_language=row["spoken"],
        attempts=row["attempts"],
        next_check_at=row["next_try_at"],
        unstable_checks=row["looks"],
        settings_digest=row["settings_digest"],
        priority=row["priority"],
        job_id=row["job_id"],
        worker=row["worker"],
        device=row["device"],
        previous_fingerprint=row["previous_content_id"],
        crashes=row["crashes"],
        engines_digest=row["makers_digest"],
        missing_since=row["missing_since"],
        previous_state=FileState(row["was"]) if row["was"] else None,
    )
