"""Tables as CSV that a spreadsheet may open."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

_FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What a formula begins with, also in the wide letters of East Asian keyboards."""


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Write rows as CSV, with a line of names.

    A text that a spreadsheet would take for a formula is preceded by an apostrophe.
    """
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, columns)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: escape_formula(row[name]) for name in columns})
    return file.getvalue()


def escape_formula(value: object) -> object:
    """Return a value of a cell that no spreadsheet calculates."""
    if not isinstance(value, str):
        return value
    is_formula = value.lstrip().startswith(_FORMULA_SIGNS) or value.startswith(("\t", "\r", "\n"))
    return f"'{value}" if is_formula else value
