"""Working off the queue: jobs are taken, done and written down, by the daemon as by each worker."""

from __future__ import annotations

import contextlib
import logging
import threading
from functools import partial
from pathlib import Path

from sqlalchemy.exc import OperationalError

from subtitled.config.paths import resolve_database_url as server
from subtitled.db.engine import describe_error
from subtitled.db.records import ACTIVE_STATES, DAEMON_NAME
from subtitled.jobcontext.job import Job, JobResult
from subtitled.jobcontext.services import Services
from subtitled.library.versions import candidate_previous_versions
from subtitled.media.ffmpeg import kill_all
from subtitled.pipeline.pipeline import run_job
from subtitled.pipeline.planning import settings_digest
from subtitled.plugin import SubtitledError, SubtitlePublished, TransientError

from .dbos_queue import JOB_CANCELLED, JOB_REASSIGNED, DbosStepRunner, JobQueue
from .gate import DeferJob, JobGate, WorkGate
from .log_context import current_job
from .results import ResultRecorder, display_path
from .throttle_state import ThrottleRegistry

_log = logging.getLogger(__name__)


class JobRunner:
    """The jobs of one process."""

    def __init__(
        self,
        services: Services,
        database: Path,
        name: str = DAEMON_NAME,
        throttles: ThrottleRegistry | None = None,
    ) -> None:
        """``name`` is this process's, ``resolve_database_url`` the queue's."""
        self.services = services
        self.name = name
        self._db = services.db
        settings = services.config.settings
        self._libraries = settings.libraries
        kv = services.db.kv
        self.gate = WorkGate(
            settings=settings,
            state=database.parent,
            kv=kv,
            throttles=throttles or ThrottleRegistry(kv, name),
            breakers=services.breakers,
        )
        self.needs_reconcile = threading.Event()
        """Set when ledger or queue could not be written: the two may say different things."""
        self.active_jobs: set[str] = set()
        """The jobs that are worked on here, or wait for leave to be."""
        self.queue = JobQueue(database, self._run_workflow, name, server(settings))
        self.results = ResultRecorder(services)
        self.job_gate = JobGate(self.gate, services.db, name)

    def start(self) -> None:
        """Begin with what an earlier life left; sound that it decoded for other jobs goes."""
        earlier = list(self.services.scratch.glob("*"))
        self.queue.start()
        live = self.queue.active_jobs()
        waiting = {
            record.fingerprint
            for record in self._db.by_state(*ACTIVE_STATES)
            if record.job_id in live
        }
        for left in earlier:
            if left.name.split("-")[0] not in waiting:
                left.unlink(missing_ok=True)

    def stop(self) -> None:
        """Leave everything where it is, for the next life."""
        self.job_gate.close()
        self.services.engines.close()
        kill_all()
        self.queue.stop()

    def requeue_own(self) -> None:
        """Queue again what was lost here while ledger or queue could not be written. Only while
        nothing is in work."""
        self.queue.requeue(self.name)

    def _run_workflow(self, job_id: str, file_id: int, fingerprint: str) -> None:
        """One durable workflow. Whoever plans finds what it could not write down."""
        self.active_jobs.add(job_id)
        current_job.set(job_id)
        well = False
        try:
            self._run_claimed(job_id, file_id, fingerprint)
            well = True
        finally:
            self.active_jobs.discard(job_id)
            current_job.set("")
            if not well:
                self.needs_reconcile.set()

    def _run_claimed(self, job_id: str, file_id: int, fingerprint: str) -> None:
        """The same. Ledger writes may be repeated after a crash, and bear it."""
        record = self._db.get_by_id(file_id)
        if record is None or record.job_id != job_id or record.library not in self._libraries:
            return  # called off: the file has changed or gone, or another job has taken over
        library = self._libraries[record.library]
        previous = candidate_previous_versions(self._db, record)
        job = Job(record.path, library, fingerprint, previous_versions=previous)
        steps = DbosStepRunner(partial(self.job_gate.wait_until_open, record))
        configuration = self.services.config
        digest = record.settings_digest or settings_digest(configuration, library)
        try:
            record = self.job_gate.claim_when_open(
                record, library.engines or tuple(configuration.engines)
            )
            result = self._run_pipeline(job, steps)
        except DeferJob as aside:
            self.job_gate.defer(record, aside.blocked)
        except SubtitledError as problem:
            self.results.record_failed(record, problem, digest)
        except (JOB_CANCELLED, JOB_REASSIGNED):
            self._remove_decoded_audio(file_id, fingerprint)
            raise
        except OperationalError as error:
            self.results.record_failed(record, TransientError(*describe_error(error)), digest)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop the others
            _log.exception("%s: unexpected error", display_path(record.path))
            fault = TransientError(
                f"unexpected error: {type(error).__name__}: {error}",
                "This is a fault of subtitled: please report it with the log",
            )
            self.results.record_failed(record, fault, digest)
        else:
            self.results.record_ended(record, result, digest)
        self._remove_decoded_audio(file_id, fingerprint)

    def _run_pipeline(self, job: Job, steps: DbosStepRunner) -> JobResult:
        """What becomes of a job. If it does not come to its end, what it published is told now: the
        next job of the file finds it there."""
        published: list[SubtitlePublished] = []
        try:
            return run_job(job, self.services, steps, published)
        except (SubtitledError, DeferJob):
            self.results.announce_published(published)
            raise

    def _remove_decoded_audio(self, file_id: int, fingerprint: str) -> None:
        """Remove the decoded sound, unless another file of the same content needs it next."""
        if self._db.files.has_active_twin(fingerprint, file_id):
            return
        for left in self.services.scratch.glob(f"{fingerprint}-*"):
            with contextlib.suppress(OSError):
                left.unlink()
