"""What is known of the spoken language of a track, and when it is looked for again.

A language that nobody could tell is not unknown for ever: the analysis says by what it was looked
for, and when there is something else now, it is looked for again. So is one that was only assumed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Language
from subtitled.routing.language_identifiers import (
    LanguageIdentifier,
    candidate_languages,
    list_identifiers,
)
from subtitled.routing.table import RoutingTable
from subtitled.transcripts.models import LanguageOrigin, TrackAnalysis
from subtitled.transcripts.variants import component_variant

_ASSUMED = "assumed: "


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageMeans:
    """By what the spoken language of the files of a library can be told now."""

    identifiers: tuple[LanguageIdentifier, ...] = ()
    """The engines that can identify it, the best first."""
    assumed: Language | None = None
    """The language that the library assumes where nobody can tell."""
    keys: tuple[str, ...] = ()
    """One text for each of them, which changes when it may give another result."""

    def keys_of_others(self, engines: Collection[str]) -> tuple[str, ...]:
        """Return the keys of identifiers that are not among some engines."""
        return tuple(
            key
            for identifier, key in zip(self.identifiers, self.keys, strict=False)
            if identifier.engine not in engines
        )


def find_means(
    configuration: Configuration, library: LibrarySettings, routing: RoutingTable
) -> LanguageMeans:
    """Return by what the spoken language can be told for a library, in files of any duration."""
    identifiers = list_identifiers(
        replace(routing, media_seconds=None), candidate_languages(library)
    )
    keys = [
        " ".join(
            (
                identifier.engine,
                identifier.method,
                *identifier.candidates,
                component_variant(configuration.engines[identifier.engine], None),
            )
        )
        for identifier in identifiers
    ]
    if library.assumed_language is not None:
        keys.append(_ASSUMED + library.assumed_language)
    return LanguageMeans(
        identifiers=identifiers, assumed=library.assumed_language, keys=tuple(keys)
    )


def known_language(analysis: TrackAnalysis | None, means: LanguageMeans) -> Language | None:
    """Return the spoken language as far as it is known now.

    Args:
        analysis: What is stored of the track.
        means: By what its language can be told now.

    Returns:
        The language; ``und`` if it was looked for by all means that there are; None if it was not
        looked for, or can be looked for by other means now.
    """
    if analysis is None or analysis.language is None:
        return None
    if analysis.is_language_evident or set(analysis.language_means) == set(means.keys):
        return analysis.language
    return None


def describe_new_means(analysis: TrackAnalysis | None, means: LanguageMeans) -> str:
    """Say why the language is looked for again; empty if it was not looked for before."""
    if analysis is None or analysis.language is None or known_language(analysis, means) is not None:
        return ""
    tried = set(analysis.language_means)
    engines = [
        str(identifier)
        for identifier, key in zip(means.identifiers, means.keys, strict=False)
        if key not in tried
    ]
    if engines:
        news = f"{', '.join(engines)} may tell it now"
    elif means.assumed is not None and _ASSUMED + means.assumed not in tried:
        news = f"the library assumes {means.assumed} now"
    else:
        news = "by what it was told before is no longer there"
    if analysis.language_origin is LanguageOrigin.ASSUMPTION:
        return f"it was only assumed ({analysis.language}), and {news}"
    return f"nobody could tell it before, and {news}"
