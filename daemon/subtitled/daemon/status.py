"""Why nothing happens now, and what happens next: for ``status``, in any process that asks."""

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
from subtitled.jobs.gate import WorkGate, active_pauses
from subtitled.jobs.throttle_state import RemoteThrottles

MAX_FILES = 500
"""Files that wait of which the reasons are read, the most urgent first."""


@dataclass(frozen=True, slots=True)
class UpcomingEvent:
    """Something that happens at a time (seconds since 1970)."""

    at: float
    description: str


@dataclass(frozen=True, slots=True)
class StatusReport:
    """One sentence for each reason, and what is coming, the soonest first."""

    reasons: tuple[str, ...]
    upcoming: tuple[UpcomingEvent, ...]
    clock_notes: tuple[str, ...]
    """Of each that is coming: its time as people of the configured zone say it."""


def status_report(
    settings: AppSettings, db: Database, *, is_running: bool, now: float
) -> StatusReport:
    """How it looks. ``running`` says whether a daemon works on this ledger."""
    breakers = CircuitBreakers(db.kv)
    door = WorkGate(settings, Path(), db.kv, RemoteThrottles(db.kv), breakers, lambda: now)
    reasons = _reasons(settings, db, door, is_running)
    reason = tuple({_strip_figures(one): one for one in reasons}.values())
    coming = sorted(_upcoming_events(settings, db, door, is_running, now), key=lambda one: one.at)
    clocks = tuple(door.schedule.format_time(one.at, now) for one in coming)
    return StatusReport(reason, tuple(coming), clocks)


def _strip_figures(reason: str) -> str:
    """What two reasons have in common that differ in how much room there was."""
    return re.sub(r"\b\d+\b", "", reason)


def _reasons(
    settings: AppSettings, db: Database, gate: WorkGate, is_running: bool
) -> Iterator[str]:
    counts = db.count_by_state()
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
    # Of room, budgets and whatever else only shows when a job is begun.
    for record in islice(db.by_state(FileState.WAITING), MAX_FILES):
        if record.reason:
            yield record.reason
    for states, what in (
        (
            (FileState.STABILISING, FileState.GROWING),
            "not taken yet: they were changed a moment ago",
        ),
        ((FileState.RETRYING,), "tried again later: subtitled queue list --state retrying"),
    ):
        number = sum(counts.get(state, 0) for state in states)
        if number:
            yield f"{number} {'file is' if number == 1 else 'files are'} {what}"
    if not any(counts.get(state) for state in _PENDING_STATES):
        yield "there is nothing to do"


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
    for what, hours in gate.schedule.iter_named_hours():
        change = hours.next_change(now)
        if change is not None:
            yield UpcomingEvent(
                change, f"the hours of {what} {_WINDOW_EDGE[hours.is_open_at(now)]}"
            )
    for pause in active_pauses(db.kv, now):
        if pause.until is not None:
            scope = f"library {pause.library}" if pause.library else "all work"
            yield UpcomingEvent(pause.until, f"the pause of {scope} ends")
    for name, known in CircuitBreakers(db.kv).open_states().items():
        if known.open_until > now:
            yield UpcomingEvent(known.open_until, f"engine {name} is tried again")
    if not is_running:
        return
    for name in settings.libraries:
        due = db.next_check_at(name)
        if due is not None:
            yield UpcomingEvent(max(due, now), f"a file of library {name} is looked at")
        walk = db.kv.get(f"{NEXT_SCAN_KEY}{name}")
        if walk is not None and float(walk) > now:
            yield UpcomingEvent(float(walk), f"library {name} is walked")


_WINDOW_EDGE = {True: "end", False: "begin"}
