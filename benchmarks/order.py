"""The order of the queue: 30 simulated days with three libraries, and the longest waits by kind.

On the first day 600 films, 2 000 episodes and 400 lectures are found, which is 45 days of work.
Each day new ones arrive, and on day 10 a whole series at once. People ask for a file every other
day. The daemon works all day at 3 times the speed of sound. The order is compared with a static
one: all new files first, then the backfill as it was found. A pause is a time in which files of a
kind and library waited and none of them was begun.

Usage: python benchmarks/order.py [DAYS]
"""

from __future__ import annotations

import heapq
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from subtitled.db.records import BACKFILL, NEW, URGENT, WATCHED
from subtitled.jobs.queue_order import Candidate, LibraryPriority, Turns, advance, take_turn

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
            yield Arrival(0.0, job(BACKFILL))
        for day in range(days):
            number = round(rate * chance.uniform(0.5, 1.5))
            if library == "series":
                number += 120 * (day == 10) + 100 * flood
                for _ in range(2):
                    yield Arrival(day * DAY + 20 * HOUR, job(WATCHED))
            for _ in range(number):
                yield Arrival((day + chance.random()) * DAY, job(NEW))
            if day % 2:
                yield Arrival((day + chance.random()) * DAY, job(URGENT))


Ranking = Callable[[Turns, Candidate], tuple[int, Turns]]


def rank_statically(turns: Turns, job: Candidate) -> tuple[int, Turns]:
    """Rank by the kind alone, as before."""
    return job.priority, turns


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


def simulate(days: int, flood: bool, ranking: Ranking) -> dict[tuple[str, str], Waits]:
    """Return how long files waited, by kind and library."""
    coming = sorted(arrivals(days, flood), key=lambda one: one.at)
    coming.reverse()
    queue: list[tuple[int, int, Arrival]] = []
    turns, now, number = Turns(), 0.0, 0
    all_waits: dict[tuple[str, str], Waits] = {}

    def waits_of(arrival: Arrival) -> Waits:
        key = (KINDS[arrival.job.priority], arrival.job.library)
        return all_waits.setdefault(key, Waits())

    def end_pause(waits: Waits, until: float) -> None:
        if waits.waiting:
            waits.longest_pause = max(waits.longest_pause, (until - waits.since) / HOUR)
        waits.since = until

    while now < days * DAY:
        while coming and coming[-1].at <= now:
            arrival = coming.pop()
            rank, turns = ranking(turns, arrival.job)
            waits = waits_of(arrival)
            if not waits.waiting:
                waits.since = arrival.at
            waits.waiting += 1
            number += 1
            heapq.heappush(queue, (rank, number, arrival))
        if not queue:
            if not coming:
                break
            turns, now = Turns(), coming[-1].at
            continue
        rank, _, arrival = heapq.heappop(queue)
        turns = advance(turns, rank, arrival.job)
        waits = waits_of(arrival)
        end_pause(waits, now)
        waits.waiting -= 1
        waits.done += 1
        waits.hours.append((now - arrival.at) / HOUR)
        now += (arrival.job.sound_seconds or 0.0) / SPEED
    for _, _, arrival in queue:
        waits_of(arrival).hours.append((days * DAY - arrival.at) / HOUR)
    for waits in all_waits.values():
        end_pause(waits, days * DAY)
    return all_waits


def main(days: int) -> None:
    """Print the waits of each kind and library, as it is and as it was."""
    for flood in (False, True):
        title = "more new episodes than can be done" if flood else "the usual"
        print(f"{days} days, {title} (in brackets: the static order)")
        print("  kind, library: begun of all; longest wait; longest pause, in hours")
        now, static = (simulate(days, flood, how) for how in (take_turn, rank_statically))
        for key, waits in sorted(now.items()):
            other = static[key]
            print(
                f"  {key[0]}, {key[1]}: {waits.done} ({other.done}) of {len(waits.hours)}; "
                f"{max(waits.hours):.1f} ({max(other.hours):.1f}); "
                f"{waits.longest_pause:.1f} ({other.longest_pause:.1f})"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
