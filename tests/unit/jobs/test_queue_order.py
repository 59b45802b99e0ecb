"""Nothing waits for ever: libraries, new files and the backfill take turns."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.db.records import BACKFILL, NEW, URGENT, WATCHED
from subtitled.jobs.queue_order import (
    Candidate,
    LibraryPriority,
    Turns,
    describe_turn,
    find_clock,
    overtake,
    take_turn,
)
from subtitled.jobs.turn_taking import read_turns

HOUR = 3600.0
UPGRADE = BACKFILL + 100
MAX_RANK = 2**31 - 1
"""The highest that the queue knows."""


def _job(
    library: str = "films",
    kind: int = BACKFILL,
    priority: LibraryPriority = "normal",
    seconds: float | None = HOUR,
) -> Candidate:
    return Candidate(
        library=library, priority=kind, library_priority=priority, sound_seconds=seconds
    )


class Queue:
    """The queue, which runs one job after the other."""

    def __init__(self) -> None:
        self.turns = Turns()
        self._waiting: list[tuple[int, int, Candidate]] = []
        self._number = 0

    def put(self, *jobs: Candidate) -> None:
        for job in jobs:
            rank, self.turns = take_turn(self.turns, job)
            assert 1 <= rank <= MAX_RANK
            self._number += 1
            heapq.heappush(self._waiting, (rank, self._number, job))

    def run(self, number: int = 1) -> list[Candidate]:
        done = []
        for _ in range(min(number, len(self._waiting))):
            rank, _, job = heapq.heappop(self._waiting)
            self.turns = self.turns.at(find_clock(rank, job) or 0.0)
            done.append(job)
        return done


def _count(jobs: Iterable[Candidate]) -> Counter[str]:
    return Counter(job.library for job in jobs)


def test_what_a_person_asked_for_is_next_then_what_is_played_next_then_new_files() -> None:
    queue = Queue()
    queue.put(*[_job()] * 50)
    queue.run(10)
    kinds = (UPGRADE, BACKFILL, NEW, WATCHED, URGENT)
    queue.put(*[_job(kind=kind) for kind in kinds])
    assert [job.priority for job in queue.run(4)] == [URGENT, WATCHED, NEW, BACKFILL]
    assert [job.priority for job in queue.run(99)][-1] == UPGRADE


def test_libraries_take_turns_however_large_they_are() -> None:
    queue = Queue()
    queue.put(*[_job("films")] * 3000, *[_job("lectures")] * 10)
    assert _count(queue.run(20)) == {"films": 10, "lectures": 10}


def test_turns_are_seconds_of_sound_and_not_files() -> None:
    queue = Queue()
    queue.put(*[_job("films", seconds=2 * HOUR)] * 100, *[_job("clips", seconds=HOUR / 4)] * 800)
    done = _count(queue.run(90))
    assert done["clips"] == pytest.approx(8 * done["films"], rel=0.15)


@pytest.mark.parametrize(("priority", "share"), [("low", 0.25), ("normal", 1.0), ("high", 4.0)])
def test_a_library_has_the_share_of_its_priority(priority: LibraryPriority, share: float) -> None:
    queue = Queue()
    queue.put(*[_job("films")] * 500, *[_job("series", priority=priority)] * 500)
    done = _count(queue.run(200))
    assert done["series"] / done["films"] == pytest.approx(share, rel=0.1)


def test_a_library_that_had_no_work_saves_no_turns_up() -> None:
    queue = Queue()
    queue.put(*[_job("films")] * 500)
    queue.run(200)
    queue.put(*[_job("series")] * 200)
    assert _count(queue.run(40)) == {"films": 20, "series": 20}


def test_a_new_file_does_not_wait_for_the_backfill() -> None:
    queue = Queue()
    queue.put(*[_job("films")] * 500, *[_job("series")] * 500)
    queue.run(100)
    queue.put(_job("films", NEW))
    assert queue.run(1)[0].priority == NEW


def test_new_files_without_end_leave_the_backfill_its_share() -> None:
    queue = Queue()
    queue.put(*[_job("films")] * 500)
    queue.run(1)
    begun = 0
    for _ in range(1000):
        queue.put(_job("series", NEW), _job("series", NEW))  # twice as many as are done
        begun += sum(job.priority == BACKFILL for job in queue.run(1))
    assert begun == pytest.approx(1000 / 9, rel=0.2)


@given(st.integers(1, MAX_RANK), st.lists(st.integers(1, MAX_RANK)))
def test_who_overtakes_leaves_the_other_flows_what_they_have(rank: int, ranks: list[int]) -> None:
    first, others = overtake(rank, ranks)
    assert sorted([first, *others]) == sorted([rank, *ranks])
    assert [first, *others] == sorted([first, *others])


@settings(max_examples=60)
@given(
    st.lists(
        st.builds(
            Candidate,
            library=st.sampled_from(["films", "series", "lectures"]),
            priority=st.sampled_from([URGENT, WATCHED, NEW, BACKFILL, UPGRADE]),
            library_priority=st.sampled_from(["low", "normal", "high"]),
            sound_seconds=st.none() | st.floats(0, 2e5),
        ),
        max_size=60,
    )
)
def test_every_job_gets_its_turn_and_a_rank_that_the_queue_knows(jobs: list[Candidate]) -> None:
    queue = Queue()
    for job in jobs:
        queue.put(job)
        queue.put(job)
        queue.run(1)
    assert len(queue.run(len(jobs))) == len(jobs)


@pytest.mark.parametrize("kind", [URGENT, WATCHED, NEW, BACKFILL, UPGRADE])
def test_it_can_be_told_when_a_job_has_its_turn(kind: int) -> None:
    reasons = describe_turn(_job(kind=kind, priority="high"))
    assert reasons
    if kind in (NEW, BACKFILL):
        assert "library films has the priority high" in reasons[1]
        assert reasons[2].startswith("of these files the newest come first: it was added ")


@pytest.mark.parametrize("text", [None, "", "{", "[]", "3", '{"ends": 3}', '{"clock": "x"}'])
def test_an_order_that_cannot_be_read_begins_again(text: str | None) -> None:
    assert read_turns(text) == Turns()
