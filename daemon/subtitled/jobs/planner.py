"""Planning: what is queued of each file, what is called off, what is looked at anew."""

from __future__ import annotations

import logging
import time
from typing import Any

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.records import ACTIVE_STATES, FINAL_STATES, URGENT, FileRecord, FileState
from subtitled.db.sidecars import SidecarStatus
from subtitled.library.fingerprint import fingerprint_of
from subtitled.library.moves import adopt_moved_file
from subtitled.library.removal import SidecarRemover
from subtitled.media.ffmpeg import unreadable_error
from subtitled.media.probe import probe_media
from subtitled.pipeline.planning import MediaReport, inspect_media, settings_digest
from subtitled.plugin import SubtitledError
from subtitled.policy.coverage import find_redundant

from .results import display_path
from .runner import JobRunner

_log = logging.getLogger(__name__)


class JobPlanner:
    """Plans files, queues them, and finds jobs that were lost."""

    def __init__(self, working: JobRunner) -> None:
        services = working.services
        self._services = services
        self._db: Database = services.db
        self._libraries = services.config.settings.libraries
        self._runner = working
        self._results = working.results
        self.queue = working.queue
        self._suspects: set[int] = set()

    def start(self) -> None:
        """What an earlier life lost is planned anew, and what other settings decided."""
        for name, library in self._libraries.items():
            changed = self._db.invalidate_decisions(
                name, settings_digest(self._services.config, library)
            )
            if changed:
                _log.info("library %s: settings changed; re-evaluating %d files", name, changed)
            changed = self._db.invalidate_failures(name, self._results.engine_digests[name])
            if changed:
                _log.info("library %s: engines changed; re-evaluating %d files", name, changed)
        self._db.wake_waiting()  # hours and engines may be others now
        live = self.queue.active_jobs()
        for record in list(self._db.by_state(*ACTIVE_STATES)):
            if record.job_id not in live:
                self._db.requeue(record.id)

    def reconcile(self) -> None:
        """Plan anew what was lost while ledger or queue could not be written: on a full disk.

        Costs nothing at other times. A job that is lost at two looks in a row is lost; one look
        may fall between its being taken off the queue and its being begun. What another process
        works on is not lost: that one says so itself.
        """
        if not self._runner.needs_reconcile.is_set():
            return
        live, live_and_name = self.queue.active_jobs(), self._runner.name
        missing_jobs = {
            record.id: record.job_id or ""
            for record in self._db.by_state(*ACTIVE_STATES)
            if record.job_id not in self._runner.active_jobs
            and live.get(record.job_id or "", live_and_name) == live_and_name
        }
        for file_id in missing_jobs.keys() & self._suspects:
            self.queue.cancel(missing_jobs[file_id])
            self._db.requeue(file_id)
        if not missing_jobs.keys() - self._suspects:
            self._runner.needs_reconcile.clear()
        self._suspects = missing_jobs.keys() - self._suspects

    def request_reconcile(self) -> None:
        """Have :meth:`reconcile` look: a process could not write down what became of a job."""
        self._runner.needs_reconcile.set()

    def plan(self, record: FileRecord) -> None:
        """Look at a settled file and queue it, or write down why not."""
        library = self._libraries[record.library]
        closed = self._runner.gate.blocked_for_library(record.library)
        if closed is not None:
            self._runner.job_gate.defer(record, closed)
            return
        digest = settings_digest(self._services.config, library)
        try:
            fingerprint = fingerprint_of(self._db, record.path)
            if fingerprint != record.fingerprint:
                self._db.files.set_fingerprint(record.id, fingerprint)
            poison = adopt_moved_file(self._db, record, fingerprint, self.queue.cancel)
            if poison is not None and self._results.inherit_quarantine(record, poison, digest):
                return
            media_report = self._inspect_media(record, library, fingerprint)
        except FileNotFoundError:
            self._db.requeue(record.id)  # whoever looks next says whether it is missing
            return
        except OSError as error:
            self._results.record_failed(record, unreadable_error(record.path, error), digest)
            return
        except SubtitledError as problem:
            self._results.record_failed(record, problem, digest)
            return
        decision = media_report.decision
        if decision.has_work:
            reason = "; ".join(decision.reasons)
            self._enqueue(
                record, fingerprint, record.priority, reason=reason, settings_digest=digest
            )
            return
        state = FileState.IMPOSSIBLE if decision.unsatisfiable else FileState.UP_TO_DATE
        reason = "; ".join(decision.unsatisfiable or decision.reasons)
        self._results.record(record, state, digest, reason=reason)

    def retry(self, record: FileRecord) -> None:
        """Have a file looked at anew, because a person asked: nothing that is remembered of it, or
        of its content, stands in the way any more. What waits or is worked on stays."""
        if self._is_active(record) or record.state is FileState.MISSING:
            return
        for sidecar in self._db.sidecars.of_media(record.path):
            if sidecar.status is SidecarStatus.REMOVED_BY_USER:
                self._db.sidecars.delete(sidecar.path)
        if record.fingerprint is not None:
            self._services.store.clear_silent_analyses(record.fingerprint)
            for other in self._db.files.with_fingerprint(record.fingerprint):
                if other.state is FileState.QUARANTINED:
                    self._db.requeue(other.id)
        self._db.requeue(record.id, URGENT)

    def prioritise(self, record: FileRecord, priority: int) -> None:
        """Somebody waits for a file. It moves up, never down; ten who ask are one job."""
        if record.state is FileState.MISSING:
            return
        if record.state in (FileState.STABILISING, FileState.GROWING):
            if priority < record.priority:
                self._db.files.raise_priority(record.id, priority)
        elif not self._is_active(record):
            self._db.requeue(record.id, min(priority, record.priority))
        elif record.state is FileState.QUEUED and priority < record.priority:
            assert record.job_id is not None
            assert record.fingerprint is not None
            self.queue.cancel(record.job_id)
            self._enqueue(record, record.fingerprint, priority, reason=record.reason)

    def _is_active(self, record: FileRecord) -> bool:
        if record.state not in ACTIVE_STATES or record.job_id is None:
            return False  # the queue may not know yet that its job has ended
        return self.queue.is_active(record.job_id)

    def cancel(self, record: FileRecord) -> None:
        """Take a file off the queue and leave it alone until somebody asks for it. One that rests
        already stays what it is."""
        if record.state in FINAL_STATES or record.state is FileState.MISSING:
            return
        if record.job_id:
            self.queue.cancel(record.job_id)
        self._db.set_state(
            record.id,
            FileState.FAILED,
            reason="cancelled by hand",
            hint=f"Run: subtitled queue retry {display_path(record.path)}",
            job_id=None,
            settings_digest=None,
            engines_digest=None,
        )

    def _inspect_media(
        self, record: FileRecord, library: LibrarySettings, fingerprint: str
    ) -> MediaReport:
        """What is there and what is to be done; what of ours is needless by now is taken away."""
        sidecars = self._db.sidecars
        media_report = inspect_media(
            record.path,
            probe_media(record.path),
            library,
            self._services.config,
            fingerprint=fingerprint,
            transcripts=self._services.store,
            sidecars=sidecars,
        )
        if library.on_human_subtitle == "remove":
            spoken, rules = (
                media_report.spoken_language or media_report.track_choice.track.language,
                library.counts_as_existing,
            )
            remover = SidecarRemover(self._db)
            redundant = find_redundant(media_report.existing_subtitles, spoken, rules)
            for path in remover.yield_to_others(record.path, redundant):
                _log.info("%s: removed our subtitle: a human subtitle appeared", display_path(path))
        return media_report

    def _enqueue(self, record: FileRecord, fingerprint: str, priority: int, **values: Any) -> None:
        job_id = f"{fingerprint[:16]}-{time.time_ns():x}"
        # The ledger first: a crash in between leaves a job that start() finds missing.
        self._db.set_state(
            record.id,
            FileState.QUEUED,
            fingerprint=fingerprint,
            job_id=job_id,
            worker=None,
            priority=priority,
            **values,
        )
        try:
            self.queue.put(job_id, record.id, fingerprint, priority)
        except Exception:
            self._runner.needs_reconcile.set()
            raise
