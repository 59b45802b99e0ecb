"""The results of jobs: recorded in the database, logged and announced to notifiers."""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.job_runs import JobRun
from subtitled.db.records import ACTIVE_STATES, FileRecord, FileState
from subtitled.db.upgrades import settle_upgrades
from subtitled.engines.protocol import EngineCrashedError, ResourceUnavailableError
from subtitled.jobcontext.job import JobResult
from subtitled.jobcontext.services import Services
from subtitled.library.file_settings import settings_of_file
from subtitled.library.moves import remove_orphans
from subtitled.library.paths import describe_failure, shorten_message
from subtitled.notify.notifiers import NotifierDispatcher, dispatch_event
from subtitled.pipeline.decision_digests import engines_digest
from subtitled.pipeline.translation_requests import (
    read_request,
    repeat_for_request,
    settle_request,
)
from subtitled.plugin import (
    Event,
    InputRejectedError,
    JobFailed,
    JobFinished,
    SetupError,
    SubtitledError,
    SubtitlePublished,
    TransientError,
)
from subtitled.plugin.paths import display_path, quote_path

from .examination import Examiner
from .retry_policy import next_state

_log = logging.getLogger(__name__)


_ERROR_LABELS: dict[type[SubtitledError], str] = {
    EngineCrashedError: "engine-crashed",
    TransientError: "transient",
    SetupError: "setup",
    InputRejectedError: "input-rejected",
    SubtitledError: "other",
}
"""The labels under which failures are counted."""

_EVENTS = {
    FileState.WAITING: HistoryEvent.WAITING,
    FileState.RETRYING: HistoryEvent.FAILED,
    FileState.FAILED: HistoryEvent.FAILED,
    FileState.QUARANTINED: HistoryEvent.FAILED,
}
"""The events of states that are no end."""


