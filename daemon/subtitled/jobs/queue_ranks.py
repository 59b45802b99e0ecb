"""The ranks of jobs, in the database of the queue.

DBOS tells a rank only in a step of its own, and changes none. Both are done in the table itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from subtitled.db.engine import is_sqlite

_IDS_AT_ONCE = 500


def jobs_table(engine: sa.Engine) -> sa.TableClause:
    """Return the table of the jobs."""
    names = ("workflow_uuid", "status", "queue_name", "priority", "created_at")
    schema = None if is_sqlite(engine) else "dbos"
    return sa.table("workflow_status", *map(sa.column, names), schema=schema)


def read_rank(engine: sa.Engine, job_id: str) -> int | None:
    """Return the rank of a job, which may have ended; None if it is not known."""
    jobs = jobs_table(engine)
    with engine.connect() as c:
        query = sa.select(jobs.c.priority).where(jobs.c.workflow_uuid == job_id)
        rank: int | None = c.execute(query).scalar()
        return rank


def read_waiting_ranks(engine: sa.Engine, job_ids: Sequence[str]) -> dict[str, int]:
    """Return the ranks of those of some jobs that wait in the queue."""
    jobs, ranks = jobs_table(engine), dict[str, int]()
    with engine.connect() as c:
        for begin in range(0, len(job_ids), _IDS_AT_ONCE):
            query = sa.select(jobs.c.workflow_uuid, jobs.c.priority).where(
                jobs.c.workflow_uuid.in_(job_ids[begin : begin + _IDS_AT_ONCE]),
                jobs.c.status == "ENQUEUED",
            )
            ranks |= {str(job_id): int(rank) for job_id, rank in c.execute(query)}
    return ranks


def write_ranks(engine: sa.Engine, ranks: Mapping[str, int]) -> None:
    """Give jobs other ranks, all at once. Those that do not wait any more keep theirs."""
    if not ranks:
        return
    jobs = jobs_table(engine)
    change = (
        jobs.update()
        .where(jobs.c.workflow_uuid == sa.bindparam("job_id"), jobs.c.status == "ENQUEUED")
        .values(priority=sa.bindparam("rank"))
    )
    with engine.begin() as c:
        c.execute(change, [{"job_id": job_id, "rank": rank} for job_id, rank in ranks.items()])
