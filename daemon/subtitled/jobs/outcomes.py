"""What became of a file is written down, and told to whom it concerns."""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from subtitled.engines.wire import Crashed, Waiting
from subtitled.jobcontext.job import JobResult
from subtitled.jobcontext.services import Services
from subtitled.library.following import tidy_up
from subtitled.library.records import AT_WORK, FileRecord, FileState
from subtitled.notify.notifying import Notifying
from subtitled.notify.telling import announce
from subtitled.pipeline.planning import makers_digest
from subtitled.plugin import (
    Event,
    Failed,
    Finished,
    Misconfigured,
    Problem,
    Published,
    Rejected,
    Temporary,
)

from .retries import after

_log = logging.getLogger(__name__)


_KINDS: dict[type[Problem], str] = {
    Crashed: "crashed",
    Temporary: "temporary",
    Misconfigured: "misconfigured",
    Rejected: "rejected",
    Problem: "other",
}
"""What failures are counted as."""


class Outcomes:
    """Ledger, plugins and log of one process: they hear of every ending here."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._ledger = services.db
        self.notifying = Notifying(services.config, services.db.notices)
        self.makers = {
            name: makers_digest(services.config, library)
            for name, library in services.config.settings.libraries.items()
        }
        """Of each library, what changes when another version of what makes its texts comes."""

    def ended(self, record: FileRecord, result: JobResult, digest: str) -> None:
        sidecars = tuple(published.sidecar for published in result.made)
        _log.info("%s: %s", shown(record.path), result.reason)
        if sidecars and record.content_id is not None:
            for taken in self._services.store.taken_over(record.content_id):
                tidy_up(self._ledger, taken)
        self.published(result.made)
        if result.deferred_error is None:
            self.remember(record, result.state, digest, reason=result.reason, spoken=result.spoken)
            self._announce(Finished(record.path, sidecars, result.reason))
        else:
            so_far = f"{result.reason}; " if result.made else ""
            self.failed(record, result.deferred_error, digest, f"{so_far}summary: ")

    def published(self, made: Sequence[Published]) -> None:
        """Tell of sidecars that are there now."""
        for one in made:
            self._announce(one)

    def failed(self, record: FileRecord, problem: Problem, digest: str, so_far: str = "") -> None:
        """``so_far`` is what was done before it, for people."""
        if record.job_id is not None and _is_other(record):
            # It was replaced, moved or deleted meanwhile: that is no failure, and what lies
            # there now is looked at by itself.
            _log.info("%s: changed or went away in the work", shown(record.path))
            if self._ledger.set_state(record.id, FileState.SETTLING, of_job=record):
                self._ledger.settle(record.id)
            return
        waits = isinstance(problem, Waiting)
        if not waits:
            kind = next(name for cls, name in _KINDS.items() if isinstance(problem, cls))
            self._services.counters.add("failures", kind)
        attempts = record.attempts if waits else record.attempts + 1
        crashes = record.crashes + 1 if isinstance(problem, Crashed) else 0
        first_wait = self._services.config.settings.daemon.retry_after
        then = after(problem, attempts, time.time(), first_wait, crashes, random.random())
        reason, cure = so_far + problem.what, problem.cure
        if then.state is FileState.QUARANTINED:
            reason = f"kept away from the engine, which crashed {crashes} times over it: {reason}"
            cure = (
                "It is tried again when the file, the engine or its settings change, or with: "
                f"subtitled queue retry {shown(record.path)}"
            )
        _log.log(logging.INFO if waits else logging.WARNING, "%s: %s", shown(record.path), problem)
        known = self.remember(
            record,
            then.state,
            digest,
            reason=reason,
            cure=cure,
            attempts=attempts,
            crashes=crashes,
            next_try_at=then.at,
        )
        if known and not waits:
            self._announce(Failed(record.path, reason, cure, then.at))

    def _announce(self, event: Event) -> None:
        announce(self._services.config, event)
        self.notifying.happened(event)

    def remember(self, record: FileRecord, state: FileState, digest: str, **values: Any) -> bool:
        """Write down what became of a file, and under which circumstances, unless what is known
        of it has moved on; whether it was written."""
        return self._ledger.set_state(
            record.id,
            state,
            of_job=record if record.state in AT_WORK else None,
            settings_digest=digest,
            makers_digest=self.makers[record.library],
            **values,
        )

    def quarantined_too(self, record: FileRecord, poison: FileRecord, digest: str) -> bool:
        """Whether a file whose content is quarantined under another name is under this one too:
        neither engine nor settings are others. If so it is written down."""
        makers = self.makers[record.library]
        if (poison.settings_digest, poison.makers_digest) != (digest, makers):
            return False
        self.remember(
            record,
            FileState.QUARANTINED,
            digest,
            reason=poison.reason,
            cure=poison.cure,
            attempts=poison.attempts,
            crashes=poison.crashes,
        )
        return True


def _is_other(record: FileRecord) -> bool:
    """Whether what lies at a path is not, or no longer, what was recorded."""
    try:
        stat = record.path.stat()
    except OSError:
        return not os.path.lexists(record.path)
    return (stat.st_size, stat.st_mtime_ns) != (record.size, record.mtime_ns)


def shown(path: Path) -> str:
    """A path for people: bytes that are no UTF-8 as U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")
