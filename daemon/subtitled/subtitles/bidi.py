"""Marks that make players lay out lines of right-to-left scripts the right way round.

Renderers that take each line for left-to-right put its full stop on the wrong side.
"""

from __future__ import annotations

import unicodedata

from subtitled.plugin import Language

_RIGHT_TO_LEFT = frozenset({"ar", "arz", "ary", "he", "fa", "ur", "yi", "ps", "sd", "ug", "dv"})
_BEGIN, _END = "\u202b", "\u202c"


def embedded(text: str, language: Language) -> str:
    """Each line between the marks, in languages written from right to left."""
    if str(language.primary) not in _RIGHT_TO_LEFT:
        return text
    return "\n".join(f"{_BEGIN}{line}{_END}" if _needs(line) else line for line in text.split("\n"))


def _needs(line: str) -> bool:
    marked = line.startswith((_BEGIN, "\u200f", "\u202a", "\u202e", "\u2066", "\u2067", "\u2068"))
    return not marked and any(unicodedata.bidirectional(c) in ("R", "AL") for c in line)
