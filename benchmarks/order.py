"""The order of the queue: 30 simulated days with three libraries, and the longest waits by kind.

On the first day 600 films, 2 000 episodes and 400 lectures are found, which is 45 days of work.
Each day new ones arrive, and on day 10 a whole series at once. People ask for a file every other
day. The daemon works all day at 3 times the speed of sound. What was added last is first in its
library. That is compared with turns in the order of arrival, and with a static order: all new files
first, then the backfill as it was found. A pause is a time in which files of a kind and library
waited and none of them was begun.

Usage: python benchmarks/order.py [DAYS]
"""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from subtitled.db.records import BACKFILL, NEW, URGENT, WATCHED
from subtitled.jobs.queue_order import (
    Candidate,
    LibraryPriority,
    Turns,
    find_clock,
    has_turns,
    overtake,
    take_turn,
)
from subtitled.jobs.turn_taking import MAX_OVERTAKEN, MAX_OVERTAKEN_SECONDS

HOUR, DAY = 3600.0, 86400.0
SPEED = 3.0
"""Seconds of sound in a second of work."""
LIBRARIES: dict[str, tuple[int, float, float, LibraryPriority]] = {
    "films": (600, 6600.0, 2.0, "normal"),
    "series": (2000, 2700.0, 8.0, "normal"),
    "lectures": (400, 4500.0, 1.0, "low"),
}
"""The backfill, the usual length, new files a day, and the priority of each library."""
KINDS = {URGENT: "asked for", WATCHED: "next episodes", NEW: "new", BACKFILL: "backfill"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that is queued at a time."""

    at: float
    job: Candidate
    added: float
    """When the file was added to its library. Before 0 it was there already."""


def arrivals(days: int, flood: bool) -> Iterator[Arrival]:
    """Yield what is queued, in no order.

    Args:
        days: How many days are simulated.
        flood: Whether new episodes are more than the machine can do.
    """
    chance = random.Random(7)
    for library, (backfill, length, rate, priority) in LIBRARIES.items():

        def job(kind: int) -> Candidate:
            return Candidate(
                library=library,  # noqa: B023 - called at once
                priority=kind,
                library_priority=priority,  # noqa: B023
                sound_seconds=length * chance.uniform(0.6, 1.4),  # noqa: B023
            )

        for _ in range(backfill):
            yield Arrival(0.0, job(BACKFILL), -1500 * DAY * chance.random())
        for day in range(days):
            number = round(rate * chance.uniform(0.5, 1.5))
            if library == "series":
                number += 120 * (day == 10) + 100 * flood
                for _ in range(2):
                    yield Arrival(day * DAY + 20 * HOUR, job(WATCHED), 0.0)
            for _ in range(number):
                at = (day + chance.random()) * DAY
                yield Arrival(at, job(NEW), at)
            if day % 2:
                yield Arrival((day + chance.random()) * DAY, job(URGENT), 0.0)


@dataclass(slots=True)
class Waiting:
    """A file in the queue."""

    rank: int
    number: int
    arrival: Arrival


Ranking = Callable[[Turns, Arrival, Sequence[Waiting]], tuple[int, Turns]]
"""Returns the rank of an arrival, and moves others of its flow that wait."""


def rank_statically(
    turns: Turns, arrival: Arrival, waiting: Sequence[Waiting]
) -> tuple[int, Turns]:
    """Rank by the kind alone, as before."""
    return arrival.job.priority, turns


def rank_by_turns(
    turns: Turns, arrival: Arrival, waiting: Sequence[Waiting], *, newest: bool
) -> tuple[int, Turns]:
    """Rank by turns; within a flow by the time of arrival or what was added last."""
    rank, turns = take_turn(turns, arrival.job)
    if newest and has_turns(arrival.job.priority):
        later = [
            one
            for one in waiting
            if one.arrival.added < arrival.added
            and arrival.at - one.arrival.at < MAX_OVERTAKEN_SECONDS
        ]
        later.sort(key=lambda one: one.arrival.added, reverse=True)
        later = later[-MAX_OVERTAKEN:]
        rank, ranks = overtake(rank, [one.rank for one in later])
        for one, moved in zip(later, ranks, strict=True):
            one.rank = moved
    return rank, turns


@dataclass(slots=True, kw_only=True)
class Waits:
    """How long the files of one kind and library waited, in hours."""

    hours: list[float] = field(default_factory=list)
    """Of each file, until it began or time was over."""
    done: int = 0
    waiting: int = 0
    since: float = 0.0
    """Since when none was begun although one waited, in seconds."""
    longest_pause: float = 0.0
    recent_hours: float = 0.0
    """When the last file of the backfill began that was added in the year before."""


def simulate(days: int, flood: bool, ranking: Ranking) -> dict[tuple[str, str], Waits]:
    """Return how long files waited, by kind and library."""
    coming = sorted(arrivals(days, flood), key=lambda one: (one.at, -one.added))
    coming.reverse()
    queue: dict[tuple[str, str], list[Waiting]] = {}
    turns, now, number = Turns(), 0.0, 0
    all_waits: dict[tuple[str, str], Waits] = {}

    def end_pause(waits: Waits, until: float) -> None:
        if waits.waiting:
            waits.longest_pause = max(waits.longest_pause, (until - waits.since) / HOUR)
        waits.since = until

    while now < days * DAY:
        while coming and coming[-1].at <= now:
            arrival = coming.pop()
            key = (KINDS[arrival.job.priority], arrival.job.library)
            flow, waits = queue.setdefault(key, []), all_waits.setdefault(key, Waits())
            rank, turns = ranking(turns, arrival, flow)
            if not waits.waiting:
                waits.since = arrival.at
            waits.waiting += 1
            number += 1
            flow.append(Waiting(rank, number, arrival))
        firsts = [
            (*min((one.rank, one.number) for one in flow), key)
            for key, flow in queue.items()
            if flow
        ]
        if not firsts:
            if not coming:
                break
            turns, now = Turns(), coming[-1].at
            continue
        rank, first, key = min(firsts)
        begun = next(one for one in queue[key] if one.number == first)
        queue[key].remove(begun)
        arrival, waits = begun.arrival, all_waits[key]
        turns = turns.at(find_clock(rank, arrival.job) or 0.0)
        end_pause(waits, now)
        waits.waiting -= 1
        waits.done += 1
        waits.hours.append((now - arrival.at) / HOUR)
        if arrival.added >= -365 * DAY and arrival.job.priority == BACKFILL:
            waits.recent_hours = (now - arrival.at) / HOUR
        now += (arrival.job.sound_seconds or 0.0) / SPEED
    for key, flow in queue.items():
        all_waits[key].hours += [(days * DAY - one.arrival.at) / HOUR for one in flow]
        if any(one.arrival.added >= -365 * DAY and key[0] == "backfill" for one in flow):
            all_waits[key].recent_hours = days * 24.0
    for waits in all_waits.values():
        end_pause(waits, days * DAY)
    return all_waits


def main(days: int) -> None:
    """Print the waits of each kind and library, as they are and in other orders."""
    orders: list[Ranking] = [
        partial(rank_by_turns, newest=True),
        partial(rank_by_turns, newest=False),
        rank_statically,
    ]
    for flood in (False, True):
        title = "more new episodes than can be done" if flood else "the usual"
        print(f"{days} days, {title}: newest first / in the order of arrival / static")
        print("  kind, library: begun of all; median wait; longest wait; longest pause, in hours;")
        print("  of the backfill also when the last file of the newest year began")
        results = [simulate(days, flood, how) for how in orders]
        for key in sorted(results[0]):
            waits = [result[key] for result in results]

            def show(values: Sequence[float]) -> str:
                return " / ".join(f"{value:.1f}" for value in values)

            print(
                f"  {', '.join(key)}: {' / '.join(str(one.done) for one in waits)} of "
                f"{len(waits[0].hours)}; {show([statistics.median(one.hours) for one in waits])}; "
                f"{show([max(one.hours) for one in waits])}; "
                f"{show([one.longest_pause for one in waits])}"
                + (f"; {show([one.recent_hours for one in waits])}" if "backfill" in key else "")
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
