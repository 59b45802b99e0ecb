"""The durable job queue: one DBOS workflow for each version of a media file.

Several processes may share the queue. Each has its own name, which DBOS calls an executor id. A job
whose process was killed continues at the step it was in. The errors of steps are stored as JSON and
raised again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from subtitled.db.engine import ChangeDetector, open_engine
from subtitled.db.records import DAEMON_NAME
from subtitled.engines.protocol import error_from_json, error_to_json
from subtitled.plugin import SubtitledError

from .dbos_imports import (
    DBOS,
    DBOSPortableJSONSerializer,
    SetEnqueueOptions,
    SetWorkflowID,
    dbos_error,
)
from .dbos_polling import pace_queues
from .queue_ranks import read_rank, read_waiting_ranks, write_ranks

APPLICATION_VERSION = "5"
"""The version of the steps and their results.

Raise it when either changes, with a line in CHANGELOG.md: jobs of another version are never
continued but planned again.
"""

POLLING_INTERVAL_SECONDS = 1.0
"""Seconds between two polls for queued jobs while the queue changes."""
MEDIA_QUEUE = "media"
UNFINISHED = ["ENQUEUED", "DELAYED", "PENDING"]
"""DBOS's states of jobs that are queued or running."""


class DbosStepRunner:
    """A :class:`~subtitled.jobcontext.job.StepRunner` whose results survive the process."""

    def __init__(self, gate: Callable[[str], None]) -> None:
        self._gate = gate

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        """Run a step, or return the result that an earlier run stored."""

        def step() -> dict[str, Any]:
            try:
                return {"result": function()}
            except SubtitledError as error:
                return {"error": error_to_json(error)}

        step_result = DBOS.run_step({"name": name}, step)
        if "error" in step_result:
            raise error_from_json(step_result["error"])
        return step_result["result"]

    def checkpoint(self, engine: str = "") -> None:
        """Wait until work may go on."""
        self._gate(engine)


