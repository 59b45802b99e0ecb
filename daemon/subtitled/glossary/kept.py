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
from dataclasses import replace
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.kv import TERM_KEY
from subtitled.db.records import FileRecord
from subtitled.library.paths import library_containing
from subtitled.plugin import InputRejectedError
from subtitled.plugin.limits import clean_text
from subtitled.plugin.paths import display_path

from .files import MAX_TERM_CHARS
from .kept_term import KeptScope, KeptTerm, NewTerm, from_json, to_json
from .terms import Term

MAX_KEPT_TERMS = 5000
"""The largest number of kept terms, because every job reads them all."""
MAX_TRANSLATIONS = 50
"""The largest number of languages of one term."""


class KeptTerms:
    """The kept terms. Threads and processes may share them."""

    def __init__(self, configuration: Configuration, db: Database) -> None:
        self._configuration = configuration
        self._db = db

    def all(self) -> list[KeptTerm]:
        """Return every term, the most specific first, then by name."""
        stored = self._db.kv.get_prefix(TERM_KEY).items()
        terms = [from_json(key.removeprefix(TERM_KEY), value) for key, value in stored]
        order = list(KeptScope)
        return sorted(
            terms, key=lambda term: (order.index(term.scope), term.name.casefold(), term.id)
        )

    def get(self, term_id: str) -> KeptTerm | None:
        """Return one term, or None."""
        value = self._db.kv.get(TERM_KEY + term_id)
        return from_json(term_id, value) if value is not None else None

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
        self._db.kv.set(TERM_KEY + term.id, to_json(term))
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


def _clean(text: str) -> str:
    """Return a text as one line."""
    line = " ".join(clean_text(text, MAX_TERM_CHARS + 1).split())
    if len(line) > MAX_TERM_CHARS:
        raise InputRejectedError(
            f"a term of more than {MAX_TERM_CHARS} characters", "Keep single words and names"
        )
    return line
