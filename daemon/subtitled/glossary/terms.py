"""Terms and their translations, and finding them in a text in any inflection."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from subtitled.plugin import Language
from subtitled.subtitles.scripts import detect_script


class TermScope(StrEnum):
    """What a term applies to, the most specific first."""

    TITLE = "title"
    SERIES = "series"
    """A folder between the library's and the media file's."""
    NAMES = "names"
    """The metadata of the title, from an NFO file, a server or its path."""
    LIBRARY = "library"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term.

    Its text is in ``translations`` for the languages there, and ``source`` for all others.

    That text is a hotword. A translation into a language of ``translations`` must use it. In any
    other language the translator decides, unless the term is ``do_not_translate``.
    """

    source: str = ""
    translations: tuple[tuple[Language, str], ...] = ()
    do_not_translate: bool = False
    is_case_sensitive: bool = False
    """Whether upper and lower case matter."""
    origin: str = ""
    """Where it comes from, such as ``names.csv:3``."""
    scope: TermScope = TermScope.GLOBAL

    def source_text(self, language: Language) -> str:
        """Return the term in a spoken language, or an empty text if it is unknown."""
        return self._translation(language) or self.source

    def target_text(self, language: Language) -> str:
        """Return the term that a translation must use, or "" if the translator decides."""
        translation = self._translation(language)
        if translation or not self.do_not_translate:
            return translation
        return self.source or next((text for _, text in self.translations), "")

    def _translation(self, language: Language) -> str:
        for own_language, text in self.translations:
            if own_language == language:
                return text
        return next(
            (text for own_language, text in self.translations if own_language.satisfies(language)),
            "",
        )


@dataclass(frozen=True, slots=True)
class GlossaryIssue:
    """What is wrong in a file, with a hint. The rest of the file is used."""

    location: str
    """The file, with the line if one is at fault, such as ``names.csv:3``."""
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.location}: {self.message}. {self.hint}"


def most_specific(terms: list[Term], language: Language) -> list[Term]:
    """Return the terms that have a text in a language.

    Of two with the same text, the first counts.
    """
    by_text: dict[str, Term] = {}
    for term in terms:
        text = term.source_text(language)
        if text:
            by_text.setdefault(text if term.is_case_sensitive else text.casefold(), term)
    return list(by_text.values())


_MAX_ENDING_CHARS = 3
"""The largest number of letters that an inflection adds to a word."""
_MIN_INFLECTED_CHARS = 5
"""The smallest number of letters of a word whose last two may change in an inflection."""
_UNSPACED_SCRIPTS = frozenset({"han", "hiragana", "katakana", "thai", "lao", "khmer", "burmese"})
_SEPARATOR = r"\W+"


def mentions_term(
    text: str, term: str, *, is_case_sensitive: bool = False, is_inflected: bool = False
) -> bool:
    """Return whether a term is in a text, as whole words.

    A word may have an ending.

    Args:
        text: The text.
        term: The term.
        is_case_sensitive: Whether upper and lower case matter.
        is_inflected: Whether the last letters of a word may change too, as in Moskva and Moskvě.
            This is right for checking a translation, and too loose for finding terms.
    """
    term, text = _fold_case(term, is_case_sensitive), _fold_case(text, is_case_sensitive)
    words = re.findall(r"\w+", term)
    if not words or _word_stem(words[0], is_inflected) not in text:
        return False  # a fast answer for most terms of a large glossary
    return _pattern(tuple(words), is_inflected).search(text) is not None


@functools.lru_cache(maxsize=4096)
def _pattern(words: tuple[str, ...], is_inflected: bool) -> re.Pattern[str]:
    if any(detect_script(character) in _UNSPACED_SCRIPTS for word in words for character in word):
        return re.compile(r"\W*".join(map(re.escape, words)))
    return re.compile(
        rf"(?<!\w){_SEPARATOR.join(_inflected_pattern(word, is_inflected) for word in words)}(?!\w)"
    )


def _inflected_pattern(word: str, is_inflected: bool) -> str:
    if not word.isalpha() or len(word) < _MIN_INFLECTED_CHARS - 1:
        return rf"{re.escape(word)}(?:['’]?s)?"
    stem = _word_stem(word, is_inflected)
    more = _MAX_ENDING_CHARS + len(word) - len(stem)
    return rf"{re.escape(stem)}\w{{0,{more}}}(?:['’]\w{{1,2}})?"


def _word_stem(word: str, is_inflected: bool) -> str:
    return (
        word[:-2] if is_inflected and word.isalpha() and len(word) >= _MIN_INFLECTED_CHARS else word
    )


def _fold_case(text: str, is_case_sensitive: bool) -> str:
    plain = unicodedata.normalize("NFKC", text)
    return plain if is_case_sensitive else plain.casefold()
