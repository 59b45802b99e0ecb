"""What the daemon does now: its work, why it waits, what comes next, what was made, what is wrong.

All of it is read from the database and from lock files, so any process may ask.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent, HistoryFilter
from subtitled.db.records import DAEMON_NAME, FileRecord, FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobs.pauses import Pause, active_pauses

from ..lock import LockHolder, find_holder
from ..status import UpcomingEvent, status_report
from .backlog import BacklogAnswer, describe_backlog
from .plain import to_plain
from .servers import find_notifier_errors, list_servers

NEWEST_RESULTS = 5
MIN_KNOWN_SHARE = 0.05
"""The share of a step from which its rest is estimated. Less says too little."""
RESULT_EVENTS = (HistoryEvent.PUBLISHED, HistoryEvent.ENDED, HistoryEvent.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveJob:
    """One job that is being worked on."""

    record: FileRecord
    worker: str
    since: float
    """When the job began, in seconds since 1970."""
    progress: str
    """The step in progress."""
    share: float | None
    """The share of that step that is done, 0 to 1."""
    seconds_left: float | None
    """The estimated seconds until that step ends; None while nothing is known."""

    def to_dict(self) -> dict[str, Any]:
        """Return the job as JSON has it."""
        return {
            "id": self.record.id,
            "path": to_plain(self.record.path),
            "title": self.record.title,
            "library": self.record.library,
            "job": self.record.job_id,
            "worker": self.worker,
            "since": self.since,
            "progress": self.progress,
            "share": self.share,
            "seconds_left": self.seconds_left,
        }


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not work, and what the user can do about it."""

    subject: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NowAnswer:
    """What the daemon does now."""

    daemon: LockHolder | None
    """The process of the daemon; None if it does not run."""
    pauses: tuple[Pause, ...]
    jobs: tuple[ActiveJob, ...]
    reasons: tuple[str, ...]
    """Why work waits, a sentence for each reason."""
    upcoming: tuple[UpcomingEvent, ...]
    backlog: BacklogAnswer
    """How much work is left, and when it is done."""
    newest: tuple[HistoryEntry, ...]
    """What was made, ended or failed last, the newest first."""
    counts: dict[str, int]
    """The number of files in each state."""
    problems: tuple[Problem, ...]

    @property
    def is_paused(self) -> bool:
        """Whether all work is paused by hand."""
        return any(not pause.library for pause in self.pauses)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        return {
            "running": self.daemon is not None,
            "paused": self.is_paused,
            "pauses": to_plain(self.pauses),
            "jobs": [job.to_dict() for job in self.jobs],
            "reasons": list(self.reasons),
            "upcoming": to_plain(self.upcoming),
            "backlog": self.backlog.to_dict(),
            "newest": to_plain(self.newest),
            "files": self.counts,
            "problems": to_plain(self.problems),
        }


def describe_now(configuration: Configuration, db: Database) -> NowAnswer:
    """Return what the daemon does now."""
    now, settings = time.time(), configuration.settings
    daemon = find_holder(resolve_state_dir(settings))
    report = status_report(settings, db, is_running=daemon is not None, now=now)
    counts = {str(state): number for state, number in db.states.count_by_state().items()}
    return NowAnswer(
        daemon=daemon,
        pauses=tuple(active_pauses(db.kv, now)),
        jobs=tuple(describe_job(record, now) for record in db.states.by_state(FileState.WORKING)),
        reasons=report.reasons,
        upcoming=report.upcoming,
        backlog=describe_backlog(configuration, db, now),
        newest=tuple(db.history.newest(NEWEST_RESULTS, HistoryFilter(events=RESULT_EVENTS))),
        counts=counts,
        problems=tuple(_problems(configuration, db, counts)),
    )


def describe_job(record: FileRecord, now: float) -> ActiveJob:
    """Return how far the job of a file is.

    Args:
        record: A file that is being worked on.
        now: Seconds since 1970.
    """
    return ActiveJob(
        record=record,
        worker=record.worker or DAEMON_NAME,
        since=record.updated_at,
        progress=record.progress or "starting",
        share=record.progress_share,
        seconds_left=estimate_seconds_left(record.progress_share, record.progress_since, now),
    )


def estimate_seconds_left(share: float | None, since: float | None, now: float) -> float | None:
    """Estimate how long a step still takes, as if it went on at its pace so far.

    Args:
        share: The share of the step that is done, 0 to 1; None if it is not known.
        since: When the step began, in seconds since 1970; None if it is not known.
        now: Seconds since 1970. It may be earlier, because clocks are set back.

    Returns:
        Seconds, or None while too little is done to say.
    """
    if share is None or since is None or share < MIN_KNOWN_SHARE or now <= since:
        return None
    return (now - since) * max(0.0, 1.0 - share) / share


def _problems(
    configuration: Configuration, db: Database, counts: dict[str, int]
) -> Iterator[Problem]:
    for component in configuration.unavailable:
        yield Problem(component.section, component.message, component.hint)
    for name, breaker in CircuitBreakers(db.kv).open_states().items():
        if not breaker.is_closed:
            hint = "; ".join(
                filter(None, (breaker.hint, f"To try it now: subtitled engine reset {name}"))
            )
            yield Problem(f"engine {name}", breaker.reason, hint)
    for server in list_servers(db):
        if server.error:
            yield Problem(
                f"server {server.name}", server.error, "Changes are kept and sent when it answers"
            )
    for name, error in find_notifier_errors(db).items():
        yield Problem(f"notifier {name}", error, "Events are kept and delivered when it works")
    for state, meaning in _FAILURES.items():
        if number := counts.get(state, 0):
            subject = f"{number} {'file' if number == 1 else 'files'}"
            hint = f"Which and why: subtitled queue list --state {state}"
            yield Problem(subject, meaning, hint)


_FAILURES = {
    FileState.FAILED: "failed",
    FileState.QUARANTINED: "quarantined, because the engine crashed on them repeatedly",
}
"""States that a person may have to do something about."""
