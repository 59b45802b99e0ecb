"""The order of the queue: whose turn it is, so that nothing waits for ever.

What a person asked for is next, then what is likely to be played next. The rest takes turns by
start-time fair queueing (Goyal, Vin, Cheng 1996): new files and the backfill of each library are
flows. A job's rank is where its flow stands, measured in seconds of sound by the flow's share, and
never changes. A flow that has got less than its share is therefore behind, and its next job is
first. What is only made again comes when nothing else is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from subtitled.db.records import BACKFILL, NEW, WATCHED

LibraryPriority = Literal["low", "normal", "high"]

LIBRARY_SHARES: Mapping[str, float] = {"low": 1.0, "normal": 4.0, "high": 16.0}
"""The share of a library by its priority, relative to others that have work."""
NEW_SHARE = 8.0
"""The share of new files of a library, relative to its backfill."""
NEW_FIRST_SECONDS = 86400.0
"""Seconds of sound of new files of a library that go first, before they share."""
UNKNOWN_SECONDS = 2700.0
"""The length of a file that is not known."""
MIN_SECONDS = 60.0
"""What a short file counts, because each job takes some time."""
_BASE = 1_000_000
"""The rank of the first job of all. Lower ones are for what goes before the others."""
_LAST = 2_000_000_000
"""The rank of what comes when nothing else is left. The queue knows none above 2 147 483 647."""


@dataclass(frozen=True, slots=True)
class Turns:
    """How far each flow is."""

    clock: float = 0.0
    """Where the job that runs stood when it was queued."""
    ends: Mapping[str, float] = field(default_factory=dict)
    """Where the last job of each flow ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A job that is queued now."""

    library: str
    priority: int
    """Its kind, such as :data:`~subtitled.db.records.NEW`."""
    library_priority: LibraryPriority = "normal"
    sound_seconds: float | None = None
    """The length of its file; None if it is not known."""


def take_turn(turns: Turns, job: Candidate) -> tuple[int, Turns]:
    """Return the rank of a job, lower ones run first, and how far each flow is with it."""
    if job.priority <= WATCHED:
        return max(1, job.priority), turns
    if job.priority > BACKFILL:
        return _LAST, turns
    share, lead = _share(job), _lead(job)
    flow = _flow(job)
    start = max(turns.clock, turns.ends.get(flow, 0.0))
    end = start + max(MIN_SECONDS, job.sound_seconds or UNKNOWN_SECONDS) / share
    rank = min(_LAST - 1, max(_BASE // 2, round(_BASE + start - lead)))
    return rank, Turns(turns.clock, {**turns.ends, flow: end})


def advance(turns: Turns, rank: int, job: Candidate) -> Turns:
    """Set the clock to a job that runs, so that a flow without work saves nothing up.

    Args:
        turns: How far each flow is.
        rank: The rank of the job.
        job: The job.
    """
    if not WATCHED < job.priority <= BACKFILL or not _BASE // 2 <= rank < _LAST:
        return turns
    clock = max(turns.clock, rank - _BASE + _lead(job))
    return Turns(clock, {flow: end for flow, end in turns.ends.items() if end > clock})


def describe_turn(job: Candidate) -> list[str]:
    """Return what decides when a job has its turn, a sentence for each reason."""
    if job.priority < WATCHED:
        return ["a person asked for it, or it is being played: it is next"]
    if job.priority == WATCHED:
        return ["it is likely to be played next: it follows what people asked for"]
    if job.priority > BACKFILL:
        return ["it is only made again: it comes when nothing else is left"]
    is_new = job.priority <= NEW
    kind = (
        f"it is new: up to {NEW_FIRST_SECONDS / 3600:g} hours of sound of new files go first, "
        f"then they and the backfill take turns, {NEW_SHARE:g} to 1"
        if is_new
        else "the first scan of its library found it: after some new files it has its turn, 1 to "
        f"{NEW_SHARE:g}"
    )
    share = LIBRARY_SHARES[job.library_priority]
    return [
        kind,
        f"library {job.library} has the priority {job.library_priority}: a share of {share:g} "
        f"(low {LIBRARY_SHARES['low']:g}, normal {LIBRARY_SHARES['normal']:g}, "
        f"high {LIBRARY_SHARES['high']:g})",
    ]


def _flow(job: Candidate) -> str:
    return f"{'new' if job.priority <= NEW else 'backfill'} {job.library}"


def _share(job: Candidate) -> float:
    return LIBRARY_SHARES[job.library_priority] * (NEW_SHARE if job.priority <= NEW else 1.0)


def _lead(job: Candidate) -> float:
    return NEW_FIRST_SECONDS / _share(job) if job.priority <= NEW else 0.0
