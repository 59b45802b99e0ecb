"""Where viewers are, between and after the answers of a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.jobcontext.viewing import SETTLE_SECONDS, STALE_SECONDS, Viewers
from subtitled.plugin import PlaybackSession

FILM = Path("/films/Film.mkv")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def session(
    position: float | None, id: str = "a", media: Path = FILM, *, paused: bool = False
) -> PlaybackSession:
    return PlaybackSession(id=id, media=media, position=position, is_paused=paused)


def test_a_viewer_moves_on_by_the_clock_and_stands_still_while_paused() -> None:
    clock = Clock()
    viewers = Viewers(clock)
    viewers.update("tv", [session(60.0), session(500.0, "b", paused=True)])
    clock.now += 4
    assert viewers.positions(FILM, ["tv"]) == (64.0, 500.0)
    assert viewers.positions(FILM, ["other"]) == ()
    assert viewers.positions(FILM.with_name("Other.mkv"), ["tv"]) == ()


def test_a_session_without_a_position_is_at_the_beginning() -> None:
    clock = Clock()
    viewers = Viewers(clock)
    viewers.update("tv", [session(None)])
    clock.now += 50
    viewers.update("tv", [session(None)])
    assert viewers.positions(FILM, ["tv"]) == (0.0,)


@pytest.mark.parametrize("position", [-5.0, float("nan"), float("inf"), 1e9])
def test_an_impossible_position_is_the_beginning(position: float) -> None:
    viewers = Viewers(Clock())
    viewers.update("tv", [session(position)])
    assert viewers.positions(FILM, ["tv"]) == (0.0,)


def test_a_seek_counts_and_the_next_ones_only_when_the_viewer_has_settled() -> None:
    clock = Clock()
    viewers = Viewers(clock)
    viewers.update("tv", [session(0.0)])
    seen = []
    for second in range(1, 31):  # a viewer who seeks every second
        clock.now += 1
        viewers.update("tv", [session(second * 100.0)])
        seen.append(viewers.positions(FILM, ["tv"])[0])
    moves = sum(abs(after - before) > 2 for before, after in zip(seen, seen[1:], strict=False))
    assert moves <= 30 / SETTLE_SECONDS
    clock.now += SETTLE_SECONDS
    viewers.update("tv", [session(5000.0)])
    assert viewers.positions(FILM, ["tv"]) == (5000.0,)


def test_who_stops_or_starts_another_film_watches_no_more() -> None:
    clock = Clock()
    viewers = Viewers(clock)
    viewers.update("tv", [session(60.0), session(90.0, "b")])
    other = FILM.with_name("Other.mkv")
    viewers.update("tv", [session(10.0, media=other)])
    assert viewers.positions(FILM, ["tv"]) == ()
    assert viewers.positions(other, ["tv"]) == (10.0,)


def test_a_server_that_answers_no_more_has_no_viewers_after_a_while() -> None:
    clock = Clock()
    viewers = Viewers(clock)
    viewers.update("tv", [session(60.0)])
    clock.now += STALE_SECONDS - 1
    assert viewers.positions(FILM, ["tv"])
    clock.now += 2
    assert viewers.positions(FILM, ["tv"]) == ()
