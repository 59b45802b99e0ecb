"""The next episodes of what is watched are found by season and number."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.library.next_episodes import find_next_episodes, series_folder

SHOW = Path("/series/Harbour Lights")


def _episode(season: int, number: int, form: str = "S{:02}E{:02}") -> Path:
    name = f"Harbour Lights - {form.format(season, number)} - Night.mkv"
    return SHOW / f"Season {season:02}" / name


@pytest.mark.parametrize("form", ["S{:02}E{:02}", "s{}e{}", "{}x{:02}", "S{:02}.E{:02}"])
def test_the_next_two_follow_in_the_order_of_their_numbers(form: str) -> None:
    waiting = [_episode(1, number, form) for number in (12, 11, 10, 9, 2)]
    watched = _episode(1, 9, form)
    assert find_next_episodes(watched, waiting, 2) == [_episode(1, n, form) for n in (10, 11)]


def test_the_next_season_follows_the_last_episode() -> None:
    waiting = [_episode(2, number) for number in (1, 2, 3)]
    assert find_next_episodes(_episode(1, 10), waiting, 2) == [_episode(2, 1), _episode(2, 2)]
    waiting = [_episode(3, 1)]
    assert find_next_episodes(_episode(1, 10), waiting, 2) == []


def test_what_is_far_away_is_not_next() -> None:
    assert find_next_episodes(_episode(1, 1), [_episode(1, 3)], 2) == [_episode(1, 3)]
    assert find_next_episodes(_episode(1, 1), [_episode(1, 9)], 2) == []
    assert find_next_episodes(_episode(1, 5), [_episode(1, 4), _episode(1, 5)], 2) == []


@pytest.mark.parametrize("name", ["Twelve Bridges (1999).mkv", "Lecture 7.mkv", "1920x1080.mkv"])
def test_a_film_has_no_next_episode(name: str) -> None:
    waiting = [Path("/films/Other.mkv"), _episode(1, 1)]
    assert find_next_episodes(Path("/films") / name, waiting, 2) == []
    assert find_next_episodes(_episode(1, 1), [Path("/films/Other.mkv")], 2) == []
    assert find_next_episodes(_episode(1, 1), [_episode(1, 2)], 0) == []


@pytest.mark.parametrize("folder", ["Season 01", "Staffel 2", "S03", "Specials"])
def test_the_folder_of_a_series_is_above_that_of_a_season(folder: str) -> None:
    assert series_folder(SHOW / folder / "a.mkv") == SHOW
    assert series_folder(SHOW / "a.mkv") == SHOW
