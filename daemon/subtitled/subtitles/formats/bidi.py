"""Marks that make players lay out lines of right-to-left scripts the right way round.

Renderers that take each line for left-to-right put its full stop, and the dash of a speaker, on
the wrong side. SubRip and WebVTT so get an embedding around each line; ASS says by its encoding
that the renderer is to find the direction. Punctuation is always stored in the order in which it
is read.
"""

from __future__ import annotations

import unicodedata

from subtitled.plugin import Language

from ..scripts import is_right_to_left

_BEGIN, _END = "\u202b", "\u202c"
_MARKS = ("\u202a", "\u202b", "\u202d", "\u202e", "\u200f", "\u061c", "\u2066", "\u2067", "\u2068")


def embedded(text: str, language: Language) -> str:
    """Each line between the marks, in languages written from right to left."""
    if not is_right_to_left(language):
        return text
    return "\n".join(f"{_BEGIN}{line}{_END}" if _needs(line) else line for line in text.split("\n"))


def _needs(line: str) -> bool:
    marked = line.startswith(_MARKS)
    return not marked and any(unicodedata.bidirectional(c) in ("R", "AL") for c in line)
