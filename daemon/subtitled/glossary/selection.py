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

from subtitled.config.isolation import LIMIT, guarded
from subtitled.config.load import Configuration, servers_of
from subtitled.config.settings import LibrarySettings
from subtitled.library.glossaries import holding
from subtitled.library.mentions import mentions
from subtitled.library.terms import Mistake, Scope, Term, nearest
from subtitled.library.titles import Known
from subtitled.plugin import Language, Pair, Problem

_log = logging.getLogger(__name__)

MOST_PAIRS = 60
"""Terms that go with one batch of lines."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terms that hold for one medium, the nearest first."""

    terms: tuple[Term, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    characters: int = 300
    """How much a recogniser is told."""

    def listened_for(self, spoken: Language) -> tuple[str, ...]:
        """What the recogniser is told: the nearest terms, as far as they fit."""
        return tuple(term.said_in(spoken) for term in self.fitting(spoken))

    def fitting(self, spoken: Language) -> list[Term]:
        """The terms of :meth:`listened_for`."""
        chosen, left = [], self.characters
        for term in nearest(list(self.terms), spoken):
            left -= len(term.said_in(spoken)) + 2
            if left < 0:
                break
            chosen.append(term)
        return chosen

    def pairs(self, source: Language, target: Language, text: str) -> tuple[Pair, ...]:
        """What must be called what, of what a text mentions; the nearest terms first."""
        found = []
        for term in self.binding(source, target):
            said = term.said_in(source)
            if mentions(text, said, exact=term.exact):
                found.append(Pair(said, term.called_in(target)))
                if len(found) == MOST_PAIRS:
                    break
        return tuple(found)

    def binding(self, source: Language, target: Language) -> list[Term]:
        """The terms that say what to write in the target language.

        A name from an NFO file is written the same only where the script is.
        """
        alike = _script(source) == _script(target)
        return [
            term
            for term in nearest(list(self.terms), source)
            if term.called_in(target) and (alike or term.scope is not Scope.NAMES)
        ]


def vocabulary_of(
    medium: Path, library: LibrarySettings, configuration: Configuration
) -> Vocabulary:
    """The vocabulary of one medium. Reads the glossaries and NFO files; raises nothing."""
    wanted = configuration.settings.vocabulary
    ask = functools.partial(_title_by_servers, medium, library, configuration)
    found = holding(medium, library, wanted, ask)
    return Vocabulary(found.terms, found.mistakes, wanted.characters)


def _title_by_servers(
    medium: Path, library: LibrarySettings, configuration: Configuration
) -> Known | None:
    """What the first of a library's servers says that knows the medium."""
    for name in servers_of(configuration, library):
        server = configuration.servers[name]
        try:
            title = guarded(name, lambda: server.make().title(medium), LIMIT)  # noqa: B023 - called at once
        except Problem as problem:
            _log.info("%s was asked for a title: %s", name, problem)
            continue
        if title is not None:
            return Known(title, f"the server {name}")
    return None


def warn(mistakes: Sequence[Mistake]) -> None:
    """Log what is wrong in a glossary or an NFO file, once in a life."""
    for mistake in mistakes:
        _warn(str(mistake))


@functools.lru_cache(maxsize=1024)
def _warn(said: str) -> None:
    _log.warning("%s", said)


@functools.lru_cache(maxsize=256)
def _script(language: Language) -> str | None:
    return langcodes.Language.get(language).maximize().script
