"""The course of one telling: what follows from what a server said. No effects here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subtitled.library.tellings import Stage, Telling
from subtitled.plugin import Listing, Problem, Temporary


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between the acts of telling."""

    gather: float = 5.0
    """From a change to its being told: what else changes meanwhile goes along in the same call."""
    looks: tuple[float, ...] = (15.0, 30.0, 60.0, 120.0, 300.0)
    """From telling to each look at whether it is shown. Jellyfin and Emby act after a minute, on a
    large library later."""
    away: tuple[float, ...] = (30.0, 120.0, 600.0, 1800.0, 3600.0)
    """Before each further try to reach a server that is away; the last one for ever."""
    polling: float = 1.0
    """Between two looks at whether something changed or is due; they cost next to nothing."""
    misconfigured: float = 6 * 3600.0
    """Before the next try at a server that refuses us. A reload of the daemon tries at once."""


def told(pace: Pace, now: float) -> dict[str, Any]:
    """What to write down of a telling that a server has just taken."""
    return {
        "state": Stage.TOLD,
        "looks": 0,
        "told_at": now,
        "due_at": now + pace.looks[0],
        "detail": "",
    }


def refused(problem: Problem, now: float) -> dict[str, Any]:
    """The same of one that a server will never take."""
    return _ended(Stage.MISSED, now, str(problem))


def looked(known: Telling, said: Listing, methods: int, pace: Pace, now: float) -> dict[str, Any]:
    """The same of one that a server was asked about, of so many ``methods``."""
    if said.complete is not False:
        stage = Stage.CONFIRMED if said.complete else Stage.UNSAID
        return _ended(stage, now, said.detail) | {"looks": known.looks + 1}
    looks = known.looks + 1
    if looks < len(pace.looks):
        return {"looks": looks, "due_at": now + pace.looks[looks], "detail": said.detail}
    method = known.method + 1
    if method < methods:
        waiting = {"state": Stage.WAITING, "method": method, "looks": 0}
        return waiting | {"due_at": now, "detail": said.detail}
    return _ended(Stage.MISSED, now, said.detail) | {"looks": looks}


def wait(problem: Problem, failures: int, pace: Pace) -> float:
    """Seconds until a server is spoken to again that failed so many times in a row."""
    if not isinstance(problem, Temporary):
        return pace.misconfigured
    mine = pace.away[min(failures, len(pace.away)) - 1]
    return max(mine, problem.retry_after or 0.0)


def _ended(stage: Stage, now: float, detail: str) -> dict[str, Any]:
    return {"state": stage, "due_at": None, "ended_at": now, "detail": detail}
