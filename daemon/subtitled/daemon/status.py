"""The status report: why no work is done now, and what happens next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from subtitled.config.settings import AppSettings
from subtitled.db.database import Database
from subtitled.db.kv import NEXT_SCAN_KEY
from subtitled.db.records import FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobs.gate import WorkGate
from subtitled.jobs.pauses import active_pauses
from subtitled.jobs.throttle_state import RemoteThrottles

MAX_FILES = 500
"""Waiting files whose reasons are read, the most urgent first."""


@dataclass(frozen=True, slots=True)
class UpcomingEvent:
    """Something that happens at a known time (seconds since 1970)."""

    at: float
    description: str


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Why work waits, and what happens next."""

    reasons: tuple[str, ...]
    """A sentence for each reason."""
    upcoming: tuple[UpcomingEvent, ...]
    """The soonest first."""
    clock_notes: tuple[str, ...]
    """The time of each upcoming event in the configured time zone, as text."""


def status_report(
    settings: AppSettings, db: Database, *, is_running: bool, now: float
) -> StatusReport:
    """Collect the reasons why work waits and the upcoming events.

    Args:
        settings: The settings.
        db: The database.
        is_running: Whether a daemon works on this database.
        now: Seconds since 1970.
    """
    breakers = CircuitBreakers(db.kv)
    gate = WorkGate(settings, Path(), db.kv, RemoteThrottles(db.kv), breakers, lambda: now)
    reasons = _reasons(settings, db, gate, is_running)
    unique_reasons = {_strip_figures(reason): reason for reason in reasons}
    events = sorted(
        _upcoming_events(settings, db, gate, is_running, now), key=lambda event: event.at
    )
    clock_notes = tuple(gate.schedule.format_time(event.at, now) for event in events)
    return StatusReport(tuple(unique_reasons.values()), tuple(events), clock_notes)


def _strip_figures(reason: str) -> str:
    """Remove numbers, so that reasons that differ in free space only are listed once."""
    return re.sub(r"\b\d+\b", "", reason)


def _reasons(
    settings: AppSettings, db: Database, gate: WorkGate, is_running: bool
) -> Iterator[str]:
    counts = db.states.count_by_state()
    if not is_running:
        yield "the daemon does not run; start it with: subtitled run"
    if (blocked := gate.blocked_for_all()) is not None:
        yield blocked.reason
    for name in settings.libraries:
        if (blocked := gate.blocked_for_library(name)) is not None:
            yield blocked.reason
    for name in settings.engines:
        if (blocked := gate.blocked_for_engine(name)) is not None:
            yield blocked.reason
    # Disk space, budgets and the like are only checked when a job starts.
    for record in islice(db.states.by_state(FileState.WAITING), MAX_FILES):
        if record.reason:
            yield record.reason
    for state, description in (
        (FileState.STABILISING, "found and not looked at yet"),
        (FileState.GROWING, "still growing: each is looked at when it no longer changes"),
        (FileState.RETRYING, "retried later: subtitled queue list --state retrying"),
    ):
        if number := counts.get(state, 0):
            yield f"{number} {'file is' if number == 1 else 'files are'} {description}"
    if not any(counts.get(state) for state in _PENDING_STATES):
        yield (
            "there is nothing to do"
            if settings.libraries
            else "no library is configured; to write a configuration: subtitled init"
        )


_PENDING_STATES = (
    FileState.STABILISING,
    FileState.GROWING,
    FileState.QUEUED,
    FileState.WORKING,
    FileState.WAITING,
    FileState.RETRYING,
)


def _upcoming_events(
    settings: AppSettings, db: Database, gate: WorkGate, is_running: bool, now: float
) -> Iterator[UpcomingEvent]:
    for subject, hours in gate.schedule.iter_named_hours():
        change = hours.next_change(now)
        if change is not None:
            yield UpcomingEvent(
                change, f"the hours of {subject} {_WINDOW_EDGE[hours.is_open_at(now)]}"
            )
    for pause in active_pauses(db.kv, now):
        if pause.until is not None:
            scope = f"library {pause.library}" if pause.library else "all work"
            yield UpcomingEvent(pause.until, f"the pause of {scope} ends")
    for name, breaker in CircuitBreakers(db.kv).open_states().items():
        if breaker.open_until > now:
            yield UpcomingEvent(breaker.open_until, f"engine {name} is tried again")
    if not is_running:
        return
    for name in settings.libraries:
        next_check_at = db.states.next_check_at(name)
        if next_check_at is not None:
            yield UpcomingEvent(max(next_check_at, now), f"a file of library {name} is checked")
        next_scan_at = db.kv.get(f"{NEXT_SCAN_KEY}{name}")
        if next_scan_at is not None and float(next_scan_at) > now:
            yield UpcomingEvent(float(next_scan_at), f"scan of library {name}")


_WINDOW_EDGE = {True: "end", False: "begin"}
