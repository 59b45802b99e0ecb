"""Comparison of code pages of one script by how often each letter is used.

A wrong code page of Cyrillic, Greek or Hebrew gives letters of the same script, or capitals for
small letters, all of them in the alphabet. Only their shares in the text tell which page is right.
"""

from __future__ import annotations

import functools
import math
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from .readings import count_places
from .signs import breaks_case, rate_sign

COMPARED_BYTES = 2000
CLEAR_GAP = 8.0
"""Least difference of the log-likelihoods of two readings from which the better one is certain."""
MIN_FIT = -3.7
"""Least mean log-likelihood of the characters of a text in its own language."""

_PAGES = {
    "cp1251 koi8_r koi8_u cp866 cp1125 iso8859_5 mac_cyrillic": "ru uk be bg sr mk",
    "cp1253 iso8859_7 cp737": "el",
    "cp1255 cp862": "he",
}
_BY_FREQUENCY = {
    "ru": "оеаинтслвркмдпуяыьбгзчйжхшюцщэфёъ",
    "uk": "оанитівреслкдумпзяьбгчйхцжїєющшфґ",
    "be": "аінеострклыядвумпзцйьгбўшчжхюэёф",
    "bg": "аоиентрсвлкдпмзъгубчщжйяцхшфюь",
    "sr": "аоиенсрјтувдкмлпзгбчљцњшћжхђфџ",
    "mk": "аоиентрсвкдлпмузјгбчцшжњќхфѓљџѕ",
    "el": "αοιετσνηυρπκμλωςδγχθφβξζψ",
    "he": "יוהלאתרבמשנכפדקחעטגצםזןסךףץ",
}
"""Letters of a language, the most frequent first."""
_DECAY = 8.0
"""Ranks over which the share of a letter falls to a third, which is alike in all alphabets."""
_ACCENT = 1.0
_DIAERESIS = 5.0
_STRANGE = -12.0
_SIGN = -4.0
_CAPITAL_OF_A_NAME = -3.0
_SMALL_BEGINNING = -2.0
_ALL_CAPITALS = -4.0
_BROKEN_CASE = -6.0
_SENTENCE_ENDS = frozenset("\n.!?…-–—\"«“„'[(♪")


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedReading:
    """The beginning of a text as read by one code page, in the language that it fits best."""

    code_page: str
    text: str
    language: str
    likelihood: float
    """Logarithm of the probability of its characters outside ASCII."""
    fit: float
    """The mean for one character."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best reading of a text in the scripts that are compared."""

    best: FittedReading
    is_clear: bool
    """Whether no reading with other letters is nearly as good."""

    @property
    def is_good(self) -> bool:
        """Whether the letters are as frequent as in a text of the language."""
        return self.best.fit >= MIN_FIT


def is_compared(language: str) -> bool:
    """Check whether readings in a language are compared by the shares of their letters."""
    return language in _BY_FREQUENCY


def compare_pages(
    sample: bytes, decode: Callable[[bytes, str], str | None], stated: str
) -> Comparison | None:
    """Compare all code pages of Cyrillic, Greek and Hebrew for a text.

    Args:
        sample: Lines of the text with bytes outside ASCII.
        decode: Decodes bytes in a code page; None if they are no text in it.
        stated: The language that the file's name states. Of equal readings, it has the better one.

    Returns:
        None if most letters are Latin, or no code page gives a text.
    """
    sample = sample[:COMPARED_BYTES]
    outside = sum(byte > 127 for byte in sample)
    if outside <= sum(byte < 128 and chr(byte).isalpha() for byte in sample):
        return None
    fitted = []
    for pages, languages in _PAGES.items():
        for page in pages.split():
            text = decode(sample, page)
            if text is not None:
                fitted.append(_fit_languages(page, text, languages.split(), stated))
    if not fitted:
        return None
    best = max(fitted, key=lambda reading: reading.likelihood)
    others = [reading.likelihood for reading in fitted if reading.text != best.text]
    return Comparison(best, not others or best.likelihood - max(others) >= CLEAR_GAP)


def _fit_languages(page: str, text: str, languages: list[str], stated: str) -> FittedReading:
    places = _count_letters(text)
    count = max(1, sum(places.values()))
    broken = _BROKEN_CASE * _count_broken_cases(text)
    shares, _, language = max(
        (_sum_shares(places, language), language == stated, language) for language in languages
    )
    likelihood = shares + broken + _rate_capitals(text)
    return FittedReading(
        code_page=page,
        text=text,
        language=language,
        likelihood=likelihood,
        fit=(shares + broken) / count,
    )


def _sum_shares(places: Counter[tuple[str, int]], language: str) -> float:
    shares = _log_shares(language)
    return sum(
        count * ((_STRANGE, _SIGN)[rating + 1] if rating < 1 else shares.get(character, _STRANGE))
        for (character, rating), count in places.items()
    )


def _count_letters(text: str) -> Counter[tuple[str, int]]:
    """Count characters outside ASCII: letters with 1, signs with 0, misplaced ones with -1."""
    counts: Counter[tuple[str, int]] = Counter()
    for (before, character, after), count in count_places(text).items():
        counts[character.lower(), _rate_place(before, character, after)] += count
    return counts


@functools.lru_cache(maxsize=1 << 14)
def _rate_place(before: str, character: str, after: str) -> int:
    if character in "ςσ":
        # The sigma at the end of a word has a form of its own.
        return 1 if (character == "ς") != (after.isalpha() or after == "'") else -1
    if character.isalpha():
        return -1 if _is_ascii_letter(before) or _is_ascii_letter(after) else 1
    if character == "’" and after.isalpha() and not before.isalpha():
        return -1
    return min(0, rate_sign(before, character, after))


def _count_broken_cases(text: str) -> int:
    return sum(
        count
        for place, count in count_places(text).items()
        if place[0].isalpha() and breaks_case(*place)
    )


def _rate_capitals(text: str) -> float:
    """Return how likely the cases of the first letters of words are, by where sentences begin."""
    if text.isupper():
        return _ALL_CAPITALS
    total, before, ended = 0.0, "\n", True
    for character in text:
        if character.isalpha():
            if not before.isalpha():
                if ended:
                    total += _SMALL_BEGINNING * character.islower()
                else:
                    total += _CAPITAL_OF_A_NAME * character.isupper()
            ended = False
        elif character in _SENTENCE_ENDS:
            ended = True
        before = character
    return total


def _is_ascii_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


@functools.cache
def _log_shares(language: str) -> dict[str, float]:
    letters = _BY_FREQUENCY[language]
    total = sum(math.exp(-rank / _DECAY) for rank in range(len(letters)))
    shares = {letter: -rank / _DECAY - math.log(total) for rank, letter in enumerate(letters)}
    if language == "el":
        for accented in "άέήίόύώϊϋΐΰ":
            base, *marks = list(unicodedata.normalize("NFD", accented))
            shares[accented] = shares[base] - (_ACCENT if marks == ["\u0301"] else _DIAERESIS)
    return shares
