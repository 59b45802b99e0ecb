"""ETags, and texts that are no Unicode."""

from __future__ import annotations

import pytest

from subtitled.web.api.json_responses import encode_json, matches_etag


@pytest.mark.parametrize(
    ("header", "matches"),
    [
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", "abc"', True),
        ("*", True),
        ('"abcd"', False),
        ("abc", False),
        ("", False),
        ('"ab", "c"', False),
    ],
)
def test_if_none_match_names_an_etag(header: str, matches: bool) -> None:
    assert matches_etag(header, '"abc"') is matches


def test_json_is_utf8_whatever_the_bytes_of_a_name() -> None:
    assert encode_json({"a": "caf\udce9 é"}).decode() == '{"a":"caf? é"}'


def test_a_number_that_json_lacks_is_an_error() -> None:
    with pytest.raises(ValueError):
        encode_json(float("nan"))
