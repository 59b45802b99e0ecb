"""What readers can follow: length of lines, reading speed, durations, gaps.

Values from the Netflix Timed Text Style Guides (general requirements; English, Chinese, Japanese,
Korean, Thai, Arabic and Hindi pages) as of 2026; a transcript in the language spoken may be read
faster than a translation, which is the guides' difference between SDH and subtitles.
"""

from __future__ import annotations

import functools
import unicodedata
from dataclasses import dataclass

from subtitled.plugin import Language


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one subtitle; lengths in columns, times in seconds."""

    line_length: float = 42.0
    lines: int = 2
    cps: float = 20.0
    """Characters a second that a reader can follow."""
    min_duration: float = 5 / 6
    max_duration: float = 7.0
    gap: float = 2 / 24
    """Between two cues; a gap below half a second is closed to this."""


_LINE_LENGTH = {"zh": 16.0, "yue": 16.0, "ja": 13.0, "ko": 16.0, "th": 35.0, "lo": 35.0, "km": 35.0}
_CPS = {
    # language: (transcript, translation)
    "en": (20.0, 20.0),
    "zh": (11.0, 9.0),
    "yue": (11.0, 9.0),
    "ja": (7.0, 4.0),
    "ko": (14.0, 12.0),
    "ar": (23.0, 20.0),
    "hi": (25.0, 22.0),
}
_OTHERS = (20.0, 17.0)
_HALF_WIDTH = frozenset({"zh", "yue", "ja", "ko"})
"""Languages in which a Latin letter counts half a character."""
_FULL = frozenset("…“”‘’—·")
"""Punctuation that is drawn full width in those languages, though Unicode calls it ambiguous."""


def limits_for(language: Language, *, translation: bool) -> Limits:
    """The limits for a text in a language, of what was said or translated from another."""
    primary = str(language.primary)
    return Limits(
        line_length=_LINE_LENGTH.get(primary, 42.0),
        cps=_CPS.get(primary, _OTHERS)[translation],
        min_duration=0.5 if primary == "ja" else 5 / 6,
    )


def width(text: str, language: Language) -> float:
    """Columns that a text takes: combining marks none, Latin letters half in Chinese and such."""
    half = 0.5 if str(language.primary) in _HALF_WIDTH else 1.0
    return sum(_column(character, half) for character in text)


@functools.cache
def _column(character: str, half: float) -> float:
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        return 0.0
    if half == 1.0:
        return 1.0
    wide = unicodedata.east_asian_width(character) in "WF" or character in _FULL
    return 1.0 if wide else half
