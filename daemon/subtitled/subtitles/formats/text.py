"""Text of subtitle files: unwrapping lines, and right-to-left marks.

Renderers that take each line as left-to-right put the full stop and the dash of a speaker on the
wrong side of a right-to-left line. So each such line of SubRip and WebVTT gets an embedding. In ASS
the encoding tells the renderer to detect the direction. Punctuation is always stored in reading
order.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from subtitled.plugin import Language

from ..scripts import is_right_to_left, is_spaceless


def unwrap_lines(texts: Iterable[str], language: Language) -> str:
    """Join lines and cues to one line, with spaces if the language has them.

    In other languages, only two Latin words or numbers that meet get a space.
    """
    has_no_spaces, joined = is_spaceless(language), ""
    for line in (line for text in texts for line in text.split("\n")):
        needs_no_space = has_no_spaces and not (_is_latin(joined[-1:]) and _is_latin(line[:1]))
        joined += line if needs_no_space or not joined else f" {line}"
    return joined


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


_RTL_START, _RTL_END = "\u202b", "\u202c"
_BIDI_MARKS = (
    "\u202a",
    "\u202b",
    "\u202d",
    "\u202e",
    "\u200f",
    "\u061c",
    "\u2066",
    "\u2067",
    "\u2068",
)


def embed_rtl_lines(text: str, language: Language) -> str:
    """Put each line between direction marks, in languages written from right to left."""
    if not is_right_to_left(language):
        return text
    return "\n".join(
        f"{_RTL_START}{line}{_RTL_END}" if _needs_marks(line) else line for line in text.split("\n")
    )


def strip_rtl_embedding(text: str, language: Language) -> str:
    """Remove the marks of :func:`embed_rtl_lines` from lines that read back from a file."""
    if not is_right_to_left(language) or _RTL_START not in text:
        return text
    return "\n".join(map(_strip_marks, text.split("\n")))


def _strip_marks(line: str) -> str:
    inner = line[1:-1].strip()
    is_embedded = line.startswith(_RTL_START) and line.endswith(_RTL_END)
    return inner if is_embedded and _RTL_START not in inner and _needs_marks(inner) else line


def _needs_marks(line: str) -> bool:
    marked = line.startswith(_BIDI_MARKS)
    return not marked and any(unicodedata.bidirectional(c) in ("R", "AL") for c in line)
