"""The durable queue: one DBOS workflow for each version of a medium, in tables of its own.

Several processes may share it, each under a name of its own; DBOS calls that an executor id. One
that was killed takes up each of its workflows at the step it was in. Steps that went wrong in a way
that we can name are remembered as such, so errors are JSON as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID
from dbos import error as dbos_error

from subtitled.db.engine import open_engine
from subtitled.db.records import DAEMON_NAME
from subtitled.engines.protocol import error_from_json, error_to_json
from subtitled.plugin import SubtitledError

APPLICATION_VERSION = "2"
"""The version of the steps and their results. Raise it when either changes, with a line in
CHANGELOG.md: jobs of another version are never continued but planned again."""

POLLING_INTERVAL_SECONDS = 1.0
"""Seconds between two looks at whether a job waits."""
MEDIA_QUEUE = "media"
UNFINISHED = ["ENQUEUED", "DELAYED", "PENDING"]
"""States of jobs that wait or are worked on, as DBOS calls them."""


class DbosStepRunner:
    """The :class:`~subtitled.jobcontext.job.StepRunner` whose results outlive the process."""

    def __init__(self, gate: Callable[[str], None]) -> None:
        self._gate = gate

    def run(self, name: str, function: Callable[[], Any]) -> Any:
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
        self._gate(engine)


class JobQueue:
    """The one queue of media, as one process sees it."""

    def __init__(
        self,
        database: Path,
        run_job: Callable[[str, int, str], None],
        name: str = DAEMON_NAME,
        server_url: str | None = None,
    ) -> None:
        """``work`` does one job by its id, file id and content identity; ``name`` is the process's,
        which no other may have at the same time; a ``server`` stands for the file."""
        self._name = name
        # DBOS keeps the registered functions and its one instance in the process.
        DBOS.destroy(destroy_registry=True)
        DBOS(
            config={
                "name": "subtitled",
                "system_database_url": server_url or f"sqlite:///{database}",
                "system_database_engine": open_engine(database, server_url),
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

        # DBOS marks what it registers, which only a plain function bears.
        @DBOS.workflow(name="make subtitles")
        def make_subtitles(file_id: int, fingerprint: str) -> None:
            run_job(DBOS.workflow_id or "", file_id, fingerprint)

        self._run_job = make_subtitles

    def start(self) -> None:
        """Begin working, first on what an earlier life left unfinished."""
        DBOS.launch()
        if self._name == DAEMON_NAME:
            self._cancel_other_versions()
        # One job at a time in each process.
        DBOS.register_queue(
            MEDIA_QUEUE, worker_concurrency=1, polling_interval_sec=POLLING_INTERVAL_SECONDS
        )

    def _cancel_other_versions(self) -> None:
        """Cancel unfinished jobs of another version: DBOS would neither run nor forget them."""
        for job in DBOS.list_workflows(
            status=UNFINISHED, queue_name=MEDIA_QUEUE, load_input=False, load_output=False
        ):
            if job.app_version != APPLICATION_VERSION:
                DBOS.cancel_workflow(job.workflow_id)

    def put(self, job_id: str, file_id: int, fingerprint: str, priority: int) -> None:
        """Queue one medium; lower priorities come first. A known ``job_id`` is not queued again."""
        with SetWorkflowID(job_id), SetEnqueueOptions(priority=priority):
            DBOS.enqueue_workflow(MEDIA_QUEUE, self._run_job, file_id, fingerprint)

    def cancel(self, job_id: str) -> None:
        """Take a job off the queue, or end it at its next step."""
        DBOS.cancel_workflow(job_id)

    def is_active(self, job_id: str) -> bool:
        """Whether a job waits or is worked on."""
        status = DBOS.get_workflow_status(job_id)
        return status is not None and status.status in UNFINISHED

    def active_jobs(self) -> dict[str, str]:
        """Every job that waits ("") or is worked on, with the name of the process that does so, or
        did when it was lost."""
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
        """The processes that work on a job, or did when they were lost."""
        listed = DBOS.list_workflows(
            status="PENDING", queue_name=MEDIA_QUEUE, load_input=False, load_output=False
        )
        return {job.executor_id for job in listed if job.executor_id}

    def requeue(self, name: str) -> int:
        """Queue again what a process works on, for whoever takes it first; how many jobs.

        If that process lives after all, it loses them at their next step (:data:`JOB_REASSIGNED`).
        Of two who hand on the same jobs one does.
        """
        return len(DBOS._recover_pending_workflows([name]))

    def purge_ended(self, before_ms: int) -> int:
        """Forget workflows that ended before a time (milliseconds since 1970); how many."""
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
        """Stop taking jobs. Those in work are left as they are, for the next life."""
        DBOS.destroy(workflow_completion_timeout_sec=0)


JOB_CANCELLED = dbos_error.DBOSWorkflowCancelledError
"""What a cancelled job raises at its next step."""
JOB_REASSIGNED = dbos_error.DBOSWorkflowConflictIDError
"""What a job raises at its next step that was handed on to another process."""
