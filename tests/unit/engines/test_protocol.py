"""The wire of engine processes: whatever comes is an answer, or a value error."""

from __future__ import annotations

import pytest

from subtitled.engines import protocol
from subtitled.engines.protocol import (
    ResourceUnavailableError,
    error_from_json,
    parse_answer,
    validate_result,
)
from subtitled.plugin import InputRejectedError


@pytest.mark.parametrize(
    "payload",
    [
        b"\x80\x04garbage",
        b"",
        b"null",
        b"[1,2]",
        b"[" * 200_000,
        b'{"id":1,"result":' + b"[" * 90_000 + b"]" * 90_000 + b"}",
        b'{"result": 1}',
        b'{"id": 1}',
        b'{"id": "1", "result": 1}',
        b'{"id": [1], "result": 1}',
        b'{"id": 1.5, "result": 1}',
        b'{"id": 1, "res',
        b'{"id": 1, "result": 1, "error": {}}',
    ],
)
def test_what_is_no_answer_is_a_value_error(payload: bytes) -> None:
    with pytest.raises(ValueError):
        parse_answer(payload)


def test_an_answer_has_one_outcome() -> None:
    assert parse_answer(b'{"id": 3, "result": [1]}').value == [1]
    assert parse_answer(b'{"id": 3, "exception": "KeyError"}').outcome == "exception"


@pytest.mark.parametrize(
    "value",
    [
        None,
        "words",
        {"language": "en", "words": [1, 2]},
        {"language": "en", "words": [{"text": " a", "start": None, "end": 0.2}]},
        {"language": 7, "words": []},
        {"language": "\ud800", "words": []},
    ],
)
def test_a_result_of_another_shape_is_refused_and_names_the_engine(value: object) -> None:
    with pytest.raises(InputRejectedError, match="engine liar"):
        validate_result(protocol.TRANSCRIPT, value, "engine liar")


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [(5.0, 5.0), (40 * 3600.0, 24 * 3600.0), (-1.0, None), ("5", 5.0), (True, None), (None, None)],
)
def test_a_long_wait_is_shortened_and_a_wait_that_is_none_is_left_out(
    wanted: object, kept: float | None
) -> None:
    payload = {"kind": "ResourceUnavailableError", "message": "spent", "retry_after": wanted}
    error = error_from_json(payload)
    assert isinstance(error, ResourceUnavailableError)
    assert error.retry_after == kept
