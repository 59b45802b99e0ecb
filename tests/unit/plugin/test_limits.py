"""Limits of what is read from outside: size, depth, type, range, and linear cost."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from subtitled.plugin import InputRejectedError
from subtitled.plugin.limits import (
    LimitExceededError,
    clean_text,
    parse_json,
    read_file,
    read_integer,
    read_number,
    read_objects,
    read_path,
    storable_paths,
)


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        ("[" * 5_000 + "]" * 5_000).encode("utf-16"),
        b'["' + b'\\"' * 400_000,
        b'"\\' * 200_000,
        b'{"a": 1e999, "b": ' + b"9" * 100_000 + b"}",
        b"\xff\xfe\x00",
    ],
)
def test_hostile_json_is_refused_at_once_as_a_value_error(payload: bytes) -> None:
    begin = time.process_time()
    with pytest.raises(ValueError):
        parse_json(payload)
    assert time.process_time() - begin < 1.0


def test_brackets_inside_of_texts_are_not_nesting() -> None:
    document = {"path": "[" * 500 + '\\"{' * 100, "deep": [[[[1]]]]}
    assert parse_json(json.dumps(document)) == document
    assert parse_json(json.dumps(document).encode("utf-16")) == document


def test_a_document_larger_than_its_limit_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(LimitExceededError, match="12 bytes"):
        parse_json(b'"0123456789"', max_bytes=11)


def test_numbers_that_are_not_finite_are_missing() -> None:
    document = parse_json('{"a": 1e999, "b": NaN, "c": -Infinity, "d": 1.5}')
    assert document == {"a": None, "b": None, "c": None, "d": 1.5}


def test_half_of_a_surrogate_pair_neither_ends_parsing_nor_becomes_a_path() -> None:
    document = parse_json('{"path": "/films/\\ud800.mkv", "title": "Up\\ud800\\u0000!"}')
    assert read_path(document["path"]) is None
    assert clean_text(document["title"]) == "Up\ufffd !"


def test_a_path_whose_bytes_are_not_utf_8_stays_as_it_is() -> None:
    path = os.fsdecode(b"/films/caf\xe9.mkv")
    assert read_path(path) == path
    assert storable_paths([Path(path)]) == [Path(path)]


@pytest.mark.parametrize("value", [None, 3, [], "", " ", "/a\0b", "/" + "x" * 5000, "/\udfff"])
def test_what_is_no_path_is_missing(value: object) -> None:
    assert read_path(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2009, 2009), ("2009", 2009), (2009.0, 2009), (True, None), ("MMIX", None), (1e300, None),
        (float("inf"), None), ("9" * 5000, None), (10**400, None), ([], None), (2009.5, None),
        (1700, None),
    ],
)  # fmt: skip
def test_a_year_is_a_whole_number_in_range_or_missing(value: object, expected: int | None) -> None:
    assert read_integer(value, 1800, 2200) == expected


def test_a_number_may_be_written_as_text() -> None:
    assert read_number("1.5", 0, 10) == 1.5
    assert read_number("nan", 0, 10) is None


def test_only_the_objects_among_the_first_items_of_a_list_are_read() -> None:
    assert read_objects([{"a": 1}, 2, "x", {"b": 2}, {"c": 3}], max_items=4) == [{"a": 1}, {"b": 2}]
    assert read_objects({"a": 1}) == []


def test_what_a_plugin_calls_paths_is_absolute_paths_or_left_out() -> None:
    given = [Path("/a.mkv"), "/b.mkv", None, Path("c.mkv"), Path("/\ud800"), 7]
    assert storable_paths(given) == [Path("/a.mkv")]


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Film.en.srt")
    with pytest.raises(InputRejectedError):
        read_file(tmp_path / "Film.en.srt", 100)


def test_a_file_that_is_too_large_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "Film.nfo").write_bytes(b"x" * 101)
    assert len(read_file(tmp_path / "Film.nfo", 101)) == 101
    with pytest.raises(InputRejectedError, match=r"Film\.nfo"):
        read_file(tmp_path / "Film.nfo", 100)
