"""The rows of a closed caption: at most four of 32 letters, with italics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from subtitled.plugin import InputRejectedError

from ..markup import parse_markup
from .cea608_letters import replace_typography

COLUMNS = 32
MAX_ROWS = 4
"""Most rows that receivers show at once."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter and whether it is in italics."""

    text: str
    is_italic: bool = False


Row = tuple[Letter, ...]


def build_rows(text: str, number: int) -> list[Row]:
    """Break the text of a cue into rows, never inside a word.

    The line breaks of the cue are kept where its lines fit; else its words are filled in again.

    Args:
        text: The text with its tags.
        number: The number of the cue, for the error.

    Raises:
        InputRejectedError: A word is longer than a row.
    """
    lines: list[list[Letter]] = [[]]
    for part, style in parse_markup(text).runs:
        for letter in replace_typography(part):
            if letter == "\n":
                lines.append([])
            else:
                lines[-1].append(Letter(letter, style.italic))
    rows = [tuple(_strip(line)) for line in lines]
    rows = [row for row in rows if row]
    if all(_width(row) <= COLUMNS for row in rows) and len(rows) <= MAX_ROWS:
        return rows
    words = [word for row in rows for word in _split_words(row)]
    for word in words:
        if _width(word) > COLUMNS:
            shown = "".join(letter.text for letter in word)
            raise InputRejectedError(
                f"the word {shown!r:.60} in cue {number} is longer than the {COLUMNS} letters of a "
                "caption's row",
                "Split this word with a hyphen and a space",
            )
    return list(_fill(words))


def split_rows(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """Return rows as captions of at most four rows, as equal as can be."""
    count = -(-len(rows) // MAX_ROWS)
    if count <= 1:
        return [rows]
    size = -(-len(rows) // count)
    return [rows[at : at + size] for at in range(0, len(rows), size)]


def _width(row: Sequence[Letter]) -> int:
    """Return the columns of a row: a row that begins in italics needs one for the code."""
    return len(row) + (bool(row) and row[0].is_italic)


def _strip(line: list[Letter]) -> list[Letter]:
    while line and line[0].text == " ":
        line = line[1:]
    while line and line[-1].text == " ":
        line = line[:-1]
    return line


def _split_words(row: Row) -> Iterator[Row]:
    word: list[Letter] = []
    for letter in row:
        if letter.text != " ":
            word.append(letter)
        elif word:
            yield tuple(word)
            word = []
    if word:
        yield tuple(word)


def _fill(words: Sequence[Row]) -> Iterator[Row]:
    row: Row = ()
    for word in words:
        longer = (
            (*row, Letter(" ", row[-1].is_italic and word[0].is_italic), *word) if row else word
        )
        if row and _width(longer) > COLUMNS:
            yield row
            longer = word
        row = longer
    if row:
        yield row
