"""Which terms hold for one medium: glossaries and names, the nearest first.

``Film.glossary.csv`` beside a medium is that medium's; ``glossary.csv`` in its folder, or in one
above it up to the library's, is for all below. The configuration names those of a library and
those of all libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.library_settings import GlossarySettings
from subtitled.config.settings import LibrarySettings

from .files import EXTENSIONS, GlossaryFile, read_glossary
from .metadata import PATH_ORIGIN, KnownMetadata, extract_names, find_metadata
from .terms import GlossaryIssue, Term, TermScope

GLOSSARY_STEM = "glossary"


@dataclass(frozen=True, slots=True)
class ApplicableTerms:
    """All that holds for a medium, the nearest first, and what is wrong in some of the files."""

    terms: tuple[Term, ...]
    issues: tuple[GlossaryIssue, ...]


def terms_for(
    media: Path,
    library: LibrarySettings,
    global_glossaries: GlossarySettings,
    ask_servers: Callable[[], KnownMetadata | None] = lambda: None,
) -> ApplicableTerms:
    """The terms for one medium of a library. Reads small files; raises nothing.

    ``ask`` is for a title that no file tells, if the configuration has somebody asked for it.
    """
    terms: list[Term] = []
    issues: list[GlossaryIssue] = []

    def add_glossary(glossary: GlossaryFile) -> None:
        terms.extend(glossary.terms)
        issues.extend(glossary.issues)

    for path in _existing_glossaries(media.parent, f"{media.stem}.{GLOSSARY_STEM}"):
        add_glossary(read_glossary(path, TermScope.TITLE))
    for folder in _ancestor_folders(media, library.path):
        for path in _existing_glossaries(folder, GLOSSARY_STEM):
            add_glossary(read_glossary(path, TermScope.SERIES))
    if global_glossaries.use_nfo:
        metadata = find_metadata(media, library.path)
        if global_glossaries.use_media_servers and metadata.origin == PATH_ORIGIN:
            metadata = ask_servers() or metadata
        terms.extend(extract_names(metadata))
        issues.extend(metadata.issues)
    for path in library.glossaries:
        add_glossary(read_glossary(path, TermScope.LIBRARY))
    for path in global_glossaries.files:
        add_glossary(read_glossary(path, TermScope.GLOBAL))
    return ApplicableTerms(tuple(terms), tuple(issues))


def _ancestor_folders(media: Path, top: Path) -> Iterator[Path]:
    """The medium's folder and those above it, up to the library's; its own alone in none."""
    for folder in (media.parent, *media.parent.parents):
        if folder != top and top not in folder.parents and folder != media.parent:
            return
        yield folder


def _existing_glossaries(folder: Path, stem: str) -> Iterator[Path]:
    for ending in EXTENSIONS:
        path = folder / f"{stem}.{ending}"
        if path.is_file():
            yield path
