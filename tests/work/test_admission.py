"""Jobs that wait at the door, jobs that are set aside, and that nothing is done twice for it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from house import House, film

from subtitled.engines.breaker import Breakers
from subtitled.jobs import pauses
from subtitled.jobs.halts import Halt, Halts, Told
from subtitled.jobs.jobname import JOB
from subtitled.library.records import FileState
from subtitled.plugin import Audio, Request, Temporary, Transcript


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def until(true: Callable[[], object], limit: float = 30.0) -> None:
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def put(house: House, path: Path) -> None:
    """Notice a file and queue it, without waiting for what becomes of it."""
    house.intake.scan("films")
    for record in house.intake.due(time.time() + 1):
        house.jobs.plan(record)
    assert house.the(path).state is not FileState.SETTLING


def stretches(house: House) -> dict[str, int]:
    return {
        str(path.relative_to(house.state)): path.stat().st_mtime_ns
        for path in (house.state / "transcripts").rglob("*-*.json")
    }


def pause_after_the_first(house: House, library: str = "") -> None:
    """Somebody pauses while the first stretch is recognised."""
    heard = house.ear.transcribe

    def transcribe(audio: Audio, request: Request) -> Transcript:
        if house.ear.recognised == 0:
            pauses.pause(house.ledger.mailbox, library)
        return heard(audio, request)

    house.ear.transcribe = transcribe  # type: ignore[method-assign]


def test_a_pause_of_everything_holds_the_job_where_it_is(house: House) -> None:
    pause_after_the_first(house)
    path = film(house.root / "a.wav", 1)
    put(house, path)
    until(lambda: house.ear.recognised == 1)
    time.sleep(1.5)
    assert house.the(path).state is FileState.WORKING
    assert house.ear.recognised == 1
    before = stretches(house)
    pauses.resume(house.ledger.mailbox)
    house.settle()
    assert house.the(path).state is FileState.DONE
    assert house.ear.recognised == len(stretches(house)) > 1
    assert before.items() <= stretches(house).items()


def test_a_pause_of_one_library_sets_its_job_aside_and_nothing_is_done_twice(house: House) -> None:
    pause_after_the_first(house, "films")
    path = film(house.root / "a.wav", 1)
    put(house, path)
    until(lambda: house.the(path).state is FileState.WAITING)
    record = house.the(path)
    assert record.reason.startswith("library films is paused; go on with: subtitled queue resume")
    assert (record.attempts, record.job_id, record.next_try_at) == (0, None, None)
    before = stretches(house)
    assert len(before) == 1
    house.close()
    house.open()  # a restart looks again, and finds it paused still
    house.settle()
    assert house.the(path).state is FileState.WAITING
    pauses.resume(house.ledger.mailbox, "films")
    assert house.ledger.wake() == 1
    house.settle()
    assert house.the(path).state is FileState.DONE
    assert before.items() <= stretches(house).items()
    assert house.ear.recognised == len(stretches(house)) - 1


def test_outside_its_hours_a_library_is_not_even_looked_into(tmp_path: Path) -> None:
    never = '[schedule]\ntimezone = "UTC"\n[schedule.libraries.films]\nquiet = ["daily"]'
    house = House(tmp_path, never)
    try:
        path = film(house.root / "a.wav", 1)
        put(house, path)
        record = house.the(path)
        assert record.state is FileState.WAITING
        assert record.reason == "the hours of library films are over for more than a year"
        assert not house.jobs.queue.live()
    finally:
        house.close()


def test_an_engine_that_is_down_is_waited_for_and_no_attempt_is_counted(house: House) -> None:
    heard = house.ear.transcribe

    def down(audio: Audio, request: Request) -> Transcript:
        raise Temporary("the cloud is away", "Wait")

    house.ear.transcribe = down  # type: ignore[method-assign]
    films = [film(house.root / f"{number}.wav", number) for number in range(5)]
    house.intake.scan("films")
    deadline = time.monotonic() + 30
    while {house.the(path).state for path in films} != {FileState.WAITING}:
        for record in house.intake.due(time.time() + 1):
            house.jobs.plan(record)
        assert time.monotonic() < deadline, [house.the(path) for path in films]
        time.sleep(0.05)
    attempts = sum(house.the(path).attempts for path in films)
    assert 3 <= attempts <= 5  # of those that found out
    (why,) = {house.the(path).reason for path in films}
    assert why.startswith("engine whisper failed 3 times in a row (the cloud is away)")
    assert "subtitled queue reset whisper" in why
    house.ear.transcribe = heard  # type: ignore[method-assign]
    assert house.working.door.for_engine("whisper") is not None
    assert Breakers(house.ledger.mailbox).reset("whisper")
    assert house.ledger.wake() == 5
    house.settle()
    assert {house.the(path).state for path in films} == {FileState.DONE}


def test_what_waits_at_the_door_can_be_cancelled_and_hurried(house: House) -> None:
    pauses.pause(house.ledger.mailbox)
    one, two = film(house.root / "1.wav", 1), film(house.root / "2.wav", 2)
    put(house, one)
    until(lambda: house.working.in_work)
    house.jobs.cancel(house.the(one if house.the(one).job_id in busy(house) else two))
    until(lambda: FileState.FAILED in {house.the(one).state, house.the(two).state})
    cancelled = one if house.the(one).state is FileState.FAILED else two
    other = two if cancelled == one else one
    house.jobs.hurry(house.the(other), 1)
    assert house.the(other).priority == 1
    pauses.resume(house.ledger.mailbox)
    house.settle()
    assert house.the(other).state is FileState.DONE
    assert house.the(cancelled).reason == "cancelled by hand"


def busy(house: House) -> set[str]:
    return set(house.working.in_work)


def test_content_that_another_process_hears_is_waited_for(house: House) -> None:
    one, copy = film(house.root / "1.wav", 1), film(house.root / "copy.wav", 1)
    pauses.pause(house.ledger.mailbox)
    put(house, one)
    other = house.the(copy)
    # As a worker does it that was quicker.
    assert house.ledger.identities.begin(other, "big") is None
    house.jobs.queue.cancel(other.job_id or "")
    pauses.resume(house.ledger.mailbox)
    until(lambda: house.the(one).state is FileState.WAITING)
    assert house.the(one).reason == f"big works on the same content, {copy}"
    assert house.the(one).next_try_at is not None
    assert house.ear.recognised == 0
    now = house.the(copy)
    assert (now.state, now.worker) == (FileState.WORKING, "big")
    # The daemon's own job over that file has no say any more.
    assert not house.ledger.set_state(other.id, FileState.DONE, of_job=other)
    assert house.ledger.set_state(other.id, FileState.DONE, of_job=now)
    house.ledger.wake()
    house.settle()
    assert house.the(one).state is FileState.DONE


def test_jobs_that_could_not_be_written_down_are_planned_anew_but_none_of_another_process(
    house: House,
) -> None:
    one, two = film(house.root / "1.wav", 1), film(house.root / "2.wav", 2)
    pauses.pause(house.ledger.mailbox)
    put(house, one)
    until(lambda: house.working.in_work)
    theirs = house.the(one if house.the(one).job_id not in busy(house) else two)
    with sqlite3.connect(house.state / "work.sqlite") as database:  # a worker takes it
        database.execute(
            "UPDATE workflow_status SET status = 'PENDING', executor_id = 'big' "
            "WHERE workflow_uuid = ?",
            [theirs.job_id],
        )
    for _ in range(3):
        house.jobs.doubt()
        house.jobs.take_up_lost()
    assert house.the(theirs.path).job_id == theirs.job_id
    house.jobs.queue.cancel(theirs.job_id or "")  # it ended, and the ledger was not told
    for _ in range(2):
        house.jobs.doubt()
        house.jobs.take_up_lost()
    assert house.the(theirs.path).state is FileState.SETTLING
    assert house.jobs.queue.hand_on("big") == 0
    pauses.resume(house.ledger.mailbox)
    house.settle()
    assert {house.the(path).state for path in (one, two)} == {FileState.DONE}


def test_too_little_room_holds_what_would_begin(tmp_path: Path) -> None:
    house = House(tmp_path, f"[neighbour]\nlibrary_space = {10**9}")
    try:
        path = film(house.root / "a.wav", 1)
        put(house, path)
        until(lambda: house.the(path).state is FileState.WAITING)
        assert "MB free, fewer than 1000000000" in house.the(path).reason
        assert house.the(path).next_try_at is not None
        assert house.ear.recognised == 0
    finally:
        house.close()


def test_halts_are_told_to_other_processes_and_forgotten_by_the_next_life(house: House) -> None:
    mailbox = house.ledger.mailbox
    halts = Halts(mailbox)
    halts.guard(True)
    assert halts.first() is not None
    assert Told(mailbox).first() is None
    halts.put("battery", Halt("the machine runs on its battery"))
    halts.put("memory", Halt("little memory", at_once=False))
    assert halts.at_once
    assert Told(mailbox).first() == "the machine runs on its battery"
    halts.put("battery", None)
    assert not halts.at_once
    assert halts.first() == "little memory"
    Halts(mailbox)
    assert Told(mailbox).first() is None


def test_a_pause_for_a_while_ends_by_itself_and_survives_a_restart(house: House) -> None:
    mailbox, now = house.ledger.mailbox, time.time()
    pauses.pause(mailbox, until=now + 60)
    pauses.pause(mailbox, "films")
    house.close()
    house.open()
    mailbox = house.ledger.mailbox
    assert pauses.pauses(mailbox, now) == [
        pauses.Pause("", float(f"{now + 60:.0f}")),
        pauses.Pause("films"),
    ]
    assert pauses.pauses(mailbox, now + 61) == [pauses.Pause("films")]


def test_log_lines_of_a_job_know_its_id(house: House) -> None:
    seen = set[str]()
    heard = house.ear.transcribe

    def transcribe(audio: Audio, request: Request) -> Transcript:
        seen.add(JOB.get())
        return heard(audio, request)

    house.ear.transcribe = transcribe  # type: ignore[method-assign]
    path = film(house.root / "a.wav", 1)
    house.scan()
    content = house.the(path).content_id
    assert content is not None
    (job,) = seen
    assert job.startswith(content[:16])
    assert JOB.get() == ""
