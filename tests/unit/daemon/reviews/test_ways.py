"""The ways through a review: which cues, in which order, and which one is next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from subtitled.daemon.reviews.ways import (
    PAGE_CUES,
    Route,
    Way,
    choose_way,
    find_seen,
    plan_route,
)
from subtitled.db.operations import CueVerdict, Verdict
from subtitled.subtitles.review.document import Document, ReviewCue


def document(count: int, length: float = 4.0) -> Document:
    return Document.create(
        0,
        (
            ReviewCue(id=str(n + 1), start=n * length, end=n * length + 2, lines=("text",))
            for n in range(count)
        ),
    )


def test_the_worst_way_has_only_the_doubtful_cues_the_worst_first() -> None:
    likely = {"1": 0.3, "2": 0.29, "3": 0.9, "5": 0.3, "gone": 0.99}
    route = plan_route(Way.WORST, document(5), likely, ())
    assert route.cues == ("3", "1", "5")
    assert plan_route(Way.STRAIGHT, document(5), likely, ()).cues == ("1", "2", "3", "4", "5")


@pytest.mark.parametrize("count", [0, 1, 5, 16, 400, 1500])
def test_a_spot_check_has_cues_of_the_start_and_the_end_and_at_most_five_minutes(
    count: int,
) -> None:
    route = plan_route(Way.SPOT, document(count), {}, ())
    assert len(route.cues) <= 5 * 17
    assert list(route.cues) == sorted(set(route.cues), key=int)
    if count:
        assert route.cues[0] == "1"
        assert route.cues[-1] == str(count)
    if count >= 400:
        middle = count / 2
        assert any(abs(int(cue) - middle) < 16 for cue in route.cues)


def test_the_next_cue_is_one_that_was_not_seen_first_ahead_then_behind() -> None:
    route = Route(Way.STRAIGHT, ("a", "b", "c", "d"), frozenset({"c", "x"}))
    assert route.seen_count == 1
    assert route.first() == "a"
    assert route.next_unseen("b") == "d"
    assert route.next_unseen("d") == "a"
    assert route.next_unseen("elsewhere") == "a"
    all_seen = Route(Way.STRAIGHT, ("a", "b"), frozenset({"a", "b"}))
    assert all_seen.next_unseen("a") is None
    assert all_seen.first() == "a"
    assert Route(Way.WORST, (), frozenset()).first() is None


def test_the_pages_of_a_way_hold_each_cue_once() -> None:
    route = plan_route(Way.STRAIGHT, document(2 * PAGE_CUES + 1), {}, ())
    current: str | None = route.cues[0]
    found: list[str] = []
    while current is not None:
        page = route.page(current)
        found += page.cues
        current = page.later
    assert tuple(found) == route.cues
    last = route.page(route.cues[-1])
    assert last.cues == (route.cues[-1],)
    assert last.earlier == route.cues[PAGE_CUES]


@pytest.mark.parametrize(
    ("text", "has_doubtful", "way"),
    [
        ("spot", True, Way.SPOT),
        ("", True, Way.WORST),
        ("", False, Way.STRAIGHT),
        ("../x", False, Way.STRAIGHT),
        ("worst", False, Way.WORST),
    ],
)
def test_the_way_is_the_one_of_the_address_else_the_worst_first(
    text: str, has_doubtful: bool, way: Way
) -> None:
    assert choose_way(text, has_doubtful=has_doubtful) is way


def test_cues_that_were_only_shifted_were_not_seen() -> None:
    base = document(6)
    cues = [replace(cue, start=cue.start + 0.2, end=cue.end + 0.2001) for cue in base.cues]
    cues[1] = replace(cues[1], end=cues[1].end + 0.04)
    cues[2] = replace(cues[2], lines=("another text",))
    cues.append(ReviewCue(id="new", start=90, end=92, lines=("text",)))
    judged = CueVerdict(cue="5", verdict=Verdict.RIGHT, actor="ana", at=0.0)
    assert find_seen(Document.create(2, cues), base, [judged]) == {"2", "3", "5", "new"}
    assert find_seen(base, base, []) == set()
