"""Tests of numbers of files and durations in words."""

from __future__ import annotations

import pytest

from subtitled.cli.amounts import count_files, describe_hours


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 seconds"),
        (1.0, "1 second"),
        (59.4, "59 seconds"),
        (59.6, "1 minute"),
        (1020.0, "17 minutes"),
        (3569.0, "59 minutes"),
        (3571.0, "1.0 hours"),
        (2_358_000.0, "655.0 hours"),
    ],
)
def test_short_films_are_told_in_minutes_and_never_as_no_hours(seconds: float, words: str) -> None:
    assert describe_hours(seconds) == words


def test_one_file_is_not_files() -> None:
    assert [count_files(number) for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
