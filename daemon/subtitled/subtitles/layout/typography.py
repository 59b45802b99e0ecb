"""Spaces that a language's typography asks for: French holds its punctuation by fixed ones.

The no-break space is used throughout rather than the narrow one: the fonts of many television
sets and players have no narrow one and show a box. Where the recogniser wrote no space, none is
put in.
"""

from __future__ import annotations

import re

from subtitled.plugin import Language

from ..scripts import primary_of

_FIXED = "\u00a0"
_FRENCH = re.compile(r"(?<=\S) (?=[;:!?»%€](?:\W|$))|(?<=«) ")
"""Plain spaces at which nothing may part: before double punctuation, inside quotation marks."""


def tightened(text: str, language: Language) -> str:
    """The text with fixed spaces where its language wants them; as long as it was."""
    return _FRENCH.sub(_FIXED, text) if primary_of(language) == "fr" else text
