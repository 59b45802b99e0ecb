"""The job gate: jobs that wait or are deferred, without doing anything twice."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from house import House, film

from subtitled.db.records import FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobs import gate
from subtitled.jobs.log_context import current_job
from subtitled.jobs.throttle_state import RemoteThrottles, Throttle, ThrottleRegistry
from subtitled.plugin import Audio, Transcript, TranscriptionRequest, TransientError


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
    """Notice a file and queue it without waiting for its result."""
    house.intake.scan("films")
    for record in house.intake.ready_files(time.time() + 1):
        house.jobs.plan(record)
    assert house.the(path).state is not FileState.STABILISING


def stretches(house: House) -> dict[str, int]:
    return {
        str(path.relative_to(house.state)): path.stat().st_mtime_ns
        for path in (house.state / "transcripts").rglob("*-*.json")
    }


def pause_after_the_first(house: House, library: str = "") -> None:
    """Pause while the first chunk is transcribed."""
    heard = house.ear.transcribe

    def transcribe(audio: Audio, request: TranscriptionRequest) -> Transcript:
        if house.ear.recognised == 0:
            gate.pause(house.ledger.kv, library)
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
    gate.resume(house.ledger.kv)
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
    assert record.reason.startswith("library films is paused; resume with: subtitled queue resume")
    assert (record.attempts, record.job_id, record.next_check_at) == (0, None, None)
    before = stretches(house)
    assert len(before) == 1
    house.close()
    house.open()  # a restart looks again, and finds it paused still
    house.settle()
    assert house.the(path).state is FileState.WAITING
    gate.resume(house.ledger.kv, "films")
    assert house.ledger.wake_waiting() == 1
    house.settle()
    assert house.the(path).state is FileState.DONE
    assert before.items() <= stretches(house).items()
    assert house.ear.recognised == len(stretches(house)) - 1


def test_outside_its_hours_a_library_is_not_even_looked_into(tmp_path: Path) -> None:
    never = '[schedule]\ntimezone = "UTC"\n[schedule.libraries.films]\nquiet_hours = ["daily"]'
    house = House(tmp_path, never)
    try:
        path = film(house.root / "a.wav", 1)
        put(house, path)
        record = house.the(path)
        assert record.state is FileState.WAITING
        assert record.reason == "the hours of library films are over for more than a year"
        assert not house.jobs.queue.active_jobs()
    finally:
        house.close()


def test_an_engine_that_is_down_is_waited_for_and_no_attempt_is_counted(house: House) -> None:
    heard = house.ear.transcribe

    def down(audio: Audio, request: TranscriptionRequest) -> Transcript:
        raise TransientError("the cloud is away", "Wait")

    house.ear.transcribe = down  # type: ignore[method-assign]
    films = [film(house.root / f"{number}.wav", number) for number in range(5)]
    house.intake.scan("films")
    deadline = time.monotonic() + 30
    while {house.the(path).state for path in films} != {FileState.WAITING}:
        for record in house.intake.ready_files(time.time() + 1):
            house.jobs.plan(record)
        assert time.monotonic() < deadline, [house.the(path) for path in films]
        time.sleep(0.05)
    attempts = sum(house.the(path).attempts for path in films)
    assert 3 <= attempts <= 5  # of those that found out
    (why,) = {house.the(path).reason for path in films}
    assert why.startswith("engine whisper failed 3 times in a row (the cloud is away)")
    assert "subtitled engine reset whisper" in why
    house.ear.transcribe = heard  # type: ignore[method-assign]
    assert house.working.gate.blocked_for_engine("whisper") is not None
    assert CircuitBreakers(house.ledger.kv).reset("whisper")
    assert house.ledger.wake_waiting() == 5
    house.settle()
    assert {house.the(path).state for path in films} == {FileState.DONE}


def test_what_waits_at_the_door_can_be_cancelled_and_hurried(house: House) -> None:
    gate.pause(house.ledger.kv)
    one, two = film(house.root / "1.wav", 1), film(house.root / "2.wav", 2)
    put(house, one)
    until(lambda: house.working.active_jobs)
    house.jobs.cancel(house.the(one if house.the(one).job_id in busy(house) else two))
    until(lambda: FileState.FAILED in {house.the(one).state, house.the(two).state})
    cancelled = one if house.the(one).state is FileState.FAILED else two
    other = two if cancelled == one else one
    house.jobs.prioritise(house.the(other), 1)
    assert house.the(other).priority == 1
    gate.resume(house.ledger.kv)
    house.settle()
    assert house.the(other).state is FileState.DONE
    assert house.the(cancelled).reason == "cancelled by the user"


def busy(house: House) -> set[str]:
    return set(house.working.active_jobs)


def test_content_that_another_process_hears_is_waited_for(house: House) -> None:
    one, copy = film(house.root / "1.wav", 1), film(house.root / "copy.wav", 1)
    gate.pause(house.ledger.kv)
    put(house, one)
    other = house.the(copy)
    # As a worker does it that was quicker.
    assert house.ledger.files.claim(other, "big") is None
    house.jobs.queue.cancel(other.job_id or "")
    gate.resume(house.ledger.kv)
    until(lambda: house.the(one).state is FileState.WAITING)
    assert house.the(one).reason == f"big works on a file with the same content, {copy}"
    assert house.the(one).next_check_at is not None
    assert house.ear.recognised == 0
    now = house.the(copy)
    assert (now.state, now.worker) == (FileState.WORKING, "big")
    # The daemon's own job over that file has no say any more.
    assert not house.ledger.set_state(other.id, FileState.DONE, expected_job=other)
    assert house.ledger.set_state(other.id, FileState.DONE, expected_job=now)
    house.ledger.wake_waiting()
    house.settle()
    assert house.the(one).state is FileState.DONE


def test_jobs_that_could_not_be_written_down_are_planned_anew_but_none_of_another_process(
    house: House,
) -> None:
    one, two = film(house.root / "1.wav", 1), film(house.root / "2.wav", 2)
    gate.pause(house.ledger.kv)
    put(house, one)
    until(lambda: house.working.active_jobs)
    theirs = house.the(one if house.the(one).job_id not in busy(house) else two)
    with sqlite3.connect(house.state / "jobs.sqlite") as database:  # a worker takes it
        database.execute(
            "UPDATE workflow_status SET status = 'PENDING', executor_id = 'big' "
            "WHERE workflow_uuid = ?",
            [theirs.job_id],
        )
    for _ in range(3):
        house.jobs.request_reconcile()
        house.jobs.reconcile()
    assert house.the(theirs.path).job_id == theirs.job_id
    house.jobs.queue.cancel(theirs.job_id or "")  # it ended, and the ledger was not told
    for _ in range(2):
        house.jobs.request_reconcile()
        house.jobs.reconcile()
    assert house.the(theirs.path).state is FileState.STABILISING
    assert house.jobs.queue.requeue("big") == 0
    gate.resume(house.ledger.kv)
    house.settle()
    assert {house.the(path).state for path in (one, two)} == {FileState.DONE}


def test_too_little_room_holds_what_would_begin(tmp_path: Path) -> None:
    house = House(tmp_path, f"[throttle]\nmin_free_library_mb = {10**9}")
    try:
        path = film(house.root / "a.wav", 1)
        put(house, path)
        until(lambda: house.the(path).state is FileState.WAITING)
        assert "MB free, fewer than 1000000000" in house.the(path).reason
        assert house.the(path).next_check_at is not None
        assert house.ear.recognised == 0
    finally:
        house.close()


def test_halts_are_told_to_other_processes_and_forgotten_by_the_next_life(house: House) -> None:
    mailbox = house.ledger.kv
    halts = ThrottleRegistry(mailbox)
    halts.hold_new_jobs(True)
    assert halts.first_reason() is not None
    assert RemoteThrottles(mailbox).first_reason() is None
    halts.put("battery", Throttle("the machine runs on its battery"))
    halts.put("memory", Throttle("little memory", is_immediate=False))
    assert halts.is_immediate
    assert RemoteThrottles(mailbox).first_reason() == "the machine runs on its battery"
    halts.put("battery", None)
    assert not halts.is_immediate
    assert halts.first_reason() == "little memory"
    ThrottleRegistry(mailbox)
    assert RemoteThrottles(mailbox).first_reason() is None


def test_a_pause_for_a_while_ends_by_itself_and_survives_a_restart(house: House) -> None:
    mailbox, now = house.ledger.kv, time.time()
    gate.pause(mailbox, until=now + 60)
    gate.pause(mailbox, "films")
    house.close()
    house.open()
    mailbox = house.ledger.kv
    assert gate.active_pauses(mailbox, now) == [
        gate.Pause("", float(f"{now + 60:.0f}")),
        gate.Pause("films"),
    ]
    assert gate.active_pauses(mailbox, now + 61) == [gate.Pause("films")]


def test_log_lines_of_a_job_know_its_id(house: House) -> None:
    seen = set[str]()
    heard = house.ear.transcribe

    def transcribe(audio: Audio, request: TranscriptionRequest) -> Transcript:
        seen.add(current_job.get())
        return heard(audio, request)

    house.ear.transcribe = transcribe  # type: ignore[method-assign]
    path = film(house.root / "a.wav", 1)
    house.scan()
    content = house.the(path).fingerprint
    assert content is not None
    (job,) = seen
    assert job.startswith(content[:16])
    assert current_job.get() == ""
