"""Terms: what a thing is called, in one language or several, and whose word that is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from subtitled.plugin import Language


class Scope(StrEnum):
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
    """One thing. It is called by ``texts`` in the languages there, by ``source`` in all others.

    That is what is *listened for*. Translated into a language of ``texts`` it must be called so;
    into any other it is left to the translator, unless it is ``kept``: called the same everywhere.
    """

    source: str = ""
    texts: tuple[tuple[Language, str], ...] = ()
    kept: bool = False
    exact: bool = False
    """Upper and lower case matter."""
    origin: str = ""
    """Where it is from, for people: ``names.csv:3``."""
    scope: Scope = Scope.GLOBAL

    def said_in(self, language: Language) -> str:
        """What it is called by those who speak a language; empty if nobody knows."""
        return self._text(language) or self.source

    def called_in(self, language: Language) -> str:
        """What it must be called in a translation; empty if that is the translator's to say."""
        said = self._text(language)
        if said or not self.kept:
            return said
        return self.source or next((text for _, text in self.texts), "")

    def _text(self, language: Language) -> str:
        for known, text in self.texts:
            if known == language:
                return text
        return next((text for known, text in self.texts if known.serves(language)), "")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a file of somebody's, and the cure. The rest of the file is used."""

    where: str
    """The file, and the line if one is at fault: ``names.csv:3``."""
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. {self.cure}"


def nearest(terms: list[Term], language: Language) -> list[Term]:
    """The terms that say something in a language; of two for the same words, the first."""
    found: dict[str, Term] = {}
    for term in terms:
        said = term.said_in(language)
        if said:
            found.setdefault(said if term.exact else said.casefold(), term)
    return list(found.values())
