"""The next request goes to the address with the least to do, and to none that fails."""

from __future__ import annotations

import pytest

from subtitled.plugin import InputRejectedError, SetupError, SubtitledError, TransientError
from subtitled_plugins.openai.address_health import (
    AddressHealth,
    choose_address,
    find_faster,
    may_try_another,
    note_answer,
    note_failure,
    note_slow,
)


def addresses(*weights: float, limit: int = 10) -> list[AddressHealth]:
    return [
        AddressHealth(name=f"host{number}", weight=weight, limit=limit)
        for number, weight in enumerate(weights)
    ]


@pytest.mark.parametrize(
    ("weights", "requests", "expected"),
    [((1, 1), 6, [3, 3]), ((3, 1), 8, [6, 2]), ((0.5, 1), 6, [2, 4]), ((1,), 3, [3])],
)
def test_requests_in_flight_are_in_proportion_to_the_weights(
    weights: tuple[float, ...], requests: int, expected: list[int]
) -> None:
    pool = addresses(*weights)
    for _ in range(requests):
        number = choose_address(pool, (), 0.0)
        assert number is not None
        pool[number].in_flight += 1
    assert [one.in_flight for one in pool] == expected


def test_a_full_address_gets_no_more_and_the_request_waits() -> None:
    pool = addresses(1, 1, limit=1)
    pool[0].in_flight = 1
    assert choose_address(pool, (), 0.0) == 1
    pool[1].in_flight = 1
    assert choose_address(pool, (), 0.0) is None


def test_an_address_that_failed_is_left_out_and_then_gets_one_request() -> None:
    pool = addresses(1, 1)
    assert note_failure(pool[0], TransientError("x"), now=100.0) == 10.0
    pool[1].in_flight = 5
    assert choose_address(pool, (), 109.9) == 1
    assert choose_address(pool, (), 110.0) == 0
    pool[0].in_flight = 1
    assert choose_address(pool, (), 111.0) == 1, "a second one before the first is answered"
    note_answer(pool[0], 60.0, 6.0)
    assert choose_address(pool, (), 111.0) == 0


def test_the_time_doubles_with_each_failure_up_to_ten_minutes_and_ends_with_an_answer() -> None:
    (one,), times = addresses(1), list[float]()
    for _ in range(9):
        times.append(note_failure(one, TransientError("x"), one.out_until))
    assert times == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    note_answer(one, 10.0, 1.0)
    assert note_failure(one, TransientError("x"), 0.0) == 10.0
    assert note_failure(one, TransientError("x", "", 900.0), 10.0) == 900.0


def test_requests_that_fail_together_count_as_one_failure() -> None:
    (one,) = addresses(1)
    assert [note_failure(one, TransientError("x"), 0.0) for _ in range(8)] == [10.0] * 8
    assert note_failure(one, TransientError("x", "", 30.0), 5.0) == 30.0, "what it asks for counts"
    assert note_failure(one, TransientError("x"), 35.0) == 20.0
    (slow,) = addresses(1)
    note_slow(slow, 0.0)
    note_failure(slow, TransientError("x"), 1.0)
    assert slow.is_on_trial


def test_if_all_are_left_out_the_one_that_returns_first_is_tried() -> None:
    pool = addresses(1, 1, 1)
    for number, until in enumerate((300.0, 200.0, 100.0)):
        pool[number].out_until, pool[number].failures = until, 1
    assert choose_address(pool, (), 0.0) == 2
    assert choose_address(pool, (2,), 0.0) == 1
    assert choose_address(pool, (1, 2), 0.0) == 0


def test_if_all_are_left_out_none_gets_more_than_its_limit() -> None:
    pool = addresses(1, 1, limit=2)
    for one, until in zip(pool, (300.0, 200.0), strict=True):
        one.out_until, one.failures = until, 1
    for expected in (1, 1, 0, 0):
        assert choose_address(pool, (), 0.0) == expected
        pool[expected].in_flight += 1
    assert choose_address(pool, (), 0.0) is None, "the request waits for one of those"


def test_one_that_failed_with_this_request_does_not_get_it_again() -> None:
    pool = addresses(5, 1)
    assert choose_address(pool, (), 0.0) == 0
    assert choose_address(pool, (0,), 0.0) == 1


@pytest.mark.parametrize(
    ("error", "free", "paid"),
    [
        (TransientError("no connection", nothing_done=True), True, True),
        (TransientError("it broke off"), True, False),
        (TransientError("it answers 500"), True, False),
        (SetupError("the key is refused"), True, True),
        (InputRejectedError("it does not take this"), False, False),
        (SubtitledError("anything else"), False, False),
    ],
)
def test_where_it_costs_money_only_what_surely_was_not_made_is_asked_for_again(
    error: SubtitledError, free: bool, paid: bool
) -> None:
    assert may_try_another(error, is_free=True) is free
    assert may_try_another(error, is_free=False) is paid


def answered(pool: list[AddressHealth], *paces: float, times: int = 3) -> None:
    for one, pace in zip(pool, paces, strict=True):
        for _ in range(times):
            note_answer(one, 60.0, 60.0 * pace)


def beside(pool: list[AddressHealth], number: int) -> tuple[str, float]:
    """Return the address beside which one is too slow, and how many times."""
    found = find_faster(pool, number)
    assert found is not None
    return found[0], round(found[1], 6)


def test_an_address_that_is_far_slower_than_another_is_found() -> None:
    pool = addresses(1, 1)
    answered(pool, 0.1, 0.6)
    assert find_faster(pool, 0) is None
    assert beside(pool, 1) == ("host0", 6.0)
    assert note_slow(pool[1], 50.0) == 10.0
    assert choose_address(pool, (), 59.0) == 0
    assert find_faster(pool, 1) is None, "it is measured anew"
    assert note_slow(pool[1], 50.0) == 20.0
    note_answer(pool[1], 60.0, 36.0)
    assert choose_address(pool, (), 69.0) == 0, "an answer to an earlier request changes nothing"


def test_the_weight_says_how_much_slower_an_address_may_be() -> None:
    pool = addresses(10, 1)
    answered(pool, 0.1, 0.9)
    assert find_faster(pool, 1) is None
    pool = addresses(1, 10)
    answered(pool, 0.1, 0.1)
    assert beside(pool, 1) == ("host0", 10.0)


def test_few_answers_or_an_address_on_trial_prove_no_slowness() -> None:
    pool = addresses(1, 1)
    answered(pool, 0.1, 9.0, times=2)
    assert find_faster(pool, 1) is None
    answered(pool, 0.1, 9.0)
    note_failure(pool[0], TransientError("x"), 0.0)
    assert find_faster(pool, 1) is None


def test_answers_in_no_time_and_about_no_sound_do_no_harm() -> None:
    pool = addresses(1, 1)
    for one in pool:
        for _ in range(3):
            note_answer(one, 0.0, 0.0)
    assert find_faster(pool, 0) is None
