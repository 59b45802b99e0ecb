"""A request with an Idempotency-Key is done once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitled.db.database import Database
from subtitled.web.api.idempotency import KEPT_SECONDS, Answer, IdempotentRequests
from subtitled.web.api.problems import ApiError


class Work:
    """What a request does: it counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Answer:
        self.times += 1
        return Answer(202, {"time": self.times})


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "subtitled.sqlite")
    yield opened
    opened.close()


def requests_at(db: Database, clock: list[float]) -> IdempotentRequests:
    return IdempotentRequests(db.kv, lambda: clock[0])


def fails_with(status: int, act: Callable[[], object]) -> None:
    with pytest.raises(ApiError) as caught:
        act()
    assert caught.value.status == status
    assert caught.value.hint


def test_a_repeated_request_gives_the_first_answer_also_after_a_restart(db: Database) -> None:
    work, clock = Work(), [1000.0]
    first = requests_at(db, clock).run("key:a", "k", "POST /x {}", work)
    assert first == Answer(202, {"time": 1})
    clock[0] += KEPT_SECONDS - 1
    again = requests_at(db, clock).run("key:a", "k", "POST /x {}", work)
    assert again == Answer(202, {"time": 1}, is_repeated=True)
    clock[0] += 2
    assert requests_at(db, clock).run("key:a", "k", "POST /x {}", work).body == {"time": 2}


def test_a_clock_that_is_set_back_makes_no_request_twice(db: Database) -> None:
    work, clock = Work(), [100_000.0]
    requests = requests_at(db, clock)
    requests.run("key:a", "k", "POST /x", work)
    clock[0] -= 3600
    assert requests.run("key:a", "k", "POST /x", work).is_repeated
    assert work.times == 1


def test_another_body_with_the_same_key_is_refused_and_another_caller_is_not(
    db: Database,
) -> None:
    work = Work()
    requests = requests_at(db, [0.0])
    requests.run("key:a", "k", 'POST /x {"a": 1}', work)
    fails_with(422, lambda: requests.run("key:a", "k", 'POST /x {"a": 2}', work))
    fails_with(422, lambda: requests.run("key:a", "k", 'POST /y {"a": 1}', work))
    assert not requests.run("session:a", "k", 'POST /x {"a": 2}', work).is_repeated
    assert not requests.run("key:a", "other", 'POST /x {"a": 2}', work).is_repeated
    for _ in range(2):
        assert not requests.run("key:a", None, "POST /x", work).is_repeated
    assert work.times == 5


def test_while_a_request_runs_the_same_one_is_told_to_wait(db: Database) -> None:
    requests, inside, goes_on = requests_at(db, [0.0]), threading.Event(), threading.Event()

    def slow() -> Answer:
        inside.set()
        assert goes_on.wait(30)
        return Answer(202, "slow")

    thread = threading.Thread(target=lambda: requests.run("key:a", "k", "POST /x", slow))
    thread.start()
    assert inside.wait(30)
    fails_with(409, lambda: requests.run("key:a", "k", "POST /x", Work()))
    goes_on.set()
    thread.join()
    assert requests.run("key:a", "k", "POST /x", Work()).body == "slow"


def test_a_request_that_failed_may_be_sent_again(db: Database) -> None:
    requests = requests_at(db, [0.0])

    def fail() -> Answer:
        raise ValueError

    with pytest.raises(ValueError):
        requests.run("key:a", "k", "POST /x", fail)
    assert requests.run("key:a", "k", "POST /x", Work()).body == {"time": 1}


def test_old_answers_are_deleted_and_of_too_many_the_oldest(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subtitled.web.api.idempotency.MAX_KEPT", 3)
    monkeypatch.setattr("subtitled.web.api.idempotency.PRUNE_INTERVAL", 0)
    clock = [0.0]
    requests = requests_at(db, clock)
    for number in range(8):
        clock[0] += 1
        requests.run("key:a", f"k{number}", "POST /x", Work())
    assert len(db.kv.get_prefix("idempotency:")) == 3
    assert requests.run("key:a", "k7", "POST /x", Work()).is_repeated
    clock[0] += KEPT_SECONDS
    requests.run("key:a", "new", "POST /x", Work())
    assert len(db.kv.get_prefix("idempotency:")) == 1
