"""What readers can follow: length of lines, reading speed, durations, gaps.

Four published sets of rules, as of 2026:

* ``netflix``: Timed Text Style Guides, general requirements, timing guidelines and the pages of
  each language. A transcript in the language spoken may be read faster than a translation: the
  guides' difference between SDH and subtitles.
* ``bbc``: Subtitle Guidelines. Speeds there are words a minute: 160 to 180, at six columns
  a word with its space. A gap is none or a second.
* ``ard``: the common rules of ARD, ORF, SRF and ZDF for subtitles of the German-speaking public
  broadcasters.
* ``ted``: How to tackle a transcript, and the guidelines for TED translators.

The last three say nothing of scripts in which a character is a syllable or a word: there the
values of Netflix hold, for lines and for reading.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from subtitled.plugin import Language

from .scripts import attaches, is_flag_letter, primary_of

FRAME = 1 / 24
"""Seconds; the guides count in frames of film."""
PROFILES: tuple[str, ...] = ("netflix", "bbc", "ard", "ted")
AUDIENCES: tuple[str, ...] = ("adult", "child")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one subtitle; lengths in columns as :func:`width` counts them, times in seconds.

    The defaults are Netflix's for English adults. Whoever overrides a value makes another with
    :func:`dataclasses.replace`.
    """

    line_length: float = 42.0
    lines: int = 2
    cps: float = 20.0
    """Columns a second that a reader can just follow; spaces and punctuation count."""
    best_cps: float = 15.0
    """Columns a second that are read with ease: what cues are held open for, if they may be."""
    min_duration: float = 5 / 6
    max_duration: float = 7.0
    gap: float = 2 * FRAME
    """Between two cues, at least."""
    chain: float = 0.5
    """A gap below this is closed to ``gap``: a flash of empty screen disturbs."""
    linger: float = 1.0
    """How long a cue may stay after the speech, for slow readers."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """Columns a second of one language, for adults and for children."""

    transcript: tuple[float, float]
    translation: tuple[float, float]


_LINE_LENGTH = {
    "zh": 16.0,
    "yue": 16.0,
    "ja": 13.0,
    "ko": 16.0,
    "th": 35.0,
    # No guide is published for these three; theirs is the nearest script.
    "lo": 35.0,
    "km": 35.0,
    "my": 35.0,
}
_CHINESE = _Reading(transcript=(11.0, 9.0), translation=(9.0, 7.0))
_READING = {
    "en": _Reading(transcript=(20.0, 17.0), translation=(20.0, 17.0)),
    "ar": _Reading(transcript=(23.0, 20.0), translation=(20.0, 17.0)),
    "hi": _Reading(transcript=(25.0, 20.0), translation=(22.0, 18.0)),
    "ja": _Reading(transcript=(7.0, 7.0), translation=(4.0, 4.0)),
    "ko": _Reading(transcript=(14.0, 11.0), translation=(12.0, 9.0)),
    "zh": _CHINESE,
    "yue": _CHINESE,
}
_OTHERS = _Reading(transcript=(20.0, 17.0), translation=(17.0, 13.0))
_EASE = 0.75
"""The speed at ease, as a share of the fastest: 15 to 20, 12 to 17 in the presets of the trade."""


def limits_for(
    language: Language, *, translation: bool, profile: str = "netflix", audience: str = "adult"
) -> Limits:
    """The limits for a text in a language, of what was said or translated from another.

    Raises ``ValueError`` for a profile or an audience that there is not.
    """
    if profile not in PROFILES:
        raise ValueError(f"no profile {profile!r}; there are: {', '.join(PROFILES)}")
    if audience not in AUDIENCES:
        raise ValueError(f"no audience {audience!r}; there are: {', '.join(AUDIENCES)}")
    primary, child = primary_of(language), audience == "child"
    reading = _READING.get(primary, _OTHERS)
    cps = (reading.translation if translation else reading.transcript)[child]
    length = _LINE_LENGTH.get(primary, 42.0)
    shortest = 0.5 if primary == "ja" else 5 / 6
    if profile == "bbc":
        return Limits(
            line_length=min(length, 37.0),
            cps=min(cps, 18.0),
            best_cps=min(cps * _EASE, 16.0),
            min_duration=shortest,
            gap=0.0,
            chain=1.0,
            linger=1.5,
        )
    if profile == "ard":
        cps = min(cps, 11.0 if child else 15.0)
        return Limits(
            line_length=min(length, 37.0),
            cps=cps,
            best_cps=min(cps * 13 / 15, 13.0),
            min_duration=1.0,
            gap=1 / 25,
        )
    if profile == "ted":
        cps = cps if (primary in _READING and primary != "en") or child else 21.0
        return Limits(
            line_length=length,
            cps=cps,
            best_cps=cps * _EASE,
            min_duration=1.0,
        )
    return Limits(line_length=length, cps=cps, best_cps=cps * _EASE, min_duration=shortest)


def overridden(limits: Limits, values: Mapping[str, Any]) -> Limits:
    """The limits with some values of a user's own, by the names of the fields.

    The speed at ease follows the fastest one, where only that is given, and is never above it;
    a gap is never longer than those that are closed to it.
    """
    cps = values.get("cps", limits.cps)
    best = values.get("best_cps", limits.best_cps * cps / limits.cps)
    if "cps" not in values:
        cps = max(cps, best)
    changed = replace(limits, **values)
    return replace(changed, cps=cps, best_cps=min(best, cps), chain=max(changed.chain, changed.gap))


_HALF = frozenset({"zh", "yue", "ja", "ko"})
"""Languages in which what is not full width counts half a character."""
_FULL = frozenset("…“”‘’—·⋯")
"""Punctuation drawn full width in Chinese and Japanese, though Unicode calls it ambiguous."""
_TAG = re.compile(
    r"</?(?:i|b|u|s|font|c|v|lang|ruby|rt)(?:[.\s][^<>]*)?>|<\d+:[\d:.]+>|\{\\[^{}]*\}",
    re.IGNORECASE,
)
"""Tags of SubRip and WebVTT, and the overrides of ASS."""


def untagged(text: str) -> str:
    """The text without tags, which nobody reads."""
    return _TAG.sub("", text) if "<" in text or "{" in text else text


def width(text: str, language: Language) -> float:
    """Columns that a text takes, as the guides count them.

    Chinese, Japanese and Korean: full-width characters 1, all others a half. Elsewhere each
    character that stands on a place of its own 1, so that Arabic, Hebrew, Thai and Hindi count
    without their marks. Emoji count once, however many are joined. Tags count nothing.
    """
    text = untagged(text)
    primary = primary_of(language)
    half = 0.5 if primary in _HALF else 1.0
    if text.isascii() and text.isprintable():
        return half * len(text)
    full = half < 1 and primary != "ko"
    total, joined = 0.0, False
    for character in text:
        if not (joined and unicodedata.category(character) == "So"):
            total += _column(character, half, full)
        joined = character == "\u200d"
    return total


@functools.lru_cache(maxsize=16384)
def _column(character: str, half: float, full: bool) -> float:
    if attaches(character) or unicodedata.category(character) in ("Cf", "Cc"):
        return 0.0
    column = half
    if half < 1 and (
        unicodedata.east_asian_width(character) in "WF" or (full and character in _FULL)
    ):
        column = 1.0
    return column / 2 if is_flag_letter(character) else column
