"""A job that another version of the program began is planned again, never continued."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from subtitled.jobs import dbos_queue
from subtitled.jobs.dbos_queue import JobQueue


def test_jobs_of_another_version_are_cancelled_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, may_end, done = threading.Event(), threading.Event(), list[str]()

    def run_job(job_id: str, file_id: int, fingerprint: str) -> None:
        started.set()
        may_end.wait(30)
        done.append(job_id)

    with monkeypatch.context() as patch:
        patch.setattr(dbos_queue, "APPLICATION_VERSION", "1")
        old = JobQueue(tmp_path / "jobs.sqlite", run_job)
        old.start()
        for number, job_id in enumerate(("running", "waiting")):
            old.put(job_id, number, "ab12", priority=1)
        assert started.wait(30)
        assert set(old.active_jobs()) == {"running", "waiting"}
        old.stop()
    may_end.set()
    new = JobQueue(tmp_path / "jobs.sqlite", run_job)
    new.start()
    try:
        assert new.active_jobs() == {}
        new.put("next", 1, "ab12", priority=1)
        assert set(new.active_jobs()) <= {"next"}
    finally:
        new.stop()
    assert "waiting" not in done
