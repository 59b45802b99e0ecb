"""Terms that people keep from the pages, the API or the command line.

They are in the database, so that every worker has them, and never beside the media. A term holds
for one title, a series, a library or all libraries, from the next job on. A title is known by its
path in the library and by its content, so that its terms follow a renamed film.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.kv import TERM_KEY
from subtitled.db.records import FileRecord
from subtitled.library.paths import library_containing
from subtitled.plugin import InputRejectedError, Language
from subtitled.plugin.limits import clean_text
from subtitled.plugin.paths import display_path

from .files import MAX_TERM_CHARS
from .terms import Term, TermScope

MAX_KEPT_TERMS = 5000
"""The largest number of kept terms, because every job reads them all."""
MAX_TRANSLATIONS = 50
"""The largest number of languages of one term."""


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
        if self.scope is KeptScope.TITLE and fingerprint and fingerprint == self.fingerprint:
            return True
        if library != self.library:
            return False
        if self.scope is KeptScope.TITLE:
            return inside == self.place
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


class KeptTerms:
    """The kept terms. Threads and processes may share them."""

    def __init__(self, configuration: Configuration, db: Database) -> None:
        self._configuration = configuration
        self._db = db

    def all(self) -> list[KeptTerm]:
        """Return every term, the most specific first, then by name."""
        stored = self._db.kv.get_prefix(TERM_KEY).items()
        terms = [_from_json(key.removeprefix(TERM_KEY), value) for key, value in stored]
        order = list(KeptScope)
        return sorted(
            terms, key=lambda term: (order.index(term.scope), term.name.casefold(), term.id)
        )

    def get(self, term_id: str) -> KeptTerm | None:
        """Return one term, or None."""
        value = self._db.kv.get(TERM_KEY + term_id)
        return _from_json(term_id, value) if value is not None else None

    def for_media(self, media: Path, fingerprint: str | None) -> list[Term]:
        """Return the terms that hold for a media file, the most specific first."""
        libraries = self._configuration.settings.libraries
        library = library_containing(media, libraries)
        inside = media.relative_to(libraries[library].path) if library else Path()
        return [
            term.to_term() for term in self.all() if term.applies_to(library, inside, fingerprint)
        ]

    def add(self, wanted: NewTerm, actor: str) -> KeptTerm:
        """Keep a term. One that is the same in everything but case replaces the one before.

        Raises:
            InputRejectedError: It cannot be kept; the error says why.
        """
        term = self._complete(wanted, actor)
        is_known = self.get(term.id) is not None
        if not is_known and len(self._db.kv.get_prefix(TERM_KEY)) >= MAX_KEPT_TERMS:
            raise InputRejectedError(
                f"there are {MAX_KEPT_TERMS} terms already",
                "Remove some, or write a glossary file",
            )
        self._db.kv.set(TERM_KEY + term.id, _to_json(term))
        self._tell(term, actor, "kept", wanted.file)
        return term

    def remove(self, term: KeptTerm, actor: str) -> bool:
        """Remove a term, and return whether it was there."""
        if self.get(term.id) is None:
            return False
        self._db.kv.set(TERM_KEY + term.id, None)
        self._tell(term, actor, "removed", None)
        return True

    def _tell(self, term: KeptTerm, actor: str, done: str, file: FileRecord | None) -> None:
        entry = HistoryEntry(
            event=HistoryEvent.GLOSSARY,
            library=term.library or None,
            actor=actor,
            reason=f"{done}: {term.name}, for {term.holds_for}",
            details=term.to_dict(),
        )
        if file is not None and term.scope is not KeptScope.ALL:
            entry = replace(entry, path=file.path, file_id=file.id)
        self._db.history.add(entry)

    def _complete(self, wanted: NewTerm, actor: str) -> KeptTerm:
        """Return the term that is kept, after a check of all its parts."""
        text = _clean(wanted.text)
        translations = tuple(
            (language, cleaned)
            for language, given in wanted.translations
            if (cleaned := _clean(given))
        )
        if not text and not translations:
            raise InputRejectedError("the term is empty", "Write the word that is said")
        if len(translations) > MAX_TRANSLATIONS:
            raise InputRejectedError(
                f"more than {MAX_TRANSLATIONS} languages", "Keep a glossary file instead"
            )
        library, place, fingerprint = self._place_of(wanted)
        facts = [wanted.scope, library, os.fsencode(place).hex(), text.casefold()]
        facts += [f"{language}={given.casefold()}" for language, given in sorted(translations)]
        return KeptTerm(
            id=hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16],
            scope=wanted.scope,
            library=library,
            place=place,
            fingerprint=fingerprint,
            text=text,
            translations=translations,
            do_not_translate=wanted.do_not_translate,
            is_case_sensitive=wanted.is_case_sensitive,
            actor=_clean(actor),
            at=time.time(),
        )

    def _place_of(self, wanted: NewTerm) -> tuple[str, Path, str]:
        """Return the library, the path inside it, and the content of a title."""
        libraries = self._configuration.settings.libraries
        if wanted.scope is KeptScope.ALL:
            return "", Path(), ""
        name: str | None = wanted.library
        if wanted.file is not None:
            name = library_containing(wanted.file.path, libraries)
        if name is None or name not in libraries:
            known = ", ".join(libraries) or "none"
            raise InputRejectedError(
                f"there is no library {name!r}" if name else "no library is named",
                f"Name one of: {known}; or a file in it",
            )
        if wanted.scope is KeptScope.LIBRARY:
            return name, Path(), ""
        if wanted.file is None:
            raise InputRejectedError(
                f"a term of a {wanted.scope} needs a media file", "Name a file of it"
            )
        root = libraries[name].path
        if wanted.scope is KeptScope.TITLE:
            return name, wanted.file.path.relative_to(root), wanted.file.fingerprint or ""
        return name, find_series(wanted.file.path, root).relative_to(root), ""


def find_series(media: Path, root: Path) -> Path:
    """Return the folder of the series that a media file belongs to.

    It is the nearest one with a ``tvshow.nfo``, else the one that lies in the folder of the
    library.

    Raises:
        InputRejectedError: The file lies in the folder of the library itself.
    """
    folders = [folder for folder in media.parents if root in folder.parents]
    if not folders:
        raise InputRejectedError(
            f"{display_path(media)} is in no folder of its own, so it is in no series",
            "Keep the term for the title or for the library",
        )
    return next((one for one in folders if (one / "tvshow.nfo").is_file()), folders[-1])


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


def _clean(text: str) -> str:
    """Return a text as one line."""
    line = " ".join(clean_text(text, MAX_TERM_CHARS + 1).split())
    if len(line) > MAX_TERM_CHARS:
        raise InputRejectedError(
            f"a term of more than {MAX_TERM_CHARS} characters", "Keep single words and names"
        )
    return line


def _to_json(term: KeptTerm) -> str:
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


def _from_json(term_id: str, value: str) -> KeptTerm:
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
