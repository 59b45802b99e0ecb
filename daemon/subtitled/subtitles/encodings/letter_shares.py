"""Comparison of code pages of one script by how often each letter is used.

A wrong code page of Cyrillic, Greek or Hebrew gives letters of the same script, or capitals for
small letters, all of them in the alphabet. Only their shares in the text tell which page is right.
"""

from __future__ import annotations

import functools
import math
import re
import string
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from .readings import count_places
from .signs import breaks_case, rate_sign

COMPARED_BYTES = 2500
FIRST_LETTERS = 100
"""Letters from which it is seen which code pages are far from right."""
MAX_BEHIND = 30.0
"""Difference of the log-likelihoods of the first letters from which a reading is not looked at any
more."""
CLEAR_GAP = 8.0
"""Least difference of the log-likelihoods of two readings from which the better one is certain."""
MIN_FIT = -3.7
"""Least mean log-likelihood of the characters of a text in its own language."""
HOPELESS_FIT = -6.0
"""The same of first letters that are in none of the scripts."""

_ASCII = bytes(range(128))
_LETTERS = string.ascii_letters.encode()
_PAGES = {
    "cp1251 koi8_r koi8_u cp866 cp1125 iso8859_5 mac_cyrillic": "ru uk be bg sr mk",
    "cp1253 iso8859_7 cp737 mac_greek": "el",
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
_WORD = re.compile(r"[^\W\d_]++")
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
    if len(sample.translate(None, _ASCII)) <= len(sample) - len(sample.translate(None, _LETTERS)):
        return None
    # Many pages give the same text: it is looked at once, as the first of them.
    pages: dict[str, tuple[str, list[str]]] = {}
    for names, languages in _PAGES.items():
        for page in names.split():
            text = decode(sample, page)
            if text is not None:
                pages.setdefault(text, (page, languages.split()))
    if not pages:
        return None
    if len(sample) > 2 * FIRST_LETTERS:
        first = _fit_first_letters(pages, stated)
        if len(first) == 1 and first[0].fit < HOPELESS_FIT:
            return Comparison(first[0], is_clear=True)
        texts = [reading.text for reading in first]
    else:
        texts = list(pages)
    fitted = [_fit_languages(pages[text][0], text, pages[text][1], stated) for text in texts]
    best = max(fitted, key=lambda reading: reading.likelihood)
    others = [reading.likelihood for reading in fitted if reading is not best]
    return Comparison(best, not others or best.likelihood - max(others) >= CLEAR_GAP)


def _fit_first_letters(
    pages: Mapping[str, tuple[str, list[str]]], stated: str
) -> list[FittedReading]:
    """Return the texts whose first letters are not much less likely than those of another one."""
    readings = [
        replace(_fit_languages(page, text[:FIRST_LETTERS], languages, stated), text=text)
        for text, (page, languages) in pages.items()
    ]
    least = max(reading.likelihood for reading in readings) - MAX_BEHIND
    return [reading for reading in readings if reading.likelihood >= least]


def _fit_languages(page: str, text: str, languages: list[str], stated: str) -> FittedReading:
    places, broken_cases = _count_letters(text)
    count = max(1, sum(places.values()))
    broken = _BROKEN_CASE * broken_cases
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


def _sum_shares(places: Mapping[tuple[str, int], int], language: str) -> float:
    shares = _log_shares(language)
    return sum(
        count * ((_STRANGE, _SIGN)[rating + 1] if rating < 1 else shares.get(character, _STRANGE))
        for (character, rating), count in places.items()
    )


def _count_letters(text: str) -> tuple[Mapping[tuple[str, int], int], int]:
    """Count characters outside ASCII, and those that break the case of a word.

    Letters are counted with 1, signs with 0, misplaced ones with -1.
    """
    counts: defaultdict[tuple[str, int], int] = defaultdict(int)
    broken_cases = 0
    for place, count in count_places(text).items():
        letter, breaks = _describe_place(place)
        counts[letter] += count
        if breaks:
            broken_cases += count
    return counts, broken_cases


@functools.lru_cache(maxsize=1 << 14)
def _describe_place(place: tuple[str, str, str]) -> tuple[tuple[str, int], bool]:
    """Return a character with its rating, and whether it breaks the case of a word."""
    before, character, _ = place
    letter = character.lower(), _rate_place(*place)
    return letter, before.isalpha() and breaks_case(*place)


def _rate_place(before: str, character: str, after: str) -> int:
    if character in "ςσ":
        # The sigma at the end of a word has a form of its own.
        return 1 if (character == "ς") != (after.isalpha() or after == "'") else -1
    if character.isalpha():
        return -1 if _is_ascii_letter(before) or _is_ascii_letter(after) else 1
    if character == "’" and after.isalpha() and not before.isalpha():
        return -1
    return min(0, rate_sign(before, character, after))


def _rate_capitals(text: str) -> float:
    """Return how likely the cases of the first letters of words are, by where sentences begin."""
    if text.isupper():
        return _ALL_CAPITALS
    total, done = 0.0, 0
    for match in _WORD.finditer(text):
        place = match.start()
        begins = not done or not _SENTENCE_ENDS.isdisjoint(text[done:place])
        if begins:
            total += _SMALL_BEGINNING * text[place].islower()
        else:
            total += _CAPITAL_OF_A_NAME * text[place].isupper()
        done = match.end()
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
