"""The place of a job in the queue is told to people while other processes run jobs."""

from __future__ import annotations

import threading
from pathlib import Path

from subtitled.jobs.dbos_queue import JobQueue
from subtitled.jobs.queue_place import QueuePlace, find_place


def test_jobs_that_wait_have_a_place_by_their_rank_and_then_by_their_age(tmp_path: Path) -> None:
    database = tmp_path / "jobs.sqlite"
    assert find_place(database, None, "first") is None
    assert not database.exists()
    started, may_end = threading.Event(), threading.Event()

    def run_job(job_id: str, file_id: int, fingerprint: str) -> None:
        started.set()
        may_end.wait(60)

    queue = JobQueue(database, run_job)
    queue.start()
    try:
        queue.put("running", 0, "ab12", priority=1)
        assert started.wait(60)
        for number, (job_id, rank) in enumerate((("old", 90), ("young", 90), ("urgent", 2)), 1):
            queue.put(job_id, number, "ab12", priority=rank)
        places = {job: find_place(database, None, job) for job in ("urgent", "old", "young")}
        assert places == {
            "urgent": QueuePlace(1, 3),
            "old": QueuePlace(2, 3),
            "young": QueuePlace(3, 3),
        }
        assert str(places["urgent"]) == "it is the next job"
        assert str(places["young"]) == "it is number 3 of the 3 jobs that wait in the queue"
        assert find_place(database, None, "running") is None
        assert find_place(database, None, "unknown") is None
    finally:
        may_end.set()
        queue.stop()


def test_jobs_that_wait_get_other_ranks_and_a_job_that_runs_asks_for_its_own(
    tmp_path: Path,
) -> None:
    started, may_end = threading.Event(), threading.Event()
    begun: list[tuple[str, int | None]] = []
    all_done = threading.Event()

    def run_job(job_id: str, file_id: int, fingerprint: str) -> None:
        begun.append((job_id, queue.rank_of(job_id)))
        started.set()
        may_end.wait(60)
        if len(begun) == 3:
            all_done.set()

    queue = JobQueue(tmp_path / "jobs.sqlite", run_job)
    queue.start()
    try:
        queue.put("running", 0, "ab12", priority=10)
        assert started.wait(60)
        queue.put("old", 1, "ab12", priority=20)
        queue.put("new", 2, "ab12", priority=30)
        assert queue.waiting_ranks(["running", "old", "new", "unknown"]) == {"old": 20, "new": 30}
        queue.set_ranks({"running": 99, "old": 30, "new": 20, "unknown": 1})
        assert queue.rank_of("running") == 10
        assert queue.rank_of("unknown") is None
        may_end.set()
        assert all_done.wait(60)
        assert begun == [("running", 10), ("new", 20), ("old", 30)]
    finally:
        may_end.set()
        queue.stop()


def test_a_queue_that_cannot_be_read_tells_no_place(tmp_path: Path) -> None:
    database = tmp_path / "jobs.sqlite"
    database.write_bytes(b"")
    assert find_place(database, None, "old") is None
    database.write_bytes(b"no database" * 100)
    assert find_place(database, None, "old") is None
