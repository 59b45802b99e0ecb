"""Why nothing happens now, and what happens next: for ``status``, in any process that asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from subtitled.config.settings import Settings
from subtitled.engines.breaker import Breakers
from subtitled.jobs.door import Door
from subtitled.jobs.halts import Told
from subtitled.jobs.pauses import pauses
from subtitled.library.ledger import Ledger
from subtitled.library.records import FileState

NEXT_WALK = "next walk "
"""Before the name of a library: the control that says when the daemon walks it next."""


MOST = 500
"""Files that wait of which the reasons are read, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Coming:
    """Something that happens at a time (seconds since 1970)."""

    at: float
    what: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """One sentence for each reason, and what is coming, the soonest first."""

    why: tuple[str, ...]
    coming: tuple[Coming, ...]
    clocks: tuple[str, ...]
    """Of each that is coming: its time as people of the configured zone say it."""


def outlook(settings: Settings, ledger: Ledger, *, running: bool, now: float) -> Outlook:
    """How it looks. ``running`` says whether a daemon works on this ledger."""
    breakers = Breakers(ledger.mailbox)
    door = Door(settings, Path(), ledger.mailbox, Told(ledger.mailbox), breakers, lambda: now)
    reasons = _reasons(settings, ledger, door, running)
    why = tuple({_without_figures(one): one for one in reasons}.values())
    coming = sorted(_coming(settings, ledger, door, running, now), key=lambda one: one.at)
    clocks = tuple(door.timetable.clock(one.at, now) for one in coming)
    return Outlook(why, tuple(coming), clocks)


def _without_figures(why: str) -> str:
    """What two reasons have in common that differ in how much room there was."""
    return re.sub(r"\b\d+\b", "", why)


def _reasons(settings: Settings, ledger: Ledger, door: Door, running: bool) -> Iterator[str]:
    counts = ledger.counts()
    if not running:
        yield "the daemon does not run; start it with: subtitled run"
    if (closed := door.for_all()) is not None:
        yield closed.why
    for name in settings.libraries:
        if (closed := door.for_library(name)) is not None:
            yield closed.why
    for name in settings.engines:
        if (closed := door.for_engine(name)) is not None:
            yield closed.why
    # Of room, budgets and whatever else only shows when a job is begun.
    for record in islice(ledger.in_state(FileState.WAITING), MOST):
        if record.reason:
            yield record.reason
    for states, what in (
        ((FileState.SETTLING, FileState.GROWING), "not taken yet: they were changed a moment ago"),
        ((FileState.RETRYING,), "tried again later: subtitled queue list --state retrying"),
    ):
        number = sum(counts.get(state, 0) for state in states)
        if number:
            yield f"{number} {'file is' if number == 1 else 'files are'} {what}"
    if not any(counts.get(state) for state in _TO_BE_DONE):
        yield "there is nothing to do"


_TO_BE_DONE = (
    FileState.SETTLING,
    FileState.GROWING,
    FileState.QUEUED,
    FileState.WORKING,
    FileState.WAITING,
    FileState.RETRYING,
)


def _coming(
    settings: Settings, ledger: Ledger, door: Door, running: bool, now: float
) -> Iterator[Coming]:
    for what, hours in door.timetable.named():
        change = hours.next_change(now)
        if change is not None:
            yield Coming(change, f"the hours of {what} {_EDGE[hours.open_at(now)]}")
    for pause in pauses(ledger.mailbox, now):
        if pause.until is not None:
            whose = f"library {pause.library}" if pause.library else "all work"
            yield Coming(pause.until, f"the pause of {whose} ends")
    for name, known in Breakers(ledger.mailbox).all().items():
        if known.until > now:
            yield Coming(known.until, f"engine {name} is tried again")
    if not running:
        return
    for name in settings.libraries:
        due = ledger.next_due(name)
        if due is not None:
            yield Coming(max(due, now), f"a file of library {name} is looked at")
        walk = ledger.mailbox.get_control(f"{NEXT_WALK}{name}")
        if walk is not None and float(walk) > now:
            yield Coming(float(walk), f"library {name} is walked")


_EDGE = {True: "end", False: "begin"}
