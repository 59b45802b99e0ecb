"""Measures what one job takes."""

from __future__ import annotations

from collections.abc import Callable

from subtitled.db.job_runs import JobRun
from subtitled.db.records import FileRecord, FileState
from subtitled.jobcontext.job import JobResult
from subtitled.jobcontext.services import Services

_MEASURED_STATES = frozenset({FileState.DONE, FileState.NO_SPEECH})
"""The results of jobs that did all of their work."""


class JobMeter:
    """Measures one job by a clock that nobody can set, without the time for which it waits."""

    def __init__(
        self, services: Services, record: FileRecord, fingerprint: str, *, is_begun: bool = False
    ) -> None:
        """Begin to measure.

        Args:
            services: What the job uses.
            record: Its file, as it was before this process took it.
            fingerprint: The fingerprint of the file.
            is_begun: Whether an earlier job has done a part of the work.
        """
        self._services = services
        self._fingerprint = fingerprint
        # A job that goes on after a crash does only the rest of its work, too.
        self._is_whole = record.state is not FileState.WORKING and not is_begun
        self._began_at = services.clock.now()
        self._waited_seconds = 0.0
        services.engine_usage.observe(fingerprint)

    def waiting(self, wait: Callable[[str], None], engine: str = "") -> None:
        """Wait at a gate, and do not count that.

        Args:
            wait: Waits until ``engine`` may be called.
            engine: The configured name of an engine; "" for none.
        """
        now = self._services.clock.now
        began_at = now()
        try:
            wait(engine)
        finally:
            self._waited_seconds += now() - began_at

    def start_again(self) -> None:
        """Count from now on: the job waited for its turn until now."""
        self._began_at, self._waited_seconds = self._services.clock.now(), 0.0

    def close(self) -> None:
        """Stop measuring, however the job ended."""
        self._services.engine_usage.take(self._fingerprint)

    def finish(self, record: FileRecord, result: JobResult) -> JobRun | None:
        """Return what the job took.

        Args:
            record: Its file.
            result: How it ended.

        Returns:
            None if that says nothing about other jobs.
        """
        work_seconds = self._services.clock.now() - self._began_at - self._waited_seconds
        uses = self._services.engine_usage.take(self._fingerprint)
        if result.state not in _MEASURED_STATES or not self._is_whole:
            return None
        if not record.duration or work_seconds <= 0:
            return None
        engine = max(uses, key=lambda name: uses[name].speech_seconds, default="")
        configured = self._services.config.engines.get(engine)
        return JobRun(
            library=record.library,
            engine=engine,
            model=configured.model if configured is not None else "",
            sound_seconds=record.duration,
            speech_seconds=sum(use.speech_seconds for use in uses.values()),
            engine_seconds=sum(use.work_seconds for use in uses.values()),
            work_seconds=work_seconds,
            worker=record.worker or "",
        )
