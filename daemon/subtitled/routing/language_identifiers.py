"""The engines that identify the spoken language of a track for a library, and how each does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from subtitled.config.library_settings import ORIGINAL
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import LOCAL, UNDETERMINED, Language

from .table import NamedCapabilities, RoutingTable

MAX_CANDIDATES = 4
"""Languages in each of which the same windows are transcribed, at most."""


class IdentificationMethod(StrEnum):
    """How an engine identifies the spoken language."""

    DETECTION = "detection"
    """It implements :meth:`~subtitled.plugin.Engine.detect_language`."""
    TRANSCRIPTION = "transcription"
    """It transcribes windows without being told the language, and the text is identified."""
    CANDIDATES = "candidates"
    """It transcribes windows in each candidate language, and the texts are compared."""


@dataclass(frozen=True, slots=True)
class LanguageIdentifier:
    """An engine that can identify the spoken language."""

    engine: str
    method: IdentificationMethod
    is_local: bool = True
    candidates: tuple[Language, ...] = ()
    """The languages to try, if the method is ``CANDIDATES``."""

    def __str__(self) -> str:
        if self.method is IdentificationMethod.DETECTION:
            return self.engine
        if self.method is IdentificationMethod.TRANSCRIPTION:
            return f"what {self.engine} transcribed"
        return f"what {self.engine} transcribed as {', '.join(self.candidates)}"


def candidate_languages(library: LibrarySettings) -> tuple[Language, ...]:
    """Return the languages that a library names, which are likely to be spoken in it."""
    named = chain(library.languages, library.forced, *library.bilingual)
    languages = [Language(code).primary for code in named if code != ORIGINAL]
    languages += [language.primary for language in library.preferred_audio_languages]
    if library.assumed_language is not None:
        languages.append(library.assumed_language.primary)
    return tuple(dict.fromkeys(language for language in languages if language.is_known))


def list_identifiers(
    routing: RoutingTable, candidates: Sequence[Language] = ()
) -> tuple[LanguageIdentifier, ...]:
    """Return the engines that can identify the spoken language, the best first.

    Detection comes before transcription. Local engines come first, so that choosing an engine costs
    nothing and sends nothing. A remote one transcribes windows only if the rules of the library let
    it have a media file whose language is not known.

    Args:
        routing: The engines of the library.
        candidates: Languages that may be spoken, for engines that need to be told one.
    """
    engines = (*routing.engines, *routing.fallback_engines)
    local = [item for item in engines if item[1].destination == LOCAL]
    remote = [item for item in routing.engines if item[1].destination != LOCAL]
    unruled = [
        item for item in routing.engine_order(UNDETERMINED).engines if item[1].destination != LOCAL
    ]
    detectors = [
        _identifier(item, IdentificationMethod.DETECTION)
        for item in (*local, *remote)
        if item[1].supports_language_detection
    ]
    others = [item for item in (*local, *unruled) if not item[1].supports_language_detection]
    finders = [
        _identifier(item, IdentificationMethod.TRANSCRIPTION)
        for item in others
        if not item[1].needs_language
    ]
    triers = [
        _identifier(item, IdentificationMethod.CANDIDATES, spoken)
        for item in others
        if item[1].needs_language and len(spoken := _known_to(item, candidates)) > 1
    ]
    return (*detectors, *finders, *triers)


def identifiers_for(
    identifiers: Sequence[LanguageIdentifier], tag: Language, per_segment: bool
) -> tuple[LanguageIdentifier, ...]:
    """Return the engines that are asked about a track.

    If its tag names a language, nothing is tried in several languages, and no remote engine has to
    transcribe windows: the text is compared with the tag before it is published.

    Args:
        identifiers: Those of the library.
        tag: The tag of the track, or ``und``.
        per_segment: Whether the language of each part is wanted, which no tag tells.
    """
    if not tag.is_known or per_segment:
        return tuple(identifiers)
    return tuple(
        identifier
        for identifier in identifiers
        if identifier.method is IdentificationMethod.DETECTION
        or (identifier.method is IdentificationMethod.TRANSCRIPTION and identifier.is_local)
    )


def _identifier(
    item: NamedCapabilities, method: IdentificationMethod, candidates: tuple[Language, ...] = ()
) -> LanguageIdentifier:
    name, capabilities = item
    return LanguageIdentifier(name, method, capabilities.destination == LOCAL, candidates)


def _known_to(item: NamedCapabilities, languages: Sequence[Language]) -> tuple[Language, ...]:
    """Return the languages that an engine knows, up to the number that is tried."""
    known = item[1].languages
    if known is None:
        return tuple(languages[:MAX_CANDIDATES])
    primaries = {language.primary for language in known}
    return tuple(language for language in languages if language.primary in primaries)[
        :MAX_CANDIDATES
    ]
