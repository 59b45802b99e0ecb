"""The difference between two versions of a text, word by word."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from rapidfuzz.distance import Indel

from subtitled.plugin import Language

from ..scripts import is_spaceless, split_graphemes


class DifferenceKind(StrEnum):
    """In which version a part of a text stands."""

    SAME = "same"
    DELETED = "deleted"
    """Only in the first version."""
    INSERTED = "inserted"
    """Only in the second version."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """A part of a text."""

    kind: DifferenceKind
    text: str


def compare_words(before: str, after: str, language: Language) -> tuple[TextPart, ...]:
    """Return the parts of two versions of a text, in order.

    Without the inserted parts they are the first version, without the deleted ones the second.
    In languages without spaces, characters are compared.
    """
    split = split_graphemes if is_spaceless(language) else _split_words
    old, new = split(before), split(after)
    parts: list[TextPart] = []
    for _, group in groupby(_pair(old, new), key=lambda part: part.kind is DifferenceKind.SAME):
        found = list(group)
        for kind in DifferenceKind:  # what was deleted stands before what was inserted for it
            text = "".join(part.text for part in found if part.kind is kind)
            if text:
                parts.append(TextPart(kind, text))
    return tuple(parts)


def write_marked(parts: tuple[TextPart, ...]) -> str:
    """Write parts as plain text: ``[-old-]`` was deleted, ``{+new+}`` was inserted."""
    marks = {DifferenceKind.DELETED: "[-{}-]", DifferenceKind.INSERTED: "{{+{}+}}"}
    return "".join(marks.get(part.kind, "{}").format(part.text) for part in parts)


def _split_words(text: str) -> list[str]:
    """Return the runs of letters and digits, the runs of blanks, and each other character."""
    tokens: list[str] = []
    last = ""
    for character in text:
        kind = _kind_of(character)
        if kind and kind == last:
            tokens[-1] += character
        else:
            tokens.append(character)
        last = kind
    return tokens


def _kind_of(character: str) -> str:
    if character.isspace():
        return "blank"
    return "letter" if unicodedata.category(character)[0] in "LMN" else ""


def _pair(old: list[str], new: list[str]) -> Iterator[TextPart]:
    for step in Indel.opcodes(old, new):
        if step.tag == "equal":
            yield TextPart(DifferenceKind.SAME, "".join(old[step.src_start : step.src_end]))
        elif step.tag == "delete":
            yield TextPart(DifferenceKind.DELETED, "".join(old[step.src_start : step.src_end]))
        else:
            yield TextPart(DifferenceKind.INSERTED, "".join(new[step.dest_start : step.dest_end]))
