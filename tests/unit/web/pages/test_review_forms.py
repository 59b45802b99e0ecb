"""The times and texts that people type into the form of a cue."""

from __future__ import annotations

import pytest

from subtitled.web.i18n import RejectedInputError
from subtitled.web.pages.review_forms import parse_time, parse_version, split_lines


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:01:02.500", 62.5),
        ("1:02:03,004", 3723.004),
        ("02:03", 123.0),
        ("2:03.5", 123.5),
        (" 12,25 ", 12.25),
        ("0", 0.0),
        ("99:59:59.999", 359_999.999),
    ],
)
def test_times_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "-1", "1e3", "nan", "inf", "0:60:00", "1:2:3:4", "٣", "1:99", "1.2345"]
)
def test_what_is_no_time_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(RejectedInputError, match="Write it as 01:02:03.500"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("One.\n\nTwo.", ("One.",), ("Two.",)),
        ("One.\n \t\nTwo.\nThree.", ("One.",), ("Two.", "Three.")),
        ("One.\nTwo.", ("One.",), ("Two.",)),
        ("One.\nTwo.\nThree.\nFour.", ("One.", "Two."), ("Three.", "Four.")),
        ("\nOne.\n\nTwo.\n\n", ("One.",), ("Two.",)),
    ],
)
def test_a_text_is_split_at_an_empty_line_else_in_the_middle_of_its_lines(
    text: str, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    assert split_lines(text) == (first, second)


@pytest.mark.parametrize("text", ["One line", "", "\n\n", "One line\n\n"])
def test_a_text_of_one_line_is_not_split(text: str) -> None:
    with pytest.raises(RejectedInputError, match="put an empty line"):
        split_lines(text)


@pytest.mark.parametrize(
    "text", ["", "v1", "3-abcdef012345", "v-1-abcdef012345", "v1-XBCDEF012345"]
)
def test_a_version_of_no_page_of_ours_is_refused(text: str) -> None:
    with pytest.raises(RejectedInputError):
        parse_version(text)
