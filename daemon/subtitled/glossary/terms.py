"""Terms: what a thing is called, in one language or several, and whose word that is.

Whether a text mentions a term, however the language bends it.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from subtitled.plugin import Language
from subtitled.subtitles.scripts import detect_script


class TermScope(StrEnum):
    """How much a term holds for, the nearest first."""

    TITLE = "title"
    SERIES = "series"
    """A folder between the library's and the medium's."""
    NAMES = "names"
    """What describes the title: an NFO file, or its path."""
    LIBRARY = "library"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Term:
    """One thing. It is called by ``translations`` in the languages there, by ``source`` in all
    others.

    That is what is *listened for*. Translated into a language of ``translations`` it must be called
    so; into any other it is left to the translator, unless it is ``do_not_translate``: called the
    same everywhere.
    """

    source: str = ""
    translations: tuple[tuple[Language, str], ...] = ()
    do_not_translate: bool = False
    is_case_sensitive: bool = False
    """Upper and lower case matter."""
    origin: str = ""
    """Where it is from, for people: ``names.csv:3``."""
    scope: TermScope = TermScope.GLOBAL

    def source_text(self, language: Language) -> str:
        """What it is called by those who speak a language; empty if nobody knows."""
        return self._translation(language) or self.source

    def target_text(self, language: Language) -> str:
        """What it must be called in a translation; empty if that is the translator's to say."""
        translation = self._translation(language)
        if translation or not self.do_not_translate:
            return translation
        return self.source or next((text for _, text in self.translations), "")

    def _translation(self, language: Language) -> str:
        for language_and_text, text in self.translations:
            if language_and_text == language:
                return text
        return next(
            (
                text
                for language_and_text, text in self.translations
                if language_and_text.satisfies(language)
            ),
            "",
        )


@dataclass(frozen=True, slots=True)
class GlossaryIssue:
    """What is wrong in a file of somebody's, and the cure. The rest of the file is used."""

    location: str
    """The file, and the line if one is at fault: ``names.csv:3``."""
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.location}: {self.message}. {self.hint}"


def most_specific(terms: list[Term], language: Language) -> list[Term]:
    """The terms that say something in a language; of two for the same words, the first."""
    by_text: dict[str, Term] = {}
    for term in terms:
        text = term.source_text(language)
        if text:
            by_text.setdefault(text if term.is_case_sensitive else text.casefold(), term)
    return list(by_text.values())


_MAX_ENDING_CHARS = 3
"""Letters that may follow a word: plurals, cases, possessives."""
_MIN_INFLECTED_CHARS = 5
"""Letters that a word has at least whose own last two may change with its case."""
_UNSPACED_SCRIPTS = frozenset({"han", "hiragana", "katakana", "thai", "lao", "khmer", "burmese"})
_SEPARATOR = r"\W+"


def mentions_term(
    text: str, term: str, *, is_case_sensitive: bool = False, is_inflected: bool = False
) -> bool:
    """Whether a term stands in a text as words of its own.

    A word may have an ending; with ``bent`` its last letters may be others too, as in Moskva and
    Moskvě: right for asking whether a translation has a term, too loose for finding it.
    """
    term, text = _fold_case(term, is_case_sensitive), _fold_case(text, is_case_sensitive)
    words = re.findall(r"\w+", term)
    if not words or _word_stem(words[0], is_inflected) not in text:
        return False  # soon said of most terms of a large glossary
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
