"""Searching for a part of a text in SQL, whatever the case and the form of its letters.

Letters with accents are written in two forms (NFC and NFD), which look the same. File names have
either, so both are searched for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

MAX_SEARCH_CHARACTERS = 200
"""Longest text that is searched for. What is longer is found nowhere."""


def is_storable(text: str) -> bool:
    """Return whether a database can compare with a text: it has no zero byte and is valid UTF-8."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def contains_text(
    columns: Sequence[sa.ColumnElement[Any]], text: str, *, for_sqlite: bool
) -> sa.ColumnElement[bool]:
    """Return the condition that any of some columns contains a text.

    Args:
        columns: Columns of text, or of bytes that are read as UTF-8.
        text: The text. No character of it has a special meaning.
        for_sqlite: Whether the database is SQLite; otherwise it is PostgreSQL.
    """
    if len(text) > MAX_SEARCH_CHARACTERS or not is_storable(text):
        return sa.false()
    forms = dict.fromkeys(unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    condition = _contains_in_sqlite if for_sqlite else _contains_in_postgres
    return sa.or_(*(condition(column, form) for column in columns for form in forms))


def _case_variants(letter: str) -> tuple[str, ...]:
    """Return a character in both cases, as far as those are one character each."""
    variants = dict.fromkeys((letter, letter.lower(), letter.upper()))
    return tuple(variant for variant in variants if len(variant) == 1)


def _contains_in_sqlite(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
    """Use LIKE, which ignores the case of ASCII letters, and GLOB if there are other ones."""
    value = sa.cast(column, sa.Text) if isinstance(column.type, sa.LargeBinary) else column
    like = "".join(map(_like_pattern, text))
    condition: sa.ColumnElement[bool] = value.like(f"%{like}%", escape="\\")
    if "%" not in like.replace("\\%", ""):
        return condition
    # LIKE is several times as fast, so it comes first and leaves few texts to GLOB. That is faster
    # with a first letter of one case.
    rest = "".join(map(_glob_pattern, text[1:]))
    globs = (
        value.op("GLOB", is_comparison=True)(f"*{_glob_letter(first)}{rest}*")
        for first in _case_variants(text[0])
    )
    return sa.and_(condition, sa.or_(*globs))


def _like_pattern(letter: str) -> str:
    if letter in "%_\\":
        return f"\\{letter}"
    return letter if letter.isascii() or len(_case_variants(letter)) == 1 else "%"


def _glob_pattern(letter: str) -> str:
    variants = _case_variants(letter)
    return f"[{''.join(variants)}]" if len(variants) > 1 else _glob_letter(letter)


def _glob_letter(letter: str) -> str:
    return f"[{letter}]" if letter in "*?[" else letter


def _contains_in_postgres(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
    """Compare the texts with all their bytes escaped, because a path may be no valid UTF-8."""
    is_binary = isinstance(column.type, sa.LargeBinary)
    value = column if is_binary else sa.func.convert_to(column, "UTF8")
    escaped = sa.func.encode(value, "escape", type_=sa.Text)
    pattern = "".join(
        f"({'|'.join(re.escape(_escape_bytes(variant)) for variant in _case_variants(letter))})"
        for letter in text
    )
    return escaped.op("~*", is_comparison=True)(pattern)


def _escape_bytes(text: str) -> str:
    """Return a text as PostgreSQL's ``encode(..., 'escape')`` does."""
    return "".join(
        f"\\{byte:03o}" if byte > 127 else "\\\\" if byte == ord("\\") else chr(byte)
        for byte in text.encode()
    )
