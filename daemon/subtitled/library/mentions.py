"""Whether a text mentions a term, however the language bends it."""

from __future__ import annotations

import functools
import re
import unicodedata

from subtitled.subtitles.scripts import script_of

_ENDING = 3
"""Letters that may follow a word: plurals, cases, possessives."""
_BENT = 5
"""Letters that a word has at least whose own last two may change with its case."""
_NO_SPACES = frozenset({"han", "hiragana", "katakana", "thai", "lao", "khmer", "burmese"})
_APART = r"\W+"


def mentions(text: str, term: str, *, exact: bool = False, bent: bool = False) -> bool:
    """Whether a term stands in a text as words of its own.

    A word may have an ending; with ``bent`` its last letters may be others too, as in Moskva and
    Moskvě: right for asking whether a translation has a term, too loose for finding it.
    """
    term, text = _folded(term, exact), _folded(text, exact)
    words = re.findall(r"\w+", term)
    if not words or _stem(words[0], bent) not in text:
        return False  # soon said of most terms of a large glossary
    return _pattern(tuple(words), bent).search(text) is not None


@functools.lru_cache(maxsize=4096)
def _pattern(words: tuple[str, ...], bent: bool) -> re.Pattern[str]:
    if any(script_of(character) in _NO_SPACES for word in words for character in word):
        return re.compile(r"\W*".join(map(re.escape, words)))
    return re.compile(rf"(?<!\w){_APART.join(_bendable(word, bent) for word in words)}(?!\w)")


def _bendable(word: str, bent: bool) -> str:
    if not word.isalpha() or len(word) < _BENT - 1:
        return rf"{re.escape(word)}(?:['’]?s)?"
    stem = _stem(word, bent)
    more = _ENDING + len(word) - len(stem)
    return rf"{re.escape(stem)}\w{{0,{more}}}(?:['’]\w{{1,2}})?"


def _stem(word: str, bent: bool) -> str:
    return word[:-2] if bent and word.isalpha() and len(word) >= _BENT else word


def _folded(text: str, exact: bool) -> str:
    plain = unicodedata.normalize("NFKC", text)
    return plain if exact else plain.casefold()
