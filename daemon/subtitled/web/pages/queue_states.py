"""The states of files that are not at rest."""

from __future__ import annotations

from subtitled.db.records import FileState

OPEN_STATES = (
    FileState.WORKING,
    FileState.QUEUED,
    FileState.WAITING,
    FileState.STABILISING,
    FileState.GROWING,
    FileState.RETRYING,
    FileState.FAILED,
    FileState.QUARANTINED,
    FileState.IMPOSSIBLE,
)
"""What the queue shows, in this order: files with something still to do, or that need a person."""
