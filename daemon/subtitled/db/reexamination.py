"""Files that are evaluated again, in the transaction of what is the reason for it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from .records import AFFECTED_BY_SIDECARS, FileState
from .schema import files


def requeue_file(connection: sa.Connection, file_id: int, priority: int | None = None) -> None:
    """Have a file evaluated again now, and its failures forgotten.

    Args:
        connection: The transaction.
        file_id: The number of the file.
        priority: Its priority from now on. None: the one it has.
    """
    now = time.time()
    values: dict[str, Any] = {
        "state": FileState.STABILISING,
        "updated_at": now,
        "attempts": 0,
        "crashes": 0,
        "unstable_checks": 0,
        "next_check_at": now,
        "job_id": None,
        "reason": "",
        "hint": "",
        "missing_since": None,
        "previous_state": None,
    }
    if priority is not None:
        values["priority"] = priority
    connection.execute(files.update().where(files.c.id == file_id).values(**values))


def record_reexamination(connection: sa.Connection, path: Path) -> None:
    """Have a file evaluated again whose sidecars a person changed.

    A file that has a job, or waits for something, is examined after that.

    Args:
        connection: The transaction.
        path: The media file.
    """
    is_affected = files.c.state.in_(AFFECTED_BY_SIDECARS)
    now = time.time()
    connection.execute(
        files.update()
        .where(files.c.path == os.fsencode(path), is_affected)
        .values(state=FileState.STABILISING, next_check_at=now, updated_at=now)
    )
