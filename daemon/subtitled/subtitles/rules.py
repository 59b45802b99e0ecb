"""Cue rules: line length, reading speed, durations and gaps that readers can follow.

The published sets are the profiles of :mod:`subtitled.subtitles.profiles`. A transcript in the
language spoken may be read faster than a translation: the difference of Netflix's guides between
SDH and subtitles.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from subtitled.plugin import Language

from .markup import strip_tags
from .profiles import FRAME_SECONDS, PROFILES
from .scripts import get_primary, is_combining, is_flag_letter

AUDIENCES: tuple[str, ...] = ("adult", "child")


@dataclass(frozen=True, slots=True, kw_only=True)
class CueRules:
    """Limits of one cue. Lengths are columns of :func:`measure_width`, times are seconds.

    The defaults are Netflix's for English and adults.
    """

    max_line_length: float = 42.0
    max_lines: int = 2
    max_cps: float = 20.0
    """Columns a second that a reader can just follow. Spaces and punctuation count."""
    target_cps: float = 15.0
    """Columns a second that are read with ease. Cues are extended to this speed if possible."""
    min_duration: float = 5 / 6
    max_duration: float = 7.0
    min_gap: float = 2 * FRAME_SECONDS
    """Minimum gap between two cues."""
    chain_gap: float = 0.5
    """A gap below this is closed to ``min_gap``, because a flash of empty screen disturbs."""
    max_extension: float = 1.0
    """Time that a cue may stay on screen after the speech, for slow readers."""


@dataclass(frozen=True, slots=True)
class _ReadingSpeeds:
    """Columns a second of one language, for adults and for children."""

    transcript: tuple[float, float]
    translation: tuple[float, float]


_LINE_LENGTH = {
    "zh": 16.0,
    "yue": 16.0,
    "ja": 13.0,
    "ko": 16.0,
    "th": 35.0,
    # No guide is published for these three. Thai is the nearest script.
    "lo": 35.0,
    "km": 35.0,
    "my": 35.0,
}
_CHINESE = _ReadingSpeeds(transcript=(11.0, 9.0), translation=(9.0, 7.0))
_READING_SPEEDS = {
    "en": _ReadingSpeeds(transcript=(20.0, 17.0), translation=(20.0, 17.0)),
    "ar": _ReadingSpeeds(transcript=(23.0, 20.0), translation=(20.0, 17.0)),
    "hi": _ReadingSpeeds(transcript=(25.0, 20.0), translation=(22.0, 18.0)),
    "ja": _ReadingSpeeds(transcript=(7.0, 7.0), translation=(4.0, 4.0)),
    "ko": _ReadingSpeeds(transcript=(14.0, 11.0), translation=(12.0, 9.0)),
    "zh": _CHINESE,
    "yue": _CHINESE,
}
_DEFAULT_READING_SPEEDS = _ReadingSpeeds(transcript=(20.0, 17.0), translation=(17.0, 13.0))


def select_cue_rules(
    language: Language, *, translation: bool, profile: str = "netflix", audience: str = "adult"
) -> CueRules:
    """Return the cue rules of a profile for a language.

    Args:
        language: Language of the text.
        translation: Whether the text is a translation. It is then read more slowly.
        profile: A key of :data:`~subtitled.subtitles.profiles.PROFILES`.
        audience: One of :data:`AUDIENCES`.

    Raises:
        ValueError: The profile or the audience is unknown.
    """
    if profile not in PROFILES:
        raise ValueError(f"no profile {profile!r}; there are: {', '.join(PROFILES)}")
    if audience not in AUDIENCES:
        raise ValueError(f"no audience {audience!r}; there are: {', '.join(AUDIENCES)}")
    guide, primary, is_child = PROFILES[profile], get_primary(language), audience == "child"
    reading = _READING_SPEEDS.get(primary, _DEFAULT_READING_SPEEDS)
    cps = (reading.translation if translation else reading.transcript)[is_child]
    if guide.general_cps and not is_child and (primary not in _READING_SPEEDS or primary == "en"):
        cps = guide.general_cps
    target_cps = cps * guide.target_share
    if guide.max_target_cps is not None:
        target_cps = min(target_cps, guide.max_target_cps.get(is_child=is_child))
    if guide.max_cps is not None:
        cps = min(cps, guide.max_cps.get(is_child=is_child))
    max_line_length = _LINE_LENGTH.get(primary, 42.0)
    language_minimum = 0.5 if primary == "ja" else 5 / 6
    return CueRules(
        max_line_length=min(max_line_length, guide.max_line_length or max_line_length),
        max_cps=cps,
        target_cps=min(target_cps, cps),
        min_duration=language_minimum if guide.min_duration is None else guide.min_duration,
        max_duration=guide.max_duration,
        min_gap=guide.min_gap,
        chain_gap=guide.chain_gap,
        max_extension=guide.max_extension,
    )


def with_overrides(rules: CueRules, values: Mapping[str, Any]) -> CueRules:
    """Return the rules with some fields replaced by a user's values.

    If only ``max_cps`` is given, ``target_cps`` is scaled with it. ``target_cps`` is never above
    ``max_cps``, and ``min_gap`` never above ``chain_gap``.

    Args:
        rules: The rules to start from.
        values: New values by the names of the fields.
    """
    max_cps = values.get("max_cps", rules.max_cps)
    target_cps = values.get("target_cps", rules.target_cps * max_cps / rules.max_cps)
    if "max_cps" not in values:
        max_cps = max(max_cps, target_cps)
    changed = replace(rules, **values)
    return replace(
        changed,
        max_cps=max_cps,
        target_cps=min(target_cps, max_cps),
        chain_gap=max(changed.chain_gap, changed.min_gap),
    )


_HALF_WIDTH_LANGUAGES = frozenset({"zh", "yue", "ja", "ko"})
"""Languages in which a character that is not full width counts half."""
_FULL_WIDTH_PUNCTUATION = frozenset("…“”‘’—·⋯")
"""Punctuation drawn full width in Chinese and Japanese, though Unicode calls it ambiguous."""


def measure_width(text: str, language: Language) -> float:
    """Return the columns that a text takes, counted as the guides do.

    In Chinese, Japanese and Korean a full-width character counts 1, any other 0.5. Elsewhere each
    spacing character counts 1, so Arabic, Hebrew, Thai and Hindi are counted without their marks.
    A joined emoji counts once. Tags do not count.
    """
    text = strip_tags(text)
    primary = get_primary(language)
    base_width = 0.5 if primary in _HALF_WIDTH_LANGUAGES else 1.0
    if text.isascii() and text.isprintable():
        return base_width * len(text)
    has_full_width_punctuation = base_width < 1 and primary != "ko"
    widths = _widths(base_width, has_full_width_punctuation)
    if "\u200d" not in text:
        return sum(map(widths.__getitem__, text), 0.0)
    total, is_joined = 0.0, False
    for character in text:
        if not (is_joined and unicodedata.category(character) == "So"):
            total += widths[character]
        is_joined = character == "\u200d"
    return total


_MAX_KNOWN = 16384
"""Characters that are remembered. Else a text of all characters would fill the memory."""


class _Widths(dict[str, float]):
    """The columns of each character that was measured in such a language."""

    def __init__(self, base_width: float, has_full_width_punctuation: bool) -> None:
        super().__init__()
        self._how = (base_width, has_full_width_punctuation)

    def __missing__(self, character: str) -> float:
        width = _measure_character(character, *self._how)
        if len(self) < _MAX_KNOWN:
            self[character] = width
        return width


_widths = functools.cache(_Widths)


def _measure_character(
    character: str, base_width: float, has_full_width_punctuation: bool
) -> float:
    if is_combining(character) or unicodedata.category(character) in ("Cf", "Cc"):
        return 0.0
    column = base_width
    if base_width < 1 and (
        unicodedata.east_asian_width(character) in "WF"
        or (has_full_width_punctuation and character in _FULL_WIDTH_PUNCTUATION)
    ):
        column = 1.0
    return column / 2 if is_flag_letter(character) else column
