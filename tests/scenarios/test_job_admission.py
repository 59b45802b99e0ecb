"""The job gate: jobs that wait or are deferred, without doing anything twice."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitled.db.records import FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobs import pauses
from subtitled.jobs.log_context import current_job
from subtitled.jobs.throttle_state import RemoteThrottles, Throttle, ThrottleRegistry
from subtitled.plugin import Audio, Transcript, TranscriptionRequest, TransientError
from support.harness import Harness, film


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    created = Harness(tmp_path)
    yield created
    created.close()


def until(true: Callable[[], object], limit: float = 30.0) -> None:
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def put(harness: Harness, path: Path) -> None:
    """Notice a file and queue it without waiting for its result."""
    harness.intake.scan("films")
    for record in harness.intake.ready_files(time.time() + 1):
        harness.jobs.plan(record)
    assert harness.the(path).state is not FileState.STABILISING


def stored_chunks(harness: Harness) -> dict[str, int]:
    return {
        str(path.relative_to(harness.state)): path.stat().st_mtime_ns
        for path in (harness.state / "transcripts").rglob("*-*.json")
    }


def pause_after_the_first(harness: Harness, library: str = "") -> None:
    """Pause while the first chunk is transcribed."""
    original_transcribe = harness.engine.transcribe

    def transcribe(audio: Audio, request: TranscriptionRequest) -> Transcript:
        if harness.engine.recognised == 0:
            pauses.pause(harness.database.kv, library)
        return original_transcribe(audio, request)

    harness.engine.transcribe = transcribe  # type: ignore[method-assign]


def test_a_pause_of_everything_holds_the_job_where_it_is(harness: Harness) -> None:
    pause_after_the_first(harness)
    path = film(harness.root / "a.wav", 1)
    put(harness, path)
    until(lambda: harness.engine.recognised == 1)
    time.sleep(1.5)
    assert harness.the(path).state is FileState.WORKING
    assert harness.engine.recognised == 1
    before = stored_chunks(harness)
    pauses.resume(harness.database.kv)
    harness.settle()
    assert harness.the(path).state is FileState.DONE
    assert harness.engine.recognised == len(stored_chunks(harness)) > 1
    assert before.items() <= stored_chunks(harness).items()


def test_a_pause_of_one_library_sets_its_job_aside_and_nothing_is_done_twice(
    harness: Harness,
) -> None:
    pause_after_the_first(harness, "films")
    path = film(harness.root / "a.wav", 1)
    put(harness, path)
    until(lambda: harness.the(path).state is FileState.WAITING)
    record = harness.the(path)
    assert record.reason.startswith("library films is paused; resume with: subtitled queue resume")
    assert (record.attempts, record.job_id, record.next_check_at) == (0, None, None)
    before = stored_chunks(harness)
    assert len(before) == 1
    harness.close()
    harness.open()  # a restart looks again, and finds it paused still
    harness.settle()
    assert harness.the(path).state is FileState.WAITING
    pauses.resume(harness.database.kv, "films")
    assert harness.database.states.wake_waiting() == 1
    harness.settle()
    assert harness.the(path).state is FileState.DONE
    assert before.items() <= stored_chunks(harness).items()
    assert harness.engine.recognised == len(stored_chunks(harness)) - 1


def test_outside_its_hours_a_library_is_not_even_looked_into(tmp_path: Path) -> None:
    never = '[schedule]\ntimezone = "UTC"\n[schedule.libraries.films]\nquiet_hours = ["daily"]'
    harness = Harness(tmp_path, never)
    try:
        path = film(harness.root / "a.wav", 1)
        put(harness, path)
        record = harness.the(path)
        assert record.state is FileState.WAITING
        assert record.reason == "the hours of library films are over for more than a year"
        assert not harness.jobs.queue.active_jobs()
    finally:
        harness.close()


def test_an_engine_that_is_down_is_waited_for_and_no_attempt_is_counted(harness: Harness) -> None:
    original_transcribe = harness.engine.transcribe

    def down(audio: Audio, request: TranscriptionRequest) -> Transcript:
        raise TransientError("the cloud is away", "Wait")

    harness.engine.transcribe = down  # type: ignore[method-assign]
    films = [film(harness.root / f"{number}.wav", number) for number in range(5)]
    harness.intake.scan("films")
    deadline = time.monotonic() + 120
    while {harness.the(path).state for path in films} != {FileState.WAITING}:
        for record in harness.intake.ready_files(time.time() + 1):
            harness.jobs.plan(record)
        assert time.monotonic() < deadline, [harness.the(path) for path in films]
        time.sleep(0.05)
    attempts = sum(harness.the(path).attempts for path in films)
    assert 3 <= attempts <= 5  # of those that found out
    (why,) = {harness.the(path).reason for path in films}
    assert why.startswith("engine whisper failed 3 times in a row (the cloud is away)")
    assert "subtitled engine reset whisper" in why
    harness.engine.transcribe = original_transcribe  # type: ignore[method-assign]
    assert harness.working.gate.blocked_for_engine("whisper") is not None
    assert CircuitBreakers(harness.database.kv).reset("whisper")
    assert harness.database.states.wake_waiting() == 5
    harness.settle()
    assert {harness.the(path).state for path in films} == {FileState.DONE}


def test_what_waits_at_the_door_can_be_cancelled_and_hurried(harness: Harness) -> None:
    pauses.pause(harness.database.kv)
    one, two = film(harness.root / "1.wav", 1), film(harness.root / "2.wav", 2)
    put(harness, one)
    until(lambda: harness.working.active_jobs)
    harness.jobs.cancel(harness.the(one if harness.the(one).job_id in busy(harness) else two))
    until(lambda: FileState.FAILED in {harness.the(one).state, harness.the(two).state})
    cancelled = one if harness.the(one).state is FileState.FAILED else two
    other = two if cancelled == one else one
    harness.jobs.prioritise(harness.the(other), 1)
    assert harness.the(other).priority == 1
    pauses.resume(harness.database.kv)
    harness.settle()
    assert harness.the(other).state is FileState.DONE
    assert harness.the(cancelled).reason == "cancelled by the user"


def busy(harness: Harness) -> set[str]:
    return set(harness.working.active_jobs)


def test_file_waits_for_another_process_with_the_same_content(harness: Harness) -> None:
    one, copy = film(harness.root / "1.wav", 1), film(harness.root / "copy.wav", 1)
    pauses.pause(harness.database.kv)
    put(harness, one)
    other = harness.the(copy)
    # As a worker does it that was quicker.
    assert harness.database.files.claim(other, "big") is None
    harness.jobs.queue.cancel(other.job_id or "")
    pauses.resume(harness.database.kv)
    until(lambda: harness.the(one).state is FileState.WAITING)
    assert harness.the(one).reason == f"big works on a file with the same content, {copy}"
    assert harness.the(one).next_check_at is not None
    assert harness.engine.recognised == 0
    now = harness.the(copy)
    assert (now.state, now.worker) == (FileState.WORKING, "big")
    # The daemon's own job over that file has no say any more.
    assert not harness.database.states.set_state(other.id, FileState.DONE, expected_job=other)
    assert harness.database.states.set_state(other.id, FileState.DONE, expected_job=now)
    harness.database.states.wake_waiting()
    harness.settle()
    assert harness.the(one).state is FileState.DONE


def test_jobs_that_could_not_be_stored_are_planned_again_except_of_other_processes(
    harness: Harness,
) -> None:
    one, two = film(harness.root / "1.wav", 1), film(harness.root / "2.wav", 2)
    pauses.pause(harness.database.kv)
    put(harness, one)
    until(lambda: harness.working.active_jobs)
    theirs = harness.the(one if harness.the(one).job_id not in busy(harness) else two)
    with sqlite3.connect(harness.state / "jobs.sqlite") as database:  # a worker takes it
        database.execute(
            "UPDATE workflow_status SET status = 'PENDING', executor_id = 'big' "
            "WHERE workflow_uuid = ?",
            [theirs.job_id],
        )
    for _ in range(3):
        harness.jobs.request_reconcile()
        harness.jobs.reconcile()
    assert harness.the(theirs.path).job_id == theirs.job_id
    harness.jobs.queue.cancel(theirs.job_id or "")  # it ended, and the database does not know
    for _ in range(2):
        harness.jobs.request_reconcile()
        harness.jobs.reconcile()
    assert harness.the(theirs.path).state is FileState.STABILISING
    assert harness.jobs.queue.requeue("big") == 0
    pauses.resume(harness.database.kv)
    harness.settle()
    assert {harness.the(path).state for path in (one, two)} == {FileState.DONE}


def play_after_the_first(harness: Harness, *watched: Path) -> None:
    """Begin to watch some films while the first chunk is transcribed."""
    original_transcribe = harness.engine.transcribe

    def transcribe(audio: Audio, request: TranscriptionRequest) -> Transcript:
        if harness.engine.recognised == 0:
            playback = Throttle("a film is being played", exempt_paths=frozenset(watched))
            harness.working.throttles.put("playback den", playback)
        return original_transcribe(audio, request)

    harness.engine.transcribe = transcribe  # type: ignore[method-assign]


def test_the_film_that_is_watched_gets_its_subtitles_while_it_is_watched(harness: Harness) -> None:
    path = film(harness.root / "a.wav", 1)
    play_after_the_first(harness, path)
    put(harness, path)
    until(lambda: harness.the(path).state is FileState.DONE)
    assert harness.working.throttles.first_reason() == "a film is being played"


def test_other_work_makes_room_for_the_film_that_is_watched_and_waits_then(
    harness: Harness,
) -> None:
    other, watched = harness.root / "other.wav", harness.root / "watched.wav"
    play_after_the_first(harness, watched)
    put(harness, film(other, 1))
    until(lambda: harness.engine.recognised == 1)
    film(watched, 2)
    put(harness, watched)
    until(lambda: harness.the(watched).state is FileState.DONE)
    record = harness.the(other)
    assert (record.state, record.reason) == (FileState.WAITING, "a film is being played")
    assert (record.attempts, record.next_check_at) != (1, None)
    before = stored_chunks(harness)
    harness.database.states.wake_waiting()
    put(harness, other)
    until(lambda: harness.working.active_jobs)
    time.sleep(1.5)
    assert harness.the(other).state is FileState.QUEUED, "nothing else is worked on"
    harness.working.throttles.put("playback den", None)
    harness.settle()
    assert harness.the(other).state is FileState.DONE
    assert before.items() <= stored_chunks(harness).items()


def test_a_pause_holds_the_film_that_is_watched_too(harness: Harness) -> None:
    other, watched = film(harness.root / "1.wav", 1), film(harness.root / "2.wav", 2)
    pauses.pause(harness.database.kv)
    playback = Throttle("a film is being played", exempt_paths=frozenset({watched}))
    harness.working.throttles.put("playback den", playback)
    put(harness, watched)
    time.sleep(1.5)
    assert {harness.the(path).state for path in (other, watched)} == {FileState.QUEUED}
    assert harness.engine.recognised == 0


def test_too_little_room_holds_what_would_begin(tmp_path: Path) -> None:
    harness = Harness(tmp_path, f"[throttle]\nmin_free_library_mb = {10**9}")
    try:
        path = film(harness.root / "a.wav", 1)
        put(harness, path)
        until(lambda: harness.the(path).state is FileState.WAITING)
        assert "MB free, fewer than 1000000000" in harness.the(path).reason
        assert harness.the(path).next_check_at is not None
        assert harness.engine.recognised == 0
    finally:
        harness.close()


def test_throttle_pauses_reach_other_processes_and_end_with_a_restart(harness: Harness) -> None:
    mailbox = harness.database.kv
    halts = ThrottleRegistry(mailbox)
    halts.hold_new_jobs(True)
    assert halts.first_reason() is not None
    assert RemoteThrottles(mailbox).first_reason() is None
    halts.put("battery", Throttle("the machine runs on its battery"))
    halts.put("memory", Throttle("little memory", is_immediate=False))
    assert halts.is_immediate()
    assert RemoteThrottles(mailbox).first_reason() == "the machine runs on its battery"
    halts.put("battery", None)
    assert not halts.is_immediate()
    assert halts.first_reason() == "little memory"
    ThrottleRegistry(mailbox)
    assert RemoteThrottles(mailbox).first_reason() is None


def test_a_pause_for_a_while_ends_by_itself_and_survives_a_restart(harness: Harness) -> None:
    mailbox, now = harness.database.kv, time.time()
    pauses.pause(mailbox, until=now + 60)
    pauses.pause(mailbox, "films")
    harness.close()
    harness.open()
    mailbox = harness.database.kv
    assert pauses.active_pauses(mailbox, now) == [
        pauses.Pause("", now + 60),
        pauses.Pause("films"),
    ]
    assert pauses.active_pauses(mailbox, now + 61) == [pauses.Pause("films")]


def test_log_lines_of_a_job_know_its_id(harness: Harness) -> None:
    seen = set[str]()
    original_transcribe = harness.engine.transcribe

    def transcribe(audio: Audio, request: TranscriptionRequest) -> Transcript:
        seen.add(current_job.get())
        return original_transcribe(audio, request)

    harness.engine.transcribe = transcribe  # type: ignore[method-assign]
    path = film(harness.root / "a.wav", 1)
    harness.scan()
    content = harness.the(path).fingerprint
    assert content is not None
    (job,) = seen
    assert job.startswith(content[:16])
    assert current_job.get() == ""
