"""Cursors: places in a list as opaque texts, which a reader hands back for the next page."""

from __future__ import annotations

import base64
import binascii
import json
import math
import os
from pathlib import Path
from typing import Any, Final

from subtitled.db.file_list import FilePosition, FileSort
from subtitled.db.records import FileRecord, FileState
from subtitled.plugin import InputRejectedError

MAX_CURSOR_CHARACTERS = 24_000
"""Longest cursor. One of a path of 4096 bytes, the longest of Linux, has about 5600."""
_MAX_NUMBER: Final = 2**63 - 1


class CursorError(InputRejectedError):
    """A text is not a cursor of this list."""

    def __init__(self) -> None:
        super().__init__(
            "the cursor is not one of this list in this order", "Begin with the first page"
        )


def encode_position(sort: FileSort, record: FileRecord) -> str:
    """Return the cursor of a file in a list of files."""
    header = json.dumps([sort, record.state, record.updated_at, record.id])
    return _encode(header.encode() + b"\n" + os.fsencode(record.path))


def decode_position(sort: FileSort, cursor: str) -> FilePosition:
    """Return the place that a cursor stands for in a list of files.

    Raises:
        CursorError: It is no cursor of a list in this order.
    """
    header, _, path = _decode(cursor).partition(b"\n")
    try:
        named_sort, state, updated_at, number = json.loads(header)
        is_usable = (
            named_sort == sort
            and type(updated_at) in (int, float)
            and math.isfinite(updated_at)
            and _is_number(number)
            and b"\0" not in path
        )
        if is_usable:
            return FilePosition(
                Path(os.fsdecode(path)), FileState(state), float(updated_at), number
            )
    except (ValueError, TypeError, OverflowError, RecursionError):
        pass
    raise CursorError


def encode_number(number: int) -> str:
    """Return the cursor of a numbered entry, such as one of the history."""
    return _encode(str(number).encode())


def decode_number(cursor: str) -> int:
    """Return the number of the entry that a cursor stands for.

    Raises:
        CursorError: It is no cursor of a numbered list.
    """
    text = _decode(cursor)
    if text.isdigit() and len(text) < 20 and _is_number(number := int(text)):
        return number
    raise CursorError


def encode_score(score: float, number: int) -> str:
    """Return the cursor of an entry of a list that is ordered by a score, then by a number."""
    return _encode(json.dumps([score, number]).encode())


def decode_score(cursor: str) -> tuple[float, int]:
    """Return the score and the number of the entry that a cursor stands for.

    Raises:
        CursorError: It is no cursor of such a list.
    """
    try:
        score, number = json.loads(_decode(cursor))
        if type(score) in (int, float) and math.isfinite(score) and _is_number(number):
            return float(score), number
    except (ValueError, TypeError, OverflowError, RecursionError):
        pass
    raise CursorError


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MAX_NUMBER


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(cursor: str) -> bytes:
    if len(cursor) > MAX_CURSOR_CHARACTERS:
        raise CursorError
    try:
        padding = "=" * (-len(cursor) % 4)
        return base64.b64decode(cursor + padding, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CursorError from None
