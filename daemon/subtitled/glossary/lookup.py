"""Finding the terms of a media file: glossaries and names, the most specific first.

``Film.glossary.csv`` beside a media file is for it alone. ``glossary.csv`` in its folder, or in a
folder above it within the library, is for everything below. The configuration names the glossaries
of a library and those of all libraries. People keep terms of their own for any of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    """The terms of a media file, the most specific first, and what is wrong in the files."""

    terms: tuple[Term, ...]
    issues: tuple[GlossaryIssue, ...]


def terms_for(
    media: Path,
    library: LibrarySettings,
    global_glossaries: GlossarySettings,
    ask_servers: Callable[[], KnownMetadata | None] = lambda: None,
    kept: Sequence[Term] = (),
) -> ApplicableTerms:
    """Find the terms of a media file. Small files are read, and nothing is raised.

    Of one scope, what people keep comes before what is in files.

    Args:
        media: The media file.
        library: The settings of its library.
        global_glossaries: The settings for all libraries.
        ask_servers: Returns the title from a media server. It is called if no NFO file has it, and
            if the settings allow it.
        kept: The terms that people keep for it.
    """
    terms: list[Term] = []
    issues: list[GlossaryIssue] = []

    def add_kept(scope: TermScope) -> None:
        terms.extend(term for term in kept if term.scope is scope)

    def add_glossary(glossary: GlossaryFile) -> None:
        terms.extend(glossary.terms)
        issues.extend(glossary.issues)

    add_kept(TermScope.TITLE)
    for path in _existing_glossaries(media.parent, f"{media.stem}.{GLOSSARY_STEM}"):
        add_glossary(read_glossary(path, TermScope.TITLE))
    add_kept(TermScope.SERIES)
    for folder in _ancestor_folders(media, library.path):
        for path in _existing_glossaries(folder, GLOSSARY_STEM):
            add_glossary(read_glossary(path, TermScope.SERIES))
    if global_glossaries.use_nfo:
        metadata = find_metadata(media, library.path)
        if global_glossaries.use_media_servers and metadata.origin == PATH_ORIGIN:
            metadata = ask_servers() or metadata
        terms.extend(extract_names(metadata))
        issues.extend(metadata.issues)
    add_kept(TermScope.LIBRARY)
    for path in library.glossaries:
        add_glossary(read_glossary(path, TermScope.LIBRARY))
    add_kept(TermScope.GLOBAL)
    for path in global_glossaries.files:
        add_glossary(read_glossary(path, TermScope.GLOBAL))
    return ApplicableTerms(tuple(terms), tuple(issues))


def _ancestor_folders(media: Path, top: Path) -> Iterator[Path]:
    """Yield the folder of a media file and those above it, up to that of the library."""
    for folder in (media.parent, *media.parent.parents):
        if folder != top and top not in folder.parents and folder != media.parent:
            return
        yield folder


def _existing_glossaries(folder: Path, stem: str) -> Iterator[Path]:
    for ending in EXTENSIONS:
        path = folder / f"{stem}.{ending}"
        if path.is_file():
            yield path
