"""Two speakers in one subtitle: a line each, with dashes in the style of the language.

Styles from the Netflix Timed Text Style Guides, "Dual speakers". Japanese has no dashes, and so no
such subtitles here; BBC and ARD tell speakers apart by colour, which sidecars do not carry, so
their dashes are the same.
"""

from __future__ import annotations

import re
from enum import Enum

from subtitled.plugin import Language

from ..scripts import primary_of


class Dash(Enum):
    """How the two lines begin."""

    SPACED = ("- ", "- ")
    TIGHT = ("-", "-")
    SECOND_ONLY = ("", "-")


_TIGHT = frozenset({"en", "de", "zh", "yue", "da", "sv", "no", "nb", "nn", "tr", "el"})
_SECOND_ONLY = frozenset({"nl", "fi", "sr", "hr", "bs", "he"})
_NONE = frozenset({"ja"})
_TURNS = re.compile(
    r"[-–—]\s?(?P<first>\S.*?[.!?…。！？؟।”\"»)\]])\s+[-–—]\s?(?P<second>\S.*)", re.DOTALL
)
_DASHED = re.compile(r"^[-–—]+(?:\s+|(?!\d))")
"""A dash that stands there already; before a figure it is a minus."""


def dash_of(language: Language) -> Dash | None:
    """The style of a language; None where two speakers never share a subtitle."""
    primary = primary_of(language)
    if primary in _NONE:
        return None
    if primary in _SECOND_ONLY:
        return Dash.SECOND_ONLY
    return Dash.TIGHT if primary in _TIGHT else Dash.SPACED


def turns_of(text: str) -> tuple[str, str] | None:
    """What each of two says in a text such as ``- Yes. - No.``; None for any other text."""
    found = _TURNS.fullmatch(text.strip())
    if found is None or re.search(r"\s[-–—]\s?\S", found["second"]):
        return None
    return found["first"], found["second"]


def with_dashes(first: str, second: str, dash: Dash) -> tuple[str, str]:
    """Two lines; dashes that stand there already are not doubled."""
    bare = [_DASHED.sub("", text.strip(), count=1) or text.strip() for text in (first, second)]
    return dash.value[0] + bare[0], dash.value[1] + bare[1]