class JobQueue:
    """The job queue as one process sees it."""

    def __init__(
        self,
        database: Path,
        run_job: Callable[[str, int, str], None],
        name: str = DAEMON_NAME,
        server_url: str | None = None,
    ) -> None:
        """Open the queue without running jobs.

        Args:
            database: The SQLite file of the queue.
            run_job: Runs one job, given its id, the id of its file and the fingerprint.
            name: The name of this process. No other process may have it at the same time.
            server_url: A PostgreSQL URL that is used instead of the file.
        """
        self._name = name
        # DBOS keeps its registered functions and its only instance as globals.
        DBOS.destroy(destroy_registry=True)
        engine = self._engine = open_engine(database, server_url)
        self._changes = ChangeDetector(engine, database)
        self._restore_polling: Callable[[], None] = lambda: None
        DBOS(
            config={
                "name": "subtitled",
                "system_database_url": server_url or f"sqlite:///{database}",
                "system_database_engine": engine,
                "executor_id": name,
                "application_version": APPLICATION_VERSION,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
                "enable_otlp": False,
            }
        )
        logger = logging.getLogger("dbos")
        logger.handlers.clear()
        logger.propagate = True

        # DBOS sets attributes on the function, so it must be a plain one.
        @DBOS.workflow(name="make subtitles")
        def make_subtitles(file_id: int, fingerprint: str) -> None:
            run_job(DBOS.workflow_id or "", file_id, fingerprint)

        self._run_job = make_subtitles

    def start(self) -> None:
        """Start running jobs. Jobs that this process left unfinished come first."""
        self._restore_polling = pace_queues(self._changes.current_version)
        DBOS.launch()
        if self._name == DAEMON_NAME:
            self._cancel_other_versions()
        # Each process runs one job at a time.
        DBOS.register_queue(
            MEDIA_QUEUE, worker_concurrency=1, polling_interval_sec=POLLING_INTERVAL_SECONDS
        )

    def _cancel_other_versions(self) -> None:
        """Cancel unfinished jobs of another version, which DBOS neither runs nor deletes."""
        for job in DBOS.list_workflows(
            status=UNFINISHED, queue_name=MEDIA_QUEUE, load_input=False, load_output=False
        ):
            if job.app_version != APPLICATION_VERSION:
                DBOS.cancel_workflow(job.workflow_id)

    def close_idle_connections(self) -> None:
        """Close the connections that nobody uses, each of which keeps pages of the database."""
        self._engine.dispose()

    def put(self, job_id: str, file_id: int, fingerprint: str, priority: int) -> None:
        """Queue a job. Does nothing if the id is known.

        Args:
            job_id: A new id.
            file_id: The id of the media file in the database.
            fingerprint: Its fingerprint.
            priority: Lower values run first.
        """
        with SetWorkflowID(job_id), SetEnqueueOptions(priority=priority):
            DBOS.enqueue_workflow(MEDIA_QUEUE, self._run_job, file_id, fingerprint)

    def rank_of(self, job_id: str) -> int | None:
        """Return the priority of a job; None if it is not known. The job itself may ask for it."""
        return read_rank(self._engine, job_id)

    def waiting_ranks(self, job_ids: Sequence[str]) -> dict[str, int]:
        """Return the priorities of those of some jobs that wait in the queue."""
        return read_waiting_ranks(self._engine, job_ids)

    def set_ranks(self, ranks: Mapping[str, int]) -> None:
        """Give jobs other priorities. Those that do not wait any more keep theirs."""
        write_ranks(self._engine, ranks)

    def cancel(self, job_id: str) -> None:
        """Remove a job from the queue, or end it at its next step."""
        DBOS.cancel_workflow(job_id)

    def is_active(self, job_id: str) -> bool:
        """Return whether a job is queued or running."""
        status = DBOS.get_workflow_status(job_id)
        return status is not None and status.status in UNFINISHED

    def active_jobs(self) -> dict[str, str]:
        """Return every unfinished job with the name of its process, or "" while it is queued.

        The process may have been lost since.
        """
        listed = DBOS.list_workflows(
            status=UNFINISHED,
            queue_name=MEDIA_QUEUE,
            load_input=False,
            load_output=False,
        )
        return {
            job.workflow_id: (job.executor_id or "") if job.status == "PENDING" else ""
            for job in listed
        }

    def working_processes(self) -> set[str]:
        """Return the names of the processes that run jobs, or did when they were lost."""
        listed = DBOS.list_workflows(
            status="PENDING", queue_name=MEDIA_QUEUE, load_input=False, load_output=False
        )
        return {job.executor_id for job in listed if job.executor_id}

    def requeue(self, name: str) -> int:
        """Queue the jobs of a lost process again; return how many.

        If that process is alive after all, it loses its jobs at their next step
        (:data:`JOB_REASSIGNED`). If several processes requeue the same job, it is queued once.
        """
        return len(DBOS._recover_pending_workflows([name]))

    def purge_ended(self, before_ms: int) -> int:
        """Delete workflows that ended before a time (milliseconds since 1970); return how many."""
        ended = [
            workflow.workflow_id
            for workflow in DBOS.list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED"],
                limit=1000,
                load_input=False,
                load_output=False,
            )
            if (workflow.updated_at or 0) < before_ms
        ]
        if ended:
            DBOS.delete_workflows(ended)
        return len(ended)

    def stop(self) -> None:
        """Stop running jobs. Unfinished ones continue at the next start."""
        DBOS.destroy(workflow_completion_timeout_sec=0)
        self._restore_polling()
        self._changes.close()


JOB_CANCELLED = dbos_error.DBOSWorkflowCancelledError
"""Raised by the next step of a cancelled job."""
JOB_REASSIGNED = dbos_error.DBOSWorkflowConflictIDError
"""Raised by the next step of a job that was requeued for another process."""
