"""A request that one address fails is made at another one, and never paid for twice."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from subtitled.plugin import InputRejectedError, SetupError, SubtitledError, TransientError
from subtitled_plugins.openai.address_health import AddressHealth
from subtitled_plugins.openai.pool import Address, AddressPool

LOG = logging.getLogger("subtitled.plugin.pool-test")
DEADLINE = 60.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make_pool(number: int, clock: Clock, *, is_free: bool = True, limit: int = 2) -> AddressPool:
    client: Any = SimpleNamespace()
    members = [
        Address(client, AddressHealth(name=f"host{one}", limit=limit)) for one in range(number)
    ]
    return AddressPool(members, is_free=is_free, log=LOG, clock=clock)


class Servers:
    """Answers with the name of the address, or raises the error that was set for it."""

    def __init__(self) -> None:
        self.errors: dict[str, SubtitledError] = {}
        self.asked: list[str] = []

    def __call__(self, address: Address) -> str:
        name = address.health.name
        self.asked.append(name)
        if name in self.errors:
            raise self.errors[name]
        return name


def test_a_dead_address_costs_one_request_and_is_told_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pool, servers = make_pool(2, clock := Clock()), Servers()
    servers.errors["host0"] = TransientError("it does not answer", "Look at it")
    with caplog.at_level(logging.INFO, LOG.name):
        assert [pool.run(servers, 30.0) for _ in range(4)] == ["host1"] * 4
        assert servers.asked.count("host0") == 1
        assert caplog.messages == ["host0 is left out for 10 s: it does not answer. Look at it"]
        clock.now = 11.0
        servers.errors.clear()
        assert {pool.run(servers, 30.0) for _ in range(2)} == {"host0"}
    assert caplog.messages[1:] == ["host0 answers again"]


def test_a_refused_key_of_one_address_is_no_reason_to_give_up() -> None:
    pool, servers = make_pool(3, Clock(), is_free=False), Servers()
    servers.errors = {
        "host0": SetupError("the key is refused", "Set a key"),
        "host1": TransientError("it answers 503", nothing_done=True),
    }
    assert pool.run(servers, 30.0) == "host2"
    assert servers.asked == ["host0", "host1", "host2"]


def test_what_may_have_been_made_is_not_paid_for_twice() -> None:
    pool, servers = make_pool(2, Clock(), is_free=False), Servers()
    servers.errors["host0"] = TransientError("it broke off")
    with pytest.raises(TransientError, match="it broke off"):
        pool.run(servers, 30.0)
    assert servers.asked == ["host0"]
    assert pool.run(servers, 30.0) == "host1", "the next request avoids it all the same"


def test_sound_that_is_refused_is_no_fault_of_the_address() -> None:
    pool, servers = make_pool(2, Clock()), Servers()
    servers.errors["host0"] = InputRejectedError("it does not take this")
    with pytest.raises(InputRejectedError):
        pool.run(servers, 30.0)
    servers.errors.clear()
    assert pool.run(servers, 30.0) == "host0"


def test_if_all_fail_each_is_named_and_what_may_pass_decides() -> None:
    pool, servers = make_pool(3, Clock()), Servers()
    servers.errors = {
        "host0": SetupError("a refuses the key", "Set a key"),
        "host1": TransientError("b is down", "Look at b", 70.0),
        "host2": TransientError("c is down", "Look at c", 20.0),
    }
    with pytest.raises(TransientError) as raised:
        pool.run(servers, 30.0)
    assert raised.value.message == (
        "none of 3 addresses answers: a refuses the key; b is down; c is down"
    )
    assert (raised.value.hint, raised.value.retry_after) == ("Look at b", 20.0)
    assert sorted(servers.asked) == ["host0", "host1", "host2"]
    servers.errors = {f"host{one}": SetupError("no", "Set a key") for one in range(3)}
    with pytest.raises(SetupError):
        pool.run(servers, 30.0)


def test_a_single_address_is_never_left_out_and_its_error_is_told_as_it_is() -> None:
    pool, servers = make_pool(1, Clock()), Servers()
    error = servers.errors["host0"] = TransientError("it is down", "Look at it")
    for _ in range(3):
        with pytest.raises(TransientError) as raised:
            pool.run(servers, 30.0)
        assert raised.value is error
    servers.errors.clear()
    assert pool.run(servers, 30.0) == "host0"


def test_a_slow_address_is_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    pool, clock = make_pool(2, Clock(), limit=1), Clock()
    pool = make_pool(2, clock, limit=1)
    seconds = {"host0": 60.0, "host1": 3.0}
    order: list[str] = []

    def call(address: Address) -> str:
        clock.now += seconds[address.health.name]
        order.append(address.health.name)
        return address.health.name

    with caplog.at_level(logging.WARNING, LOG.name):
        for number in (0, 1) * 3:
            # Both get three requests: the other one is busy meanwhile.
            other = pool.addresses[1 - number].health
            other.in_flight = 1
            pool.run(call, 60.0)
            other.in_flight = 0
        other = pool.addresses[1].health
        other.in_flight = 1
        pool.run(call, 60.0)
        other.in_flight = 0
    assert caplog.messages == [
        "host0 is left out for 10 s: it takes 20 times as long as host1 for a second of sound, by "
        "their weights"
    ]
    assert {pool.run(call, 60.0) for _ in range(2)} == {"host1"}
    clock.now += 10.0
    caplog.clear()
    pool.addresses[1].health.in_flight = 1
    with caplog.at_level(logging.WARNING, LOG.name):
        for _ in range(3):
            pool.run(call, 60.0)
    assert [message[:26] for message in caplog.messages] == ["host0 is left out for 20 s"]


def test_requests_beyond_the_limits_wait_for_their_turn_and_all_are_answered() -> None:
    pool, go = make_pool(2, Clock(), limit=1), threading.Event()
    lock, busiest = threading.Lock(), [0, 0]

    def call(address: Address) -> str:
        number = int(address.health.name[-1])
        with lock:
            busiest[number] = max(busiest[number], address.health.in_flight)
        assert go.wait(DEADLINE)
        return address.health.name

    with ThreadPoolExecutor(6) as threads:
        answers = [threads.submit(pool.run, call, 30.0) for _ in range(6)]
        go.set()
        names = [answer.result(DEADLINE) for answer in answers]
    assert len(names) == 6
    assert busiest == [1, 1] or max(busiest) == 1
    assert [one.health.in_flight for one in pool.addresses] == [0, 0]


def test_a_request_that_nobody_waits_for_does_not_wait_for_its_turn() -> None:
    pool = make_pool(1, Clock(), limit=1)
    pool.addresses[0].health.in_flight = 1
    with pytest.raises(TransientError, match="cancelled"):
        pool.run(Servers(), 30.0, lambda: True)


def test_a_fault_of_our_own_leaves_the_address_as_it_was() -> None:
    pool = make_pool(2, Clock())

    def call(address: Address) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        pool.run(call, 30.0)
    assert [(one.health.in_flight, one.health.failures) for one in pool.addresses] == [(0, 0)] * 2
