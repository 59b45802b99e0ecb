"""Selecting the terms that the recogniser and the translator receive for one job.

The terms are not part of a transcript's variant. Otherwise a new term would cause a whole library
to be transcribed, and paid for, again. ``subtitled generate --retranscribe`` applies new terms to a
media file that has a transcript.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import langcodes
from pydantic import TypeAdapter

from subtitled.config.load import Configuration, servers_for_library
from subtitled.config.plugin_calls import LIMIT, call_with_timeout
from subtitled.config.plugins import ConfiguredComponent
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Language, MediaMetadata, MediaServer, SubtitledError, TextPair

from .lookup import terms_for
from .metadata import KnownMetadata
from .terms import GlossaryIssue, Term, TermScope, mentions_term, most_specific

_log = logging.getLogger(__name__)

MAX_PAIRS = 60
"""The largest number of terms for one batch of lines."""


@dataclass(frozen=True, slots=True)
class Glossary:
    """The terms of one media file, the most specific first."""

    terms: tuple[Term, ...] = ()
    issues: tuple[GlossaryIssue, ...] = ()
    max_hotword_chars: int = 300
    """The largest number of characters that the recogniser receives."""

    def hotwords_for(self, spoken: Language) -> tuple[str, ...]:
        """Return the hotwords of the recogniser: the most specific terms, as many as fit."""
        return tuple(term.source_text(spoken) for term in self.hotword_terms(spoken))

    def hotword_terms(self, spoken: Language) -> list[Term]:
        """Return the terms of :meth:`hotwords_for`."""
        chosen, left = [], self.max_hotword_chars
        for term in most_specific(list(self.terms), spoken):
            left -= len(term.source_text(spoken)) + 2
            if left < 0:
                break
            chosen.append(term)
        return chosen

    def glossary_pairs(self, source: Language, target: Language, text: str) -> tuple[TextPair, ...]:
        """Return the terms that a text mentions and their translations, the most specific first."""
        pairs = []
        for term in self.required_terms(source, target):
            source_text = term.source_text(source)
            if mentions_term(text, source_text, is_case_sensitive=term.is_case_sensitive):
                pairs.append(TextPair(source_text, term.target_text(target)))
                if len(pairs) == MAX_PAIRS:
                    break
        return tuple(pairs)

    def required_terms(self, source: Language, target: Language) -> list[Term]:
        """Return the terms that have a translation in the target language.

        A name from metadata is used only where both languages have the same script.
        """
        has_same_script = _script(source) == _script(target)
        return [
            term
            for term in most_specific(list(self.terms), source)
            if term.target_text(target) and (has_same_script or term.scope is not TermScope.NAMES)
        ]


def glossary_for(
    media: Path,
    library: LibrarySettings,
    configuration: Configuration,
    kept: Sequence[Term] = (),
) -> Glossary:
    """Return the glossary of one media file.

    Glossaries and NFO files are read, and nothing is raised.

    Args:
        media: The media file.
        library: The settings of its library.
        configuration: The configuration.
        kept: The terms that people keep for it.
    """
    settings = configuration.settings.glossary
    ask_servers = functools.partial(_metadata_from_servers, media, library, configuration)
    applicable = terms_for(media, library, settings, ask_servers, kept)
    return Glossary(applicable.terms, applicable.issues, settings.max_hotword_chars)


def _metadata_from_servers(
    media: Path, library: LibrarySettings, configuration: Configuration
) -> KnownMetadata | None:
    """Return the title from the first of the library's servers that knows the media file."""
    for name in servers_for_library(configuration, library):
        server = configuration.servers[name]
        try:
            title = call_with_timeout(name, lambda: _ask_server(server, media), LIMIT)  # noqa: B023 - called at once
        except SubtitledError as error:
            _log.info("server %s: no title: %s", name, error)
            continue
        if title is not None:
            return KnownMetadata(title, f"the server {name}")
    return None


_METADATA: TypeAdapter[MediaMetadata] = TypeAdapter(MediaMetadata)


def _ask_server(server: ConfiguredComponent[MediaServer], media: Path) -> MediaMetadata | None:
    """Return what a server knows, checked down to the last field."""
    stated = server.create().metadata(media)
    if stated is None:
        return None
    return _METADATA.validate_python(_METADATA.dump_python(stated, mode="json", warnings="error"))


def log_issues(issues: Sequence[GlossaryIssue]) -> None:
    """Log what is wrong in glossaries and NFO files, each issue once."""
    for issue in issues:
        _log_once(str(issue))


@functools.lru_cache(maxsize=1024)
def _log_once(message: str) -> None:
    _log.warning("%s", message)


@functools.lru_cache(maxsize=256)
def _script(language: Language) -> str | None:
    return langcodes.Language.get(language).maximize().script
