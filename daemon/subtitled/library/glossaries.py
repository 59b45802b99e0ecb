"""Which terms hold for one medium: glossaries and names, the nearest first.

``Film.glossary.csv`` beside a medium is that medium's; ``glossary.csv`` in its folder, or in one
above it up to the library's, is for all below. The configuration names those of a library and
those of all libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.config.vocabulary import VocabularySettings

from .glossary import ENDINGS, Glossary, read
from .terms import Mistake, Scope, Term
from .titles import PATH, Known, names_in, title_of

STEM = "glossary"


@dataclass(frozen=True, slots=True)
class Holding:
    """All that holds for a medium, the nearest first, and what is wrong in some of the files."""

    terms: tuple[Term, ...]
    mistakes: tuple[Mistake, ...]


def holding(
    medium: Path,
    library: LibrarySettings,
    everywhere: VocabularySettings,
    ask: Callable[[], Known | None] = lambda: None,
) -> Holding:
    """The terms for one medium of a library. Reads small files; raises nothing.

    ``ask`` is for a title that no file tells, if the configuration has somebody asked for it.
    """
    terms: list[Term] = []
    mistakes: list[Mistake] = []

    def take(glossary: Glossary) -> None:
        terms.extend(glossary.terms)
        mistakes.extend(glossary.mistakes)

    for path in _there(medium.parent, f"{medium.stem}.{STEM}"):
        take(read(path, Scope.TITLE))
    for folder in _folders(medium, library.path):
        for path in _there(folder, STEM):
            take(read(path, Scope.SERIES))
    if everywhere.names:
        known = title_of(medium, library.path)
        if everywhere.servers and known.origin == PATH:
            known = ask() or known
        terms.extend(names_in(known))
        mistakes.extend(known.mistakes)
    for path in library.glossaries:
        take(read(path, Scope.LIBRARY))
    for path in everywhere.glossaries:
        take(read(path, Scope.GLOBAL))
    return Holding(tuple(terms), tuple(mistakes))


def _folders(medium: Path, top: Path) -> Iterator[Path]:
    """The medium's folder and those above it, up to the library's; its own alone in none."""
    for folder in (medium.parent, *medium.parent.parents):
        if folder != top and top not in folder.parents and folder != medium.parent:
            return
        yield folder


def _there(folder: Path, stem: str) -> Iterator[Path]:
    for ending in ENDINGS:
        path = folder / f"{stem}.{ending}"
        if path.is_file():
            yield path
