"""A term that somebody keeps: what it is, what it holds for, and how it is stored."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from subtitled.db.records import FileRecord
from subtitled.plugin import InputRejectedError, Language
from subtitled.plugin.paths import display_path

from .terms import Term, TermScope


class KeptScope(StrEnum):
    """What a kept term holds for."""

    TITLE = "title"
    SERIES = "series"
    LIBRARY = "library"
    ALL = "all"


_TERM_SCOPES = {
    KeptScope.TITLE: TermScope.TITLE,
    KeptScope.SERIES: TermScope.SERIES,
    KeptScope.LIBRARY: TermScope.LIBRARY,
    KeptScope.ALL: TermScope.GLOBAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerm:
    """A term that somebody wants to keep."""

    scope: KeptScope
    text: str = ""
    """The term in every language that is not in ``translations``."""
    translations: tuple[tuple[Language, str], ...] = ()
    do_not_translate: bool = False
    is_case_sensitive: bool = False
    file: FileRecord | None = None
    """The media file that names the title, or the series."""
    library: str = ""
    """The library, if no file names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTerm:
    """A term that somebody keeps."""

    id: str
    scope: KeptScope
    library: str
    """The name of the library; empty for a term of all."""
    place: Path
    """The media file or the folder of the series, from the folder of the library; empty else."""
    fingerprint: str
    """The content of the title; empty if it is not known, or for any other scope."""
    text: str
    translations: tuple[tuple[Language, str], ...]
    do_not_translate: bool
    is_case_sensitive: bool
    actor: str
    at: float
    """Seconds since 1970."""

    @property
    def name(self) -> str:
        """The term as people call it."""
        return self.text or next((text for _, text in self.translations), "")

    @property
    def holds_for(self) -> str:
        """What it holds for, for people."""
        if self.scope is KeptScope.ALL:
            return "all libraries"
        if self.scope is KeptScope.LIBRARY:
            return f"library {self.library}"
        return f"{self.scope} {display_path(self.place)} in library {self.library}"

    def to_dict(self) -> dict[str, Any]:
        """Return the term as JSON has it."""
        return {
            "id": self.id,
            "scope": str(self.scope),
            "library": self.library or None,
            "place": display_path(self.place) if self.place.parts else None,
            "text": self.text,
            "translations": {str(language): text for language, text in self.translations},
            "do_not_translate": self.do_not_translate,
            "case_sensitive": self.is_case_sensitive,
            "by": self.actor,
            "at": self.at,
        }

    def applies_to(self, library: str | None, inside: Path, fingerprint: str | None) -> bool:
        """Return whether it holds for a media file.

        Args:
            library: The name of its library; None outside of all.
            inside: Its path from the folder of the library.
            fingerprint: Its content, if that is known.
        """
        if self.scope is KeptScope.ALL:
            return True
        if library != self.library:
            return False  # Others may keep the same film, and see other terms.
        if self.scope is KeptScope.TITLE:
            return inside == self.place or (bool(fingerprint) and fingerprint == self.fingerprint)
        return self.scope is KeptScope.LIBRARY or self.place in inside.parents

    def to_term(self) -> Term:
        """Return the term as jobs use it."""
        return Term(
            source=self.text,
            translations=self.translations,
            # As in a glossary file, a term without languages is the same in all of them.
            do_not_translate=self.do_not_translate or not self.translations,
            is_case_sensitive=self.is_case_sensitive,
            origin=f"kept by {self.actor}",
            scope=_TERM_SCOPES[self.scope],
        )


def parse_translations(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[Language, str], ...]:
    """Return translations by language, from codes and texts as people give them.

    Raises:
        InputRejectedError: A code is no language.
    """
    translations: dict[Language, str] = {}
    for code, text in pairs:
        try:
            translations[Language.parse(code)] = text
        except ValueError as error:
            raise InputRejectedError(str(error), "Write a code such as en, es or pt-BR") from None
    return tuple(translations.items())


def visible_terms(terms: Sequence[KeptTerm], libraries: Sequence[str] | None) -> list[KeptTerm]:
    """Return the terms that somebody may see who is bound to libraries; None for all."""
    return [term for term in terms if libraries is None or term.library in ("", *libraries)]


def to_json(term: KeptTerm) -> str:
    """Return a term as the database has it, without its id."""
    return json.dumps(
        {
            "scope": term.scope,
            "library": term.library,
            "place": os.fsencode(term.place).hex() if term.place.parts else "",
            "fingerprint": term.fingerprint,
            "text": term.text,
            "translations": [[str(language), text] for language, text in term.translations],
            "do_not_translate": term.do_not_translate,
            "case_sensitive": term.is_case_sensitive,
            "actor": term.actor,
            "at": term.at,
        }
    )


def from_json(term_id: str, value: str) -> KeptTerm:
    """Return a term that the database has."""
    stored = json.loads(value)
    return KeptTerm(
        id=term_id,
        scope=KeptScope(stored["scope"]),
        library=stored["library"],
        place=Path(os.fsdecode(bytes.fromhex(stored["place"]))),
        fingerprint=stored["fingerprint"],
        text=stored["text"],
        translations=tuple((Language(code), text) for code, text in stored["translations"]),
        do_not_translate=stored["do_not_translate"],
        is_case_sensitive=stored["case_sensitive"],
        actor=stored["actor"],
        at=stored["at"],
    )
