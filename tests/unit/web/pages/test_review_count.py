"""The number of reviews that wait, which every page shows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from subtitled.web.auth.identity import Identity, IdentityKind
from subtitled.web.auth.roles import Role
from subtitled.web.pages import review_count
from subtitled.web.pages.review_count import MOST, WaitingReviews


class Counted:
    """Reviews that take a while to count, by a clock of their own."""

    def __init__(self, seconds: float) -> None:
        self.now = 1000.0
        self.seconds = seconds
        self.number = 7
        self.asked: list[Any] = []

    def count(self, wanted: Any, most: int) -> int:
        self.now += self.seconds
        self.asked.append(wanted.libraries)
        return min(self.number, most)


@pytest.fixture
def counted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Counted:
    made = Counted(request.param)
    monkeypatch.setattr(review_count, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def waiting_of(counted: Counted) -> WaitingReviews:
    return WaitingReviews(SimpleNamespace(reviews=counted))  # type: ignore[arg-type]


def who(*libraries: str) -> Identity:
    kind = IdentityKind.SESSION
    return Identity(kind=kind, name="ana", role=Role.VIEWER, libraries=libraries or None)


@pytest.mark.parametrize("counted", [0.001], indirect=True)
def test_a_number_that_is_cheap_to_count_is_always_the_current_one(counted: Counted) -> None:
    waiting = waiting_of(counted)
    assert waiting.count(who()) == 7
    counted.number = 6
    assert waiting.count(who()) == 6
    counted.number = 5000
    assert waiting.count(who()) == MOST + 1


@pytest.mark.parametrize("counted", [0.5], indirect=True)
def test_a_number_that_takes_long_to_count_is_kept_a_hundred_times_as_long(
    counted: Counted,
) -> None:
    waiting = waiting_of(counted)
    assert waiting.count(who()) == 7
    counted.number = 6
    counted.now += 45
    assert waiting.count(who()) == 7
    assert waiting.count(who("films")) == 6
    counted.now += 6
    assert waiting.count(who()) == 6
    assert counted.asked == [None, ("films",), None]
