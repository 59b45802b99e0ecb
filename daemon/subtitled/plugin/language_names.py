"""What others call a language: standards and media servers. One table for every plugin.

The codes are worked out by the standards' own data (langcodes), so that any language has them; a
table holds only where a party goes its own way. The other way round, :meth:`Language.parse`
understands all of these, so that a plugin whose service lists its languages needs no table at all:
``{Language.parse(code): code for code in listed}``.
"""

from __future__ import annotations

from dataclasses import dataclass

import langcodes

from .language import Language

_JELLYFIN = {"pt-BR": "pob"}
"""From ``iso6392.txt`` of Jellyfin 10.11: scripts have no code of their own there."""


@dataclass(frozen=True, slots=True)
class LanguageNames:
    """The codes and names of one language. Codes that do not exist are None."""

    tag: str
    """BCP 47: what Jellyfin, Emby and Plex read in the names of sidecars, and browsers anywhere."""
    alpha2: str | None
    """ISO 639-1, such as ``de``: the language alone, no region or script."""
    alpha3b: str | None
    """ISO 639-2/B, such as ``ger``: in Matroska files, and in most media servers."""
    alpha3t: str | None
    """ISO 639-2/T or ISO 639-3, such as ``deu``: in MP4 files, and in names of Apertium's pairs."""
    english: str
    """In English, with the script or region that the tag states: ``Chinese (Simplified)``."""
    plain_english: str
    """The language alone in English, ``Chinese``: what chat models and recognisers take."""
    native: str
    """In the language itself: ``português (Brasil)``."""

    @property
    def jellyfin(self) -> str:
        """What Jellyfin says in ``MediaStreams``; Emby says ISO 639-2/B."""
        return _JELLYFIN.get(self.tag) or self.kodi

    @property
    def plex(self) -> str:
        """What Plex says in ``languageCode``; its ``languageTag`` is the tag."""
        return self.kodi

    @property
    def kodi(self) -> str:
        """What Kodi says: ISO 639-2/B where there is one; of regions and scripts it knows none."""
        return self.alpha3b or self.tag


def names_of(language: Language) -> LanguageNames:
    """Every name of one language."""
    known = langcodes.Language.get(language)
    primary = known.language or "und"
    return LanguageNames(
        tag=str(language),
        alpha2=primary if len(primary) == 2 else None,
        alpha3b=_alpha3(known, "B"),
        alpha3t=_alpha3(known, "T"),
        english=known.display_name(),
        plain_english=known.language_name(),
        native=known.autonym(),
    )


def _alpha3(language: langcodes.Language, variant: str) -> str | None:
    try:
        return language.to_alpha3(variant=variant)
    except LookupError:
        return None
