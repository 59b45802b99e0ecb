"""Cursors: what a list gives out is read back, and nothing else is."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.daemon.answers.cursors import (
    MAX_CURSOR_CHARACTERS,
    CursorError,
    decode_number,
    decode_position,
    encode_number,
    encode_position,
)
from subtitled.db.file_list import FilePosition, FileSort
from subtitled.db.records import FileRecord, FileState


def _record(path: bytes, state: FileState, updated_at: float, number: int) -> FileRecord:
    return FileRecord(
        id=number,
        library="films",
        path=Path(os.fsdecode(path)),
        size=1,
        mtime_ns=1,
        state=state,
        stable_since=0.0,
        updated_at=updated_at,
    )


paths = st.binary(min_size=1, max_size=60).map(lambda name: b"/films/" + name.replace(b"\0", b""))
numbers = st.integers(0, 2**63 - 1)


@given(
    st.sampled_from(FileSort),
    paths,
    st.sampled_from(FileState),
    st.floats(allow_nan=False, allow_infinity=False),
    numbers,
)
def test_the_place_of_every_file_survives_as_a_cursor(
    sort: FileSort, path: bytes, state: FileState, updated_at: float, number: int
) -> None:
    record = _record(path, state, updated_at, number)
    cursor = encode_position(sort, record)
    assert decode_position(sort, cursor) == FilePosition(record.path, state, updated_at, number)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    other = next(one for one in FileSort if one is not sort)
    with pytest.raises(CursorError):
        decode_position(other, cursor)


def test_the_cursor_of_the_longest_path_is_accepted() -> None:
    record = _record(b"/" + b"\x01" * 4095, FileState.DONE, 1.0, 1)
    assert decode_position(FileSort.PATH, encode_position(FileSort.PATH, record)).id == 1


@given(numbers)
def test_the_number_of_every_entry_survives_as_a_cursor(number: int) -> None:
    assert decode_number(encode_number(number)) == number


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "%%%%",
        "A" * (MAX_CURSOR_CHARACTERS + 4),
        _text(b""),
        _text(b"path"),
        _text(b"[]\n/films"),
        _text(b'["path", "done", NaN, 1]\n/films'),
        _text(b'["path", "done", 1e999, 1]\n/films'),
        _text(b'["path", "done", 1, 9223372036854775808]\n/films'),
        _text(b'["path", "done", 1, -1]\n/films'),
        _text(b'["path", "done", 1, true]\n/films'),
        _text(b'["path", "done", "1", 1]\n/films'),
        _text(b'["path", "never heard of", 1, 1]\n/films'),
        _text(b'["path", ["done"], 1, 1]\n/films'),
        _text(b'["path", "done", 1, 1]\n/fi\0lms'),
        _text(b'["changed", "done", 1, 1]\n/films'),
        _text(b"[" * 5000),
        _text(b'{"path": 1}\n'),
        _text("١٢".encode()),
        _text(b"-1"),
        _text(b"9" * 19),
        _text(b"9" * 5000),
    ],
)
def test_a_text_that_no_list_gave_out_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        decode_position(FileSort.PATH, cursor)
    with pytest.raises(CursorError):
        decode_number(cursor)


@given(st.text(max_size=80))
def test_no_text_does_more_than_to_be_refused(cursor: str) -> None:
    for sort in FileSort:
        with pytest.raises(CursorError):
            decode_position(sort, cursor)
