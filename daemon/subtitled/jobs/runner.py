"""The job runner of the daemon and of each worker."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

from sqlalchemy.exc import OperationalError

from subtitled.config.paths import resolve_database_url as server
from subtitled.db.engine import describe_error
from subtitled.db.records import ACTIVE_STATES, DAEMON_NAME, FileRecord, FileState
from subtitled.jobcontext.job import Job, JobResult
from subtitled.jobcontext.services import Services
from subtitled.library.file_settings import settings_of_file
from subtitled.library.versions import candidate_previous_versions
from subtitled.media.ffmpeg_process import kill_all
from subtitled.pipeline.decision_digests import settings_digest
from subtitled.pipeline.partial_subtitle import remove_leftovers
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import SubtitledError, SubtitlePublished, TransientError
from subtitled.plugin.limits import is_disk_error
from subtitled.plugin.paths import display_path

from .dbos_queue import JOB_CANCELLED, JOB_REASSIGNED, DbosStepRunner, JobQueue
from .gate import WorkGate
from .job_gate import DeferJob, JobGate
from .job_meter import JobMeter
from .log_context import current_job
from .results import ResultRecorder
from .throttle_state import ThrottleRegistry
from .turn_taking import note_start

_log = logging.getLogger(__name__)


class JobRunner:
    """Runs the jobs of one process."""

    def __init__(
        self,
        services: Services,
        database: Path,
        name: str = DAEMON_NAME,
        throttles: ThrottleRegistry | None = None,
    ) -> None:
        """Create the runner without starting it.

        Args:
            services: What jobs use.
            database: The SQLite file of the queue, unless the settings name a server.
            name: The name of this process.
            throttles: Where this process's throttles are kept; by default a new registry.
        """
        self.services = services
        self.name = name
        self._db = services.db
        settings = services.config.settings
        self._libraries = settings.libraries
        kv = services.db.kv
        self.throttles = throttles or ThrottleRegistry(kv, name)
        self.gate = WorkGate(
            settings=settings,
            state=database.parent,
            kv=kv,
            throttles=self.throttles,
            breakers=services.breakers,
        )
        self.needs_reconcile = threading.Event()
        """Set when the database or the queue could not be written, so that they may disagree."""
        self.active_jobs: set[str] = set()
        """The ids of the jobs that run here or wait at the gate."""
        self._begun: set[str] = set()
        """The fingerprints of files whose last job ended here before its work was done."""
        self.queue = JobQueue(database, self._run_workflow, name, server(settings))
        self.results = ResultRecorder(services)
        self.job_gate = JobGate(self.gate, services.db, name)

    def start(self) -> None:
        """Start running jobs, and delete what earlier ones left and no job needs."""
        leftovers = list(self.services.scratch.glob("*"))
        self.queue.start()
        active_jobs = self.queue.active_jobs()
        needed = {
            record.fingerprint
            for record in self._db.states.by_state(*ACTIVE_STATES)
            if record.job_id in active_jobs
        }
        for path in leftovers:
            if path.name.split("-")[0] in needed:
                continue
            if path.is_dir():  # that of a passage of a review
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        remove_leftovers(self._db)

    def stop(self) -> None:
        """Stop at once. Unfinished jobs continue at the next start."""
        self.job_gate.close()
        self.services.engines.close()
        kill_all()
        self.queue.stop()

    def is_wanted(self, media: Path) -> bool:
        """Return whether a file is worked on here, or is the next that any process takes."""
        record = self._db.files.get(media)
        return record is not None and (
            record.state is FileState.QUEUED
            or (record.state is FileState.WORKING and record.worker == self.name)
        )

    def requeue_own(self) -> None:
        """Requeue jobs that this process lost while the database or the queue could not be written.

        It must only be called while no job runs here.
        """
        self.queue.requeue(self.name)

    def _run_workflow(self, job_id: str, file_id: int, fingerprint: str) -> None:
        """Run one workflow.

        If its result could not be recorded, :meth:`JobPlanner.reconcile` finds out.
        """
        self.active_jobs.add(job_id)
        current_job.set(job_id)
        succeeded = False
        try:
            self._run_claimed(job_id, file_id, fingerprint)
            succeeded = True
        finally:
            self.active_jobs.discard(job_id)
            current_job.set("")
            if not succeeded:
                self.needs_reconcile.set()

    def _run_claimed(self, job_id: str, file_id: int, fingerprint: str) -> None:
        """Run one job. Writes to the database can be repeated after a crash."""
        record = self._db.files.get_by_id(file_id)
        if record is None or record.job_id != job_id or record.library not in self._libraries:
            # Cancelled: the file changed or disappeared, or another job replaced this one.
            # An earlier start may have left its audio.
            self._remove_decoded_audio(None, fingerprint)
            return
        library = self._libraries[record.library]
        previous = candidate_previous_versions(self._db, record)
        job = Job(
            media=record.path,
            library=library,
            fingerprint=fingerprint,
            previous_versions=previous,
            is_cancelled=partial(self._is_cancelled, job_id, file_id),
            must_make_room=partial(self._must_make_room, record),
            make_room=partial(self.job_gate.make_room, record),
        )
        is_begun = fingerprint in self._begun
        meter = JobMeter(self.services, record, fingerprint, is_begun=is_begun)
        steps = DbosStepRunner(
            partial(meter.waiting, partial(self.job_gate.wait_until_open, record))
        )
        configuration = self.services.config
        digest = record.settings_digest or settings_digest(configuration, library)
        try:
            record = self.job_gate.claim_when_open(
                record, library.engines or tuple(configuration.engines)
            )
            note_start(self._db, self._libraries, record, self.queue.rank_of(job_id))
            meter.start_again()
            self._begun.add(fingerprint)
            own = settings_of_file(configuration.settings, library, record.path)
            job = replace(job, library=own.library, spoken=own.spoken)
            result = self._run_pipeline(record, job, steps)
        except DeferJob as deferral:
            record_result = partial(self.job_gate.defer, record, deferral.blocked)
        except SubtitledError as error:
            record_result = partial(self.results.record_failed, record, error, digest)
        except (JOB_CANCELLED, JOB_REASSIGNED) as error:
            if isinstance(error, JOB_REASSIGNED):
                _log.warning(
                    "%s: stopped; the job was requeued while this process had no heartbeat",
                    display_path(record.path),
                )
            self._remove_decoded_audio(file_id, fingerprint)
            raise
        except OperationalError as error:
            disk_error = TransientError(*describe_error(error))
            record_result = partial(self.results.record_failed, record, disk_error, digest)
        except Exception as error:  # noqa: BLE001 - one job must not end the others
            explained = _explain(record.path, error)
            record_result = partial(self.results.record_failed, record, explained, digest)
        else:
            self._begun.discard(fingerprint)
            run = meter.finish(record, result)
            record_result = partial(self.results.record_ended, record, result, digest, run)
        finally:
            meter.close()
        # The audio goes first. On a full disk, that is the space in which the result is stored.
        self._remove_decoded_audio(file_id, fingerprint)
        record_result()

    def _is_cancelled(self, job_id: str, file_id: int) -> bool:
        """Return whether a file has no job any more, or another one."""
        try:
            record = self._db.files.get_by_id(file_id)
        except OperationalError:  # It is asked again in a second.
            return False
        return record is None or record.job_id != job_id or record.state not in ACTIVE_STATES

    def _must_make_room(self, record: FileRecord) -> bool:
        """Return whether a job must make room, which a running call asks once a second."""
        try:
            return self.job_gate.must_make_room(record)
        except OperationalError:  # It is asked again in a second.
            return False

    def _run_pipeline(self, record: FileRecord, job: Job, steps: DbosStepRunner) -> JobResult:
        """Run the pipeline.

        If it fails, announce what it published so far: the next job will find those sidecars and
        not publish them again.
        """
        published: list[SubtitlePublished] = []
        try:
            return run_job(job, self.services, steps, published)
        except (SubtitledError, DeferJob):
            self.results.announce_published(record, published)
            raise

    def _remove_decoded_audio(self, file_id: int | None, fingerprint: str) -> None:
        """Delete decoded audio, unless a file with the fingerprint is about to use it.

        Args:
            file_id: The file whose job ends, which needs it no more, or None.
            fingerprint: The fingerprint of the media file.
        """
        if self._db.files.has_active_twin(fingerprint, file_id):
            return
        for path in self.services.scratch.glob(f"{fingerprint}-*"):
            with contextlib.suppress(OSError):
                path.unlink()


def _explain(media: Path, error: Exception) -> TransientError:
    """Return what happened to a job: the disk failed, or this program has a bug."""
    if isinstance(error, OSError) and (is_disk_error(error) or isinstance(error, PermissionError)):
        named = error.filename if isinstance(error.filename, str | bytes) else media
        return TransientError(
            f"{display_path(os.fsdecode(named))}: {error.strerror}", "Check the disk or mount"
        )
    _log.exception("%s: unexpected error", display_path(media), exc_info=error)
    return TransientError(
        f"unexpected error: {type(error).__name__}: {error}",
        "This is a bug in subtitled: please report it with the log",
    )
