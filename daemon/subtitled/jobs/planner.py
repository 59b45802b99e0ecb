"""Planning: decides for each file whether a job is queued, cancelled, moved up or retried."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.history import HistoryEvent
from subtitled.db.overview import FileOverview
from subtitled.db.records import (
    ACTIVE_STATES,
    BACKFILL,
    FINAL_STATES,
    UPGRADE,
    URGENT,
    FileRecord,
    FileState,
)
from subtitled.db.sidecars import SidecarStatus
from subtitled.db.upgrades import settle_upgrades
from subtitled.db.waiting import WAITING_STATES
from subtitled.library.fingerprint import fingerprint_of
from subtitled.library.moves import adopt_moved_file
from subtitled.library.next_episodes import find_next_episodes, read_episode, series_folder
from subtitled.library.removal import SidecarRemover
from subtitled.media.errors import unreadable_error
from subtitled.pipeline.decision_digests import settings_digest
from subtitled.pipeline.planning import MediaReport
from subtitled.pipeline.translation_requests import (
    TranslationRequest,
    keep_request,
    read_request,
    settle_request,
)
from subtitled.plugin import SubtitledError, TransientError
from subtitled.plugin.paths import display_path, quote_path
from subtitled.policy.coverage import find_redundant

from .runner import JobRunner
from .turn_taking import TurnTaker, new_job_id

_log = logging.getLogger(__name__)


class JobPlanner:
    """Plans files, queues their jobs and finds jobs that were lost."""

    def __init__(self, working: JobRunner) -> None:
        services = working.services
        self._services = services
        self._db: Database = services.db
        self._libraries = services.config.settings.libraries
        self._runner = working
        self._results = working.results
        self._examiner = working.results.examiner
        self.queue = working.queue
        self._turns = TurnTaker(services.db, self._libraries, self.queue)
        self._suspects: set[int] = set()

    def start(self) -> None:
        """Requeue jobs that were lost, and files whose settings or engines have changed."""
        for name in self._libraries:
            self.requeue_outdated(name)
        self._requeue_outdated_silence()
        self._db.states.wake_waiting()  # Working hours and engines may have changed.
        active_jobs = self.queue.active_jobs()
        for record in list(self._db.states.by_state(*ACTIVE_STATES)):
            if record.job_id not in active_jobs:
                self._db.states.requeue(record.id)

    def requeue_outdated(self, name: str) -> None:
        """Requeue files of a library that were decided under other settings or with other engines.

        So are files that belonged to another library until now.
        """
        changed = self._db.states.invalidate_decisions(
            name, settings_digest(self._services.config, self._libraries[name])
        )
        if changed:
            _log.info("library %s: settings changed; re-evaluating %d files", name, changed)
        changed = self._db.states.invalidate_failures(name, self._results.engine_digests[name])
        if changed:
            _log.info("library %s: engines changed; re-evaluating %d files", name, changed)

    def _requeue_outdated_silence(self) -> None:
        """Requeue files in which an earlier version may have missed speech."""
        store = self._services.store
        silent = [
            record.id
            for record in self._db.states.by_state(FileState.NO_SPEECH)
            if record.fingerprint is not None and store.has_outdated_silence(record.fingerprint)
        ]
        for file_id in silent:
            self._db.states.requeue(file_id)
        if silent:
            _log.info("looking again for speech in %d files without any", len(silent))

    def reconcile(self) -> None:
        """Requeue jobs that the database lists as active but the queue does not know.

        This does nothing unless a write has failed, for example on a full disk. A job must be
        missing in two consecutive checks, because leaving the queue and starting are not atomic.
        Jobs of other processes are skipped: each process reports its own.
        """
        if not self._runner.needs_reconcile.is_set():
            return
        active_jobs, own_name = self.queue.active_jobs(), self._runner.name
        missing_jobs = {
            record.id: record.job_id or ""
            for record in self._db.states.by_state(*ACTIVE_STATES)
            if record.job_id not in self._runner.active_jobs
            and active_jobs.get(record.job_id or "", own_name) == own_name
        }
        for file_id in missing_jobs.keys() & self._suspects:
            self.queue.cancel(missing_jobs[file_id])
            self._db.states.requeue(file_id)
        if not missing_jobs.keys() - self._suspects:
            self._runner.needs_reconcile.clear()
        self._suspects = missing_jobs.keys() - self._suspects

    def request_reconcile(self) -> None:
        """Make :meth:`reconcile` check: a process could not record the result of a job."""
        self._runner.needs_reconcile.set()

    def expect(self, records: Sequence[FileRecord]) -> None:
        """Prepare for planning files of one library, the next one first, unless it is paused."""
        if records and self._runner.gate.blocked_for_library(records[0].library) is None:
            self._examiner.probes.expect(records[0].library, [record.path for record in records])

    def plan(self, record: FileRecord) -> None:
        """Decide what a stable file needs, and queue a job or record why there is none."""
        library = self._libraries[record.library]
        blocked = self._runner.gate.blocked_for_library(record.library)
        if blocked is not None:
            self._runner.job_gate.defer(record, blocked)
            return
        digest = settings_digest(self._services.config, library)
        try:
            fingerprint = fingerprint_of(self._db, record.path)
            if fingerprint != record.fingerprint:
                self._db.files.set_fingerprint(record.id, fingerprint)
            quarantined = adopt_moved_file(self._db, record, fingerprint, self.queue.cancel)
            if quarantined is not None and self._results.inherit_quarantine(
                record, quarantined, digest
            ):
                return
            asked = read_request(self._db.kv, fingerprint)
            upgrades = [sidecar.path for sidecar in self._db.upgrades.requested(record.path)]
            media_report = self._examiner.inspect(record, fingerprint)
            if self._remove_redundant(record, library, media_report):
                media_report = self._examiner.inspect(record, fingerprint)
            overview = self._examiner.overview(record, media_report)
        except FileNotFoundError:
            self._db.states.requeue(record.id)  # The next scan finds out whether it is missing.
            return
        except OSError as error:
            self._results.record_failed(record, unreadable_error(record.path, error), digest)
            return
        except SubtitledError as error:
            self._results.record_failed(record, error, digest)
            return
        except SQLAlchemyError:
            raise  # the database is at fault, and not the file
        except Exception as error:  # noqa: BLE001 - a fault of one file must not stop the others
            _log.exception("%s cannot be planned", display_path(record.path))
            fault = TransientError(
                f"{display_path(record.path)} cannot be planned: {type(error).__name__}: {error}",
                "Report this as a bug, with the log",
            )
            self._results.record_failed(record, fault, digest)
            return
        decision = media_report.decision
        if decision.has_work:
            reason = "; ".join(decision.reasons)
            self._enqueue(
                record,
                fingerprint,
                # What is missing does not wait for what is only made again.
                min(record.priority, BACKFILL) if decision.is_incomplete else record.priority,
                reason=reason,
                settings_digest=digest,
                overview=overview,
            )
            return
        state = FileState.NO_SPEECH if decision.is_silent else FileState.UP_TO_DATE
        if decision.unsatisfiable:
            state = FileState.IMPOSSIBLE
        reason = "; ".join(decision.unsatisfiable or decision.reasons)
        self._results.record(
            record,
            state,
            digest,
            reason=reason,
            overview=overview,
            also=partial(settle_upgrades, media=record.path, seen=upgrades),
        )
        settle_request(self._db, replace(record, fingerprint=fingerprint), before=asked)

    def examine_pending(self, library: str, limit: int) -> int:
        """Examine files whose coverage is not known yet, unless work is not allowed now.

        Returns:
            How many files were examined.
        """
        gate = self._runner.gate
        if gate.blocked_for_all() is not None or gate.blocked_for_library(library) is not None:
            return 0
        return self._results.examiner.examine_pending(library, limit)

    def retry(self, record: FileRecord) -> None:
        """Plan a file again because a person asked.

        Everything that is stored about failures of the file and its fingerprint is forgotten.
        Active jobs are unchanged.
        """
        if self._is_active(record) or record.state is FileState.MISSING:
            return
        for sidecar in self._db.sidecars.of_media(record.path):
            if sidecar.status is SidecarStatus.REMOVED_BY_USER:
                self._db.sidecars.delete(sidecar.path)
        if record.fingerprint is not None:
            self._services.store.clear_silent_analyses(record.fingerprint)
            self._services.store.forget_languages(record.fingerprint)
            for other in self._db.files.with_fingerprint(record.fingerprint):
                if other.state is FileState.QUARANTINED:
                    self._db.states.requeue(other.id)
        self._db.states.requeue(record.id, URGENT)

    def translate_again(self, record: FileRecord) -> None:
        """Plan a file again, so that the lines are translated again that a person corrected.

        What a person removed, edited or approved stays as it is. After an active job the file is
        planned once more, because the job may have decided before what it makes.
        """
        fingerprint = record.fingerprint
        if fingerprint is None:
            return
        while True:
            job = _job_of(record)
            keep_request(self._db.kv, fingerprint, TranslationRequest(time.time(), job))
            record = self._db.files.get_by_id(record.id) or record
            if _job_of(record) in ("", job):
                break  # No other job began meanwhile.
        self.prioritise(record, URGENT)

    def prioritise(self, record: FileRecord, priority: int) -> None:
        """Raise the priority of a file that a person waits for. It is never lowered."""
        if record.state is FileState.MISSING:
            return
        if record.state in (FileState.STABILISING, FileState.GROWING):
            if priority < record.priority:
                self._db.files.raise_priority(record.id, priority)
        elif not self._is_active(record):
            self._db.states.requeue(record.id, min(priority, record.priority))
        elif record.state is FileState.QUEUED and priority < record.priority:
            assert record.job_id is not None
            assert record.fingerprint is not None
            self.queue.cancel(record.job_id)
            self._enqueue(record, record.fingerprint, priority, reason=record.reason)

    def find_next_episodes(self, watched: Path) -> list[Path]:
        """Return the next episodes of what is watched that wait for their subtitles.

        Those that failed keep to their back-off, because this is asked for again and again.
        """
        count = self._services.config.settings.throttle.next_episodes
        if not count or read_episode(watched) is None:
            return []
        states = WAITING_STATES - {FileState.RETRYING}
        waiting = self._db.waiting.in_folder(series_folder(watched), states)
        return find_next_episodes(watched, waiting, count)

    def _is_active(self, record: FileRecord) -> bool:
        if record.state not in ACTIVE_STATES or record.job_id is None:
            return False  # The queue may not know yet that the job has ended.
        return self.queue.is_active(record.job_id)

    def cancel(self, record: FileRecord) -> None:
        """Take a file off the queue until a person retries it.

        Files in a final state stay as they are.
        """
        if record.state in FINAL_STATES or record.state is FileState.MISSING:
            return
        if record.job_id:
            self.queue.cancel(record.job_id)
        if self._db.upgrades.withdraw_file(record.path) and record.priority >= UPGRADE:
            # It has its subtitles, and nothing else was to be done.
            self._db.states.requeue(record.id, BACKFILL)
            return
        self._db.states.set_state(
            record.id,
            FileState.FAILED,
            reason="cancelled by the user",
            hint=f"Run: subtitled queue retry {quote_path(record.path)}",
            job_id=None,
            settings_digest=None,
            engines_digest=None,
        )

    def _remove_redundant(
        self, record: FileRecord, library: LibrarySettings, report: MediaReport
    ) -> bool:
        """Remove sidecars of ours that human ones make redundant, if the library says so.

        Returns:
            Whether any was removed.
        """
        if library.on_human_subtitle != "remove":
            return False
        spoken = report.spoken_language or report.track_choice.track.language
        redundant = find_redundant(report.existing_subtitles, spoken, library.counts_as_existing)
        removed = list(SidecarRemover(self._db).yield_to_others(record.path, redundant))
        for path in removed:
            _log.info("%s: removed our subtitle: a human subtitle appeared", display_path(path))
            reason = f"{display_path(Path(path.name))}: a human subtitle appeared"
            self._db.history.add(self._results.entry(record, HistoryEvent.REMOVED, reason))
        return bool(removed)

    def _enqueue(self, record: FileRecord, fingerprint: str, priority: int, **values: Any) -> None:
        job_id = new_job_id(fingerprint)
        entry = self._results.entry(record, HistoryEvent.QUEUED, values.get("reason", ""), job_id)
        # The database comes first: after a crash in between, start() finds the job missing.
        self._db.states.set_state(
            record.id,
            FileState.QUEUED,
            fingerprint=fingerprint,
            job_id=job_id,
            worker=None,
            priority=priority,
            entry=entry,
            **values,
        )
        overview: FileOverview | None = values.get("overview")
        duration = overview.duration if overview is not None else record.duration
        try:
            rank = self._turns.rank(record, priority, duration)
            self.queue.put(job_id, record.id, fingerprint, rank)
        except Exception:
            self._runner.needs_reconcile.set()
            raise


def _job_of(record: FileRecord) -> str:
    """Return the job that a file has now; empty if it has none."""
    return (record.job_id or "") if record.state in ACTIVE_STATES else ""
