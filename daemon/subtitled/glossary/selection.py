"""Which terms go to the recogniser and to the translator for one job.

They are no part of a transcript's recipe: a term more in a glossary would have a whole library
recognised, and paid for, again. What is made after the change has them; what was made before is
made anew with ``subtitled generate --again``.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import langcodes

from subtitled.config.load import Configuration, servers_for_library
from subtitled.config.plugins import LIMIT, call_with_timeout
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Language, SubtitledError, TextPair

from .lookup import terms_for
from .metadata import KnownMetadata
from .terms import GlossaryIssue, Term, TermScope, mentions_term, most_specific

_log = logging.getLogger(__name__)

MAX_PAIRS = 60
"""Terms that go with one batch of lines."""


@dataclass(frozen=True, slots=True)
class Glossary:
    """The terms that hold for one medium, the nearest first."""

    terms: tuple[Term, ...] = ()
    issues: tuple[GlossaryIssue, ...] = ()
    max_hotword_chars: int = 300
    """How much a recogniser is told."""

    def hotwords_for(self, spoken: Language) -> tuple[str, ...]:
        """What the recogniser is told: the nearest terms, as far as they fit."""
        return tuple(term.source_text(spoken) for term in self.hotword_terms(spoken))

    def hotword_terms(self, spoken: Language) -> list[Term]:
        """The terms of :meth:`hotwords_for`."""
        chosen, left = [], self.max_hotword_chars
        for term in most_specific(list(self.terms), spoken):
            left -= len(term.source_text(spoken)) + 2
            if left < 0:
                break
            chosen.append(term)
        return chosen

    def glossary_pairs(self, source: Language, target: Language, text: str) -> tuple[TextPair, ...]:
        """What must be called what, of what a text mentions; the nearest terms first."""
        found = []
        for term in self.required_terms(source, target):
            said = term.source_text(source)
            if mentions_term(text, said, is_case_sensitive=term.is_case_sensitive):
                found.append(TextPair(said, term.target_text(target)))
                if len(found) == MAX_PAIRS:
                    break
        return tuple(found)

    def required_terms(self, source: Language, target: Language) -> list[Term]:
        """The terms that say what to write in the target language.

        A name from an NFO file is written the same only where the script is.
        """
        alike = _script(source) == _script(target)
        return [
            term
            for term in most_specific(list(self.terms), source)
            if term.target_text(target) and (alike or term.scope is not TermScope.NAMES)
        ]


def glossary_for(media: Path, library: LibrarySettings, configuration: Configuration) -> Glossary:
    """The vocabulary of one medium. Reads the glossaries and NFO files; raises nothing."""
    wanted = configuration.settings.glossary
    ask = functools.partial(_metadata_from_servers, media, library, configuration)
    found = terms_for(media, library, wanted, ask)
    return Glossary(found.terms, found.issues, wanted.max_hotword_chars)


def _metadata_from_servers(
    media: Path, library: LibrarySettings, configuration: Configuration
) -> KnownMetadata | None:
    """What the first of a library's servers says that knows the medium."""
    for name in servers_for_library(configuration, library):
        server = configuration.servers[name]
        try:
            title = call_with_timeout(name, lambda: server.create().metadata(media), LIMIT)  # noqa: B023 - called at once
        except SubtitledError as error:
            _log.info("%s was asked for a title: %s", name, error)
            continue
        if title is not None:
            return KnownMetadata(title, f"the server {name}")
    return None


def log_issues(issues: Sequence[GlossaryIssue]) -> None:
    """Log what is wrong in a glossary or an NFO file, once in a life."""
    for issue in issues:
        _log_once(str(issue))


@functools.lru_cache(maxsize=1024)
def _log_once(message: str) -> None:
    _log.warning("%s", message)


@functools.lru_cache(maxsize=256)
def _script(language: Language) -> str | None:
    return langcodes.Language.get(language).maximize().script
