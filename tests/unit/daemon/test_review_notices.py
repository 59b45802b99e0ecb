"""Notices of reviews: each library at most once an hour, and nothing new is missed."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from subtitled.daemon.review_notices import NOTICE_SECONDS, Notice, decide_notice


def test_the_first_look_tells_of_all_that_wait() -> None:
    assert decide_notice(Notice(), 500, 1e9) == (Notice(500, 1e9), 500)
    assert decide_notice(Notice(), 0, 1e9) == (Notice(), 0)


def test_what_comes_within_an_hour_is_in_the_next_notice() -> None:
    last = Notice(500, 1e9)
    assert decide_notice(last, 501, 1e9 + 60) == (last, 0)
    later = 1e9 + NOTICE_SECONDS
    assert decide_notice(last, 512, later) == (Notice(512, later), 12)


def test_one_that_comes_after_others_were_approved_is_told() -> None:
    fewer, new = decide_notice(Notice(500, 1e9), 490, 1e9 + 60)
    assert (fewer, new) == (Notice(490, 1e9), 0)
    assert decide_notice(fewer, 491, 1e9 + NOTICE_SECONDS)[1] == 1


def test_a_clock_that_was_set_back_silences_nobody() -> None:
    assert decide_notice(Notice(5, 1e9), 6, 1e9 - 7 * 86400)[1] == 1


_Steps = st.lists(st.tuples(st.integers(0, 9), st.floats(1.0, 9000.0)), max_size=40)


@given(_Steps)
def test_notices_are_an_hour_apart_and_what_waits_is_told_in_the_end(
    steps: list[tuple[int, float]],
) -> None:
    now, notice, told, count = 1e9, Notice(), list[float](), 0
    for count, seconds in steps:
        now += seconds
        notice, new = decide_notice(notice, count, now)
        assert 0 <= new <= count
        if new:
            told.append(now)
    assert all(later - earlier >= NOTICE_SECONDS for earlier, later in itertools.pairwise(told))
    notice, _ = decide_notice(notice, count, now + NOTICE_SECONDS)
    assert notice.count == count