class ResultRecorder:
    """Records and announces the result of every job of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._db = services.db
        self.examiner = Examiner(services)
        self.notifications = NotifierDispatcher(services.config, services.db)
        self.engine_digests = {
            name: engines_digest(services.config, library)
            for name, library in services.config.settings.libraries.items()
        }
        """Each library's :func:`~subtitled.pipeline.decision_digests.engines_digest`."""

    def record_ended(
        self, record: FileRecord, result: JobResult, digest: str, run: JobRun | None = None
    ) -> None:
        """Record the result of a job that ended without an error.

        Args:
            record: The file.
            result: How the job ended.
            digest: The digest of the settings that the job used.
            run: What it took; None if that says nothing about other jobs.
        """
        if run is not None:
            self._db.job_runs.add(run)
        sidecars = tuple(published.sidecar for published in result.made)
        overview = self.examiner.overview_now(record, result)
        _log.info("%s: %s", display_path(record.path), result.reason)
        if sidecars and record.fingerprint is not None:
            for source in self._services.store.reused_from(record.fingerprint):
                remove_orphans(self._db, source)
        self.announce_published(record, result.made)
        if result.deferred_error is None:
            asked = read_request(self._db.kv, record.fingerprint)
            is_recorded = self.record(
                record,
                result.state,
                digest,
                reason=result.reason,
                spoken_language=result.spoken,
                overview=overview,
                also=partial(_follow_up, record=record),
            )
            self._announce(JobFinished(record.path, sidecars, result.reason))
            if is_recorded:
                settle_request(self._db, record, asked)
        else:
            if overview is not None:
                self._db.overview.store(record.id, record.library, overview)
            done_before = f"{result.reason}; " if result.made else ""
            self.record_failed(record, result.deferred_error, digest, f"{done_before}summary: ")

    def announce_published(self, record: FileRecord, sidecars: Sequence[SubtitlePublished]) -> None:
        """Announce sidecars that were published, and remember them in the history."""
        for sidecar in sidecars:
            name = display_path(Path(sidecar.sidecar.name))
            details = {"language": sidecar.language, "kind": str(sidecar.kind)}
            if (written := self._db.sidecars.get(sidecar.sidecar)) is not None:
                details |= {"made_by": str(written.makers), "sha256": written.sha256}
            if project := self._project_of(record):
                details["project"] = project
            entry = self.entry(record, HistoryEvent.PUBLISHED, name, record.job_id or "")
            self._db.history.add(replace(entry, details=details))
            self._announce(sidecar)

    def _project_of(self, record: FileRecord) -> str:
        """Return the project that a file belongs to by now; "" if it has none."""
        settings = self._services.config.settings
        try:
            library = settings.libraries[record.library]
            return settings_of_file(settings, library, record.path).project
        except (KeyError, OSError, InputRejectedError):
            return ""

    def entry(
        self, record: FileRecord, event: HistoryEvent, reason: str, job_id: str = ""
    ) -> HistoryEntry:
        """Return an entry of the history about a file."""
        return HistoryEntry(
            event=event,
            path=record.path,
            file_id=record.id,
            library=record.library,
            worker=record.worker or "",
            job_id=job_id,
            reason=reason,
        )

    def record_failed(
        self, record: FileRecord, error: SubtitledError, digest: str, done_before: str = ""
    ) -> None:
        """Record a failure and when it is retried.

        Args:
            record: The file.
            error: What went wrong.
            digest: The digest of the settings that the job used.
            done_before: What succeeded before the failure, as the beginning of a sentence.
        """
        if record.job_id is not None and _is_replaced(record):
            # The file was replaced, moved or deleted during the job. That is no failure, and the
            # new file is planned by itself.
            _log.info("%s: changed or removed during the job", display_path(record.path))
            if self._db.states.set_state(record.id, FileState.STABILISING, expected_job=record):
                self._db.states.requeue(record.id)
            return
        is_waiting = isinstance(error, ResourceUnavailableError)
        if not is_waiting:
            kind = next(name for cls, name in _ERROR_LABELS.items() if isinstance(error, cls))
            self._services.counters.add("failures", kind)
        attempts = record.attempts if is_waiting else record.attempts + 1
        crashes = record.crashes + 1 if isinstance(error, EngineCrashedError) else 0
        first_wait = self._services.config.settings.daemon.retry_delay
        decision = next_state(error, attempts, time.time(), first_wait, crashes, random.random())
        reason, hint = done_before + shorten_message(error.message, record.path), error.hint
        if decision.state is FileState.QUARANTINED:
            reason = f"quarantined: the engine crashed on it {crashes} times: {reason}"
            hint = (
                "It is tried again when the file, the engine or its settings change, or with: "
                f"subtitled queue retry {quote_path(record.path)}"
            )
        _log.log(
            logging.INFO if is_waiting else logging.WARNING,
            "%s: %s",
            display_path(record.path),
            describe_failure(error, record.path),
        )
        was_recorded = self.record(
            record,
            decision.state,
            digest,
            reason=reason,
            hint=hint,
            attempts=attempts,
            crashes=crashes,
            next_check_at=decision.retry_at,
        )
        if was_recorded and not is_waiting:
            self._announce(JobFailed(record.path, reason, hint, decision.retry_at))

    def _announce(self, event: Event) -> None:
        dispatch_event(self._services.config, event)
        self.notifications.enqueue(event)

    def record(self, record: FileRecord, state: FileState, digest: str, **values: Any) -> bool:
        """Record the state of a file, unless its job was cancelled or replaced.

        Returns whether it did.

        Args:
            record: The file.
            state: Its new state.
            digest: The digest of the settings that led to the state.
            **values: More columns of the table ``files``.
        """
        entry = None
        if state is not FileState.UP_TO_DATE or record.job_id is not None:
            event = _EVENTS.get(state, HistoryEvent.ENDED)
            entry = self.entry(record, event, values.get("reason", ""), record.job_id or "")
            entry = replace(entry, details={"state": str(state)})
        return self._db.states.set_state(
            record.id,
            state,
            entry=entry,
            expected_job=record if record.state in ACTIVE_STATES else None,
            settings_digest=digest,
            engines_digest=self.engine_digests[record.library],
            **values,
        )

    def inherit_quarantine(self, record: FileRecord, quarantined: FileRecord, digest: str) -> bool:
        """Quarantine a file whose fingerprint is quarantined under another path.

        Returns:
            False, and nothing is recorded, if the settings or the engines differ.
        """
        engines_digest = self.engine_digests[record.library]
        if (quarantined.settings_digest, quarantined.engines_digest) != (digest, engines_digest):
            return False
        self.record(
            record,
            FileState.QUARANTINED,
            digest,
            reason=quarantined.reason,
            hint=quarantined.hint,
            attempts=quarantined.attempts,
            crashes=quarantined.crashes,
        )
        return True


def _follow_up(connection: sa.Connection, record: FileRecord) -> None:
    """Do what was asked for while the job of a file ran, in the transaction of its result."""
    settle_upgrades(connection, media=record.path, job_id=record.job_id or "")
    repeat_for_request(connection, record)


def _is_replaced(record: FileRecord) -> bool:
    """Return whether the file at the path is no longer the recorded one."""
    try:
        stat = record.path.stat()
    except OSError:
        return not os.path.lexists(record.path)
    return (stat.st_size, stat.st_mtime_ns) != (record.size, record.mtime_ns)
