"""The order of the queue: whose turn it is, so that nothing waits for ever.

What a person asked for is next, then what is likely to be played next. The rest takes turns by
start-time fair queueing (Goyal, Vin, Cheng 1996): new files and the backfill of each library are
flows. A job's rank is where its flow stands, measured in seconds of sound by the flow's share, and
never changes. A flow that has got less than its share is therefore behind, and its next job is
first. What is only made again comes when nothing else is left.

The ranks of a flow belong to the flow. Which of its files has which follows from the order of the
library: what was added last is first, or what was added first.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from subtitled.db.records import BACKFILL, NEW, WATCHED

LibraryPriority = Literal["low", "normal", "high"]
FileOrder = Literal["newest", "oldest"]

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

    def at(self, clock: float) -> Turns:
        """Return the turns when the jobs that run are there, so that nobody saves turns up."""
        clock = max(clock, self.clock)
        return Turns(clock, {flow: end for flow, end in self.ends.items() if end > clock})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A job that is queued now."""

    library: str
    priority: int
    """Its kind, such as :data:`~subtitled.db.records.NEW`."""
    library_priority: LibraryPriority = "normal"
    sound_seconds: float | None = None
    """The length of its file; None if it is not known."""
    order: FileOrder = "newest"
    """Which files of its library come first."""
    added_at: int = 0
    """When its file was added to the library, in seconds since 1970; see :func:`.added_hour`."""
    has_failed: bool = False
    """Whether its file was tried before. It overtakes nothing, so that others have their turn."""


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


def has_turns(priority: int) -> bool:
    """Return whether jobs of a kind take turns, rather than be first or last of all."""
    return WATCHED < priority <= BACKFILL


def overtake(rank: int, ranks: Sequence[int]) -> tuple[int, list[int]]:
    """Return the rank of a job that overtakes others of its flow, and theirs, in ascending order.

    The flow as a whole keeps its ranks, so nothing is taken from other flows.

    Args:
        rank: The rank of the job if it overtook none.
        ranks: Those of the others.
    """
    first, *others = sorted([*ranks, rank])
    return first, others


def find_clock(rank: int, job: Candidate) -> float | None:
    """Return where a job that begins stands among all flows; None if it takes no turns.

    Args:
        rank: The rank of the job.
        job: The job.
    """
    if not has_turns(job.priority) or not _BASE // 2 <= rank < _LAST:
        return None
    return rank - _BASE + _lead(job)


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
        _describe_order(job),
    ]


def _describe_order(job: Candidate) -> str:
    if job.has_failed:
        return "it was tried before: it comes after the files of its library that waited then"
    added = time.strftime("%Y-%m-%d %H:00", time.localtime(job.added_at))
    of_one_hour = "those of one hour come in the order of their names"
    return f"of these files the {job.order} come first: it was added {added}; {of_one_hour}"


def _flow(job: Candidate) -> str:
    return f"{'new' if job.priority <= NEW else 'backfill'} {job.library}"


def _share(job: Candidate) -> float:
    return LIBRARY_SHARES[job.library_priority] * (NEW_SHARE if job.priority <= NEW else 1.0)


def _lead(job: Candidate) -> float:
    return NEW_FIRST_SECONDS / _share(job) if job.priority <= NEW else 0.0
