"""What ``queue list`` says: the files that are worked on, wait or failed, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from subtitled.db.database import Database
from subtitled.db.file_list import STATE_ORDER
from subtitled.db.records import FileRecord, FileState

from .plain import to_plain

QUEUE_STATES = tuple(
    state for state in STATE_ORDER if state not in (FileState.DONE, FileState.UP_TO_DATE)
)
"""The states that the queue shows, in this order: all but the successful ones."""


@dataclass(frozen=True, slots=True)
class QueuedFile:
    """One file of the queue."""

    record: FileRecord

    @property
    def detail(self) -> str:
        """How far its job is, or why the file is in its state."""
        record = self.record
        detail = record.progress if record.state is FileState.WORKING else record.reason
        attempts = f" (tried {record.attempts} times)" if record.attempts > 1 else ""
        return f"{detail or ''}{attempts}"

    def to_dict(self) -> dict[str, Any]:
        """Return the file as JSON has it."""
        return {
            "state": str(self.record.state),
            "path": to_plain(self.record.path),
            "detail": self.detail,
            "job": self.record.job_id or "",
        }


def list_queue(
    db: Database, limit: int, states: Sequence[FileState] = QUEUE_STATES
) -> list[QueuedFile]:
    """Return the first files of the queue.

    Args:
        db: The database.
        limit: How many files at most.
        states: Only files in these states, one state after the other, the most urgent first.
    """
    files: list[QueuedFile] = []
    for state in states:
        files += map(QueuedFile, islice(db.states.by_state(state), limit - len(files)))
        if len(files) >= limit:
            break
    return files
