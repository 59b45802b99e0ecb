"""How well the letters fit that a code page gives for a text, by the alphabet of a language."""

from __future__ import annotations

import functools
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress

from .alphabets import (
    RARE_CODE_PAGES,
    USUAL_CODE_PAGES,
    alphabet_of,
    frequency_ratio,
    has_own_script,
)
from .signs import breaks_case, rate_sign

MIN_SCORE = 0.75
"""Least mean score of the letters outside ASCII. A letter of the alphabet scores 1, another letter
of the usual code page 0.5, as in foreign names."""
MAX_STRANGE_SHARE = 0.03
"""Largest share of letters outside ASCII that the usual code page of the language does not have."""
_ICELANDIC = frozenset("ðÐþÞ")
"""Letters of cp1252 in whose places other code pages have frequent ones."""
_STRANGE_PENALTY = 2.0
_TOLERANCE = 0.0005
_OWN_SCRIPT_TOLERANCE = 0.01
_CHANCE = 0.5
"""How far chance moves the score of one letter. It moves that of many by its root."""
_RARE_PENALTY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A sample as read by one code page."""

    code_page: str
    text: str
    language: str
    score: float
    strange: int
    """Characters that cannot be there."""
    ratio: float
    """How frequent its frequent letters are, compared with other texts in the language."""
    share: float
    """Probability of the language."""
    tolerance: float
    """How far chance may have moved the score."""
    has_few_letters: bool = False
    """Whether it has too few for its rare code page: it may be right, but is not known to be."""


def score_letters(
    code_page: str, text: str, primary: str, share: float, min_rare: int
) -> Reading | None:
    """Score the characters outside ASCII; None if they cannot be right."""
    alphabet, own_script, ratio = alphabet_of(primary), has_own_script(primary), 1.0
    total, sum_of_scores, strange = rate_characters(text, primary)
    score = sum_of_scores / total if total else MIN_SCORE
    if strange > MAX_STRANGE_SHARE * total or (alphabet and score < MIN_SCORE):
        return None
    if own_script:
        ratio = frequency_ratio(text, primary)
        if not ratio:
            return None
        score = (score + min(1.0, ratio)) / 2
    score -= _STRANGE_PENALTY * strange / max(1, total)
    is_rare = code_page in RARE_CODE_PAGES
    if is_rare:
        score -= _RARE_PENALTY
    chance = max(_OWN_SCRIPT_TOLERANCE, _CHANCE / max(1, total) ** 0.5)
    return Reading(
        code_page=code_page,
        text=text,
        language=primary,
        score=score,
        strange=strange,
        ratio=ratio,
        share=share,
        tolerance=chance if own_script else _TOLERANCE,
        has_few_letters=is_rare and total < min_rare,
    )


@functools.lru_cache(maxsize=8)
def rate_characters(text: str, primary: str) -> tuple[int, float, int]:
    """Return how many characters outside ASCII count, the sum of their scores, the strange ones."""
    total, sum_of_scores, strange = 0, 0.0, 0
    for place, count in count_places(text).items():
        score = _score_place(place, primary)
        if score is None:
            continue
        total += count
        if score < 0:
            strange += count
        else:
            sum_of_scores += score * count
    return total, sum_of_scores, strange


@functools.lru_cache(maxsize=1 << 15)
def _score_place(place: tuple[str, str, str], primary: str) -> float | None:
    """Return the score of a character by those beside it; -1: it is strange, None: no matter."""
    before, character, after = place
    own_script = has_own_script(primary)
    if character.isalpha() and before.isdigit() and not own_script:
        return None
    if character.isalpha() or unicodedata.category(character) == "Mn":
        is_mixed = character > "\u024f" and (_is_latin(before) or _is_latin(after))
        if (own_script and is_mixed) or breaks_case(before, character, after):
            return -1.0
        is_own = _SCRIPT_TESTS.get(primary, alphabet_of(primary).__contains__)
        if is_own(character.lower()):
            return 1.0
        return 0.5 if character in _encodable(primary) else -1.0
    if primary in _SCRIPT_TESTS:
        return None
    rating = rate_sign(before, character, after)
    return -1.0 if rating < 0 else 1.0 if rating and not own_script else None


@functools.lru_cache(maxsize=16)
def count_places(text: str) -> Counter[tuple[str, str, str]]:
    """Count the characters outside ASCII, each with the ones beside it."""
    places = zip(" " + text, text, text[1:] + " ", strict=False)
    return Counter(compress(places, map("\x7f".__lt__, text)))


def _is_latin(c: str) -> bool:
    return c.isalpha() and (c <= "\x7f" or "\u00c0" <= c <= "\u024f")


def _is_han(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff" or letter in "々〇"


_SCRIPT_TESTS: dict[str, Callable[[str], bool]] = {
    "zh": _is_han,
    "yue": _is_han,
    "wuu": _is_han,
    "ja": lambda c: _is_han(c) or "\u3040" <= c <= "\u30ff",
    "ko": lambda c: "\uac00" <= c <= "\ud7a3" or "\u3131" <= c <= "\u318e",
    "th": lambda c: "\u0e01" <= c <= "\u0e5b",
}


@functools.cache
def _encodable(primary: str) -> frozenset[str]:
    """Return the characters of the code page that a language is usually in."""
    pages: Sequence[str] = USUAL_CODE_PAGES.get(primary, ())[:1]
    characters = bytes(range(128, 256)).decode(pages[0], "ignore") if pages else ""
    return (frozenset(characters) - _ICELANDIC) | alphabet_of(primary)
