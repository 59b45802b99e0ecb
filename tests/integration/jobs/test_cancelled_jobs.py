"""Whether a running job is wanted any more, by which its engine's call is ended."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError

from subtitled.db.records import FileState
from subtitled.jobs.runner import JobRunner


def _is_cancelled(record: Any) -> bool:
    def find(file_id: int) -> Any:
        if isinstance(record, Exception):
            raise record
        return record

    files = SimpleNamespace(get_by_id=find)
    runner = cast(JobRunner, SimpleNamespace(_db=SimpleNamespace(files=files)))
    return JobRunner._is_cancelled(runner, "job-1", 7)


@pytest.mark.parametrize(
    ("job_id", "state", "expected"),
    [
        ("job-1", FileState.WORKING, False),
        ("job-1", FileState.QUEUED, False),
        (None, FileState.FAILED, True),  # cancelled by the user
        ("job-2", FileState.QUEUED, True),  # another job replaced it
        ("job-1", FileState.MISSING, True),
        (None, FileState.STABILISING, True),  # the file changed
    ],
)
def test_a_job_is_wanted_as_long_as_its_file_has_it(
    job_id: str | None, state: FileState, expected: bool
) -> None:
    record = SimpleNamespace(job_id=job_id, state=state, path=Path("film.mkv"))
    assert _is_cancelled(record) is expected


def test_a_file_that_is_gone_has_no_job_and_a_busy_database_cancels_none() -> None:
    assert _is_cancelled(None)
    assert not _is_cancelled(OperationalError("select", {}, Exception("database is locked")))
