"""Items are made in another thread before they are wanted, and in their order."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from subtitled.library.read_ahead import read_ahead

SECONDS = 60.0
"""More than any of this takes on a busy machine."""


def test_all_items_come_in_their_order_from_another_thread() -> None:
    makers = set[int]()

    def numbers() -> Iterator[int]:
        for number in range(100):
            makers.add(threading.get_ident())
            yield number

    assert list(read_ahead(numbers())) == list(range(100))
    assert len(makers) == 1
    assert threading.get_ident() not in makers


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_items_or_none_are_no_special_case(count: int) -> None:
    assert list(read_ahead(iter(range(count)))) == list(range(count))


def test_the_next_items_are_made_while_one_is_used_but_not_all_of_them() -> None:
    third_is_made, made = threading.Event(), []

    def numbers() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if number == 2:
                third_is_made.set()
            yield number

    items = read_ahead(numbers(), depth=2)
    assert next(items) == 0
    assert third_is_made.wait(SECONDS)
    assert max(made) <= 3
    items.close()


def test_an_error_comes_after_the_items_before_it() -> None:
    def numbers() -> Iterator[int]:
        yield from (1, 2, 3)
        raise OSError("the disk is gone")

    seen = []
    with pytest.raises(OSError, match="the disk is gone"):
        for number in read_ahead(numbers()):
            seen.append(number)
    assert seen == [1, 2, 3]


def test_nobody_makes_items_after_it_was_closed() -> None:
    is_closed, threads = threading.Event(), []

    def numbers() -> Iterator[int]:
        threads.append(threading.current_thread())
        try:
            yield from range(1_000_000)
        finally:
            is_closed.set()

    items = read_ahead(numbers())
    assert next(items) == 0
    items.close()
    assert not threads[0].is_alive()
    assert is_closed.wait(SECONDS)


def test_what_is_never_read_starts_no_thread() -> None:
    before = threading.active_count()
    read_ahead(iter([1]))
    assert threading.active_count() == before
