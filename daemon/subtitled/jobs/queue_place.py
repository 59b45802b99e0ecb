"""The place of a job in the queue, read from the database of the queue without starting DBOS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from subtitled.db.engine import open_engine
from subtitled.plugin import SetupError

from .queue_ranks import jobs_table


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Where a job is in the queue."""

    place: int
    """1 is the next job."""
    waiting: int
    """How many jobs wait, with this one."""

    def __str__(self) -> str:
        if self.place == 1:
            return "it is the next job"
        return f"it is number {self.place} of the {self.waiting} jobs that wait in the queue"


def find_place(database: Path, server_url: str | None, job_id: str) -> QueuePlace | None:
    """Find where a job is in the queue.

    DBOS takes jobs by their rank and then by their age; of jobs of one millisecond it takes any.

    Args:
        database: The SQLite file of the queue.
        server_url: A PostgreSQL URL that is used instead of the file.
        job_id: The id of the job.

    Returns:
        None if the job does not wait, or the queue cannot be read.
    """
    if server_url is None and not database.is_file():
        return None
    try:
        engine = open_engine(database, server_url)
    except SetupError:
        return None
    jobs = jobs_table(engine)
    own = jobs.alias("own")
    columns = ("priority", "created_at", "workflow_uuid")
    is_before = sa.tuple_(*(jobs.c[name] for name in columns)) < sa.tuple_(
        *(own.c[name] for name in columns)
    )
    query = (
        sa.select(sa.func.count(), sa.func.sum(sa.case((is_before, 1), else_=0)))
        .select_from(jobs.join(own, jobs.c.queue_name == own.c.queue_name))
        .where(
            own.c.workflow_uuid == job_id,
            own.c.status == "ENQUEUED",
            jobs.c.status == "ENQUEUED",
        )
    )
    try:
        with engine.connect() as connection:
            waiting, before = connection.execute(query).one()
    except sa.exc.SQLAlchemyError:  # another version of DBOS, or the queue is new
        return None
    finally:
        engine.dispose()
    return QueuePlace(int(before) + 1, int(waiting)) if waiting else None
