"""Texts that are no Unicode, and numbers that JSON lacks."""

from __future__ import annotations

import pytest

from subtitled.web.api.json_responses import encode_json


def test_json_is_utf8_whatever_the_bytes_of_a_name() -> None:
    assert encode_json({"a": "caf\udce9 é"}).decode() == '{"a":"caf? é"}'


def test_a_number_that_json_lacks_is_an_error() -> None:
    with pytest.raises(ValueError):
        encode_json(float("nan"))
