"""BCP 47 language tags, the only names of languages that are used inside.

What others call a language: standards and media servers. One table for every plugin.

The codes are worked out by the standards' own data (langcodes), so that any language has them; a
table holds only where a party goes its own way. The other way round, :meth:`Language.parse`
understands all of these, so that a plugin whose service lists its languages needs no table at all:
``{Language.parse(code): code for code in listed}``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import langcodes
from langcodes.data_dicts import NORMALIZED_MACROLANGUAGES
from langcodes.tag_parser import LanguageTagError
from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

_NONSTANDARD_CODES = {
    "chs": "zh-Hans",
    "zhs": "zh-Hans",
    "cht": "zh-Hant",
    "zht": "zh-Hant",
    "zt": "zh-Hant",
    "pob": "pt-BR",
    "pb": "pt-BR",
    "spl": "es-419",
    "ea": "es-419",
}
"""Codes that no standard has and many tools write. ``pb`` and ``zt`` are LibreTranslate's, ``pob``
is OpenSubtitles', ``ea`` and ``spl`` are Bazarr's."""
ALIASES = {
    "simplified": "zh-Hans",
    "chinese simplified": "zh-Hans",
    "simplified chinese": "zh-Hans",
    "traditional": "zh-Hant",
    "chinese traditional": "zh-Hant",
    "traditional chinese": "zh-Hant",
    "brazilian": "pt-BR",
    "brazilian portuguese": "pt-BR",
    "portuguese (br)": "pt-BR",
    "português do brasil": "pt-BR",
    "latin american spanish": "es-419",
    "spanish latin america": "es-419",
    "español latino": "es-419",
    "espanol": "es",
    "francais": "fr",
    "mandarin": "zh",
    "cantonese": "yue",
    "flemish": "nl-BE",
}
"""What people call languages, where a search by name finds another or none."""
_REGIONAL_TAGS = (
    "zh-Hans zh-Hant pt-BR pt-PT es-419 es-ES es-MX fr-CA fr-FR en-GB en-US de-AT de-CH nl-BE "
    "sr-Latn sr-Cyrl"
).split()
"""Those whose full names, with script or region in brackets, are understood."""
_SPECIAL_TAGS = frozenset({"mul", "mis", "zxx", "und"})


class Language(str):
    """A language as a canonical BCP 47 tag: ``en``, ``pt-BR``, ``zh-Hans``.

    ``Language("ger")`` is ``de``: ISO 639-2/B and /T codes are understood. Names such as
    ``"German"`` are not; use :meth:`parse` for what people write.

    Raises ``ValueError`` for what is no language tag.
    """

    __slots__ = ()

    def __new__(cls, tag: str) -> Language:
        if isinstance(tag, cls):
            return tag
        plain = _NONSTANDARD_CODES.get(tag.lower(), tag)
        try:
            canonical = langcodes.standardize_tag(plain)
            known = langcodes.tag_is_valid(canonical)
        except LanguageTagError:
            known = False
        if not known:
            raise ValueError(
                f"{tag!r} is not a language tag; write one such as en, es, pt-BR or zh-Hans"
            )
        return super().__new__(cls, canonical)

    @classmethod
    def parse(cls, text: str) -> Language:
        """The language that a person meant: a tag, an ISO 639 code or an English or native name."""
        name = " ".join(text.split())
        folded = name.casefold()
        try:
            return cls(find_tag(folded) or name)
        except ValueError:
            try:
                return cls(langcodes.find(name).to_tag())
            except LookupError:
                pass
            raise

    @property
    def primary(self) -> Language:
        """The language without script, region or variant: ``pt`` of ``pt-BR``."""
        return Language(self.split("-", 1)[0])

    @property
    def is_known(self) -> bool:
        """False for ``und``, ``mul``, ``mis`` and ``zxx``, which name no one language."""
        return self.primary not in _SPECIAL_TAGS

    @property
    def english_name(self) -> str:
        """What to call it in a sentence, such as ``Brazilian Portuguese``."""
        return langcodes.Language.get(self).display_name()

    def satisfies(self, wanted: Language) -> bool:
        """Whether a reader of ``wanted`` is served by a text in this language.

        The same primary language is needed. A script must agree where either implies one
        (``zh-TW`` satisfies ``zh-Hant``, not ``zh-Hans``), a region only where both state one.
        ``nb`` and ``no``, ``cmn`` and ``zh`` are the same language.
        """
        own_tag, wanted_tag = langcodes.Language.get(self), langcodes.Language.get(wanted)
        if (
            _macrolanguage_of(own_tag.language) != _macrolanguage_of(wanted_tag.language)
            or not self.is_known
        ):
            return False
        both_imply_script = (own_tag.script or own_tag.territory) and (
            wanted_tag.script or wanted_tag.territory
        )
        if both_imply_script and own_tag.maximize().script != wanted_tag.maximize().script:
            return False
        return (
            not (own_tag.territory and wanted_tag.territory)
            or own_tag.territory == wanted_tag.territory
        )

    @property
    def script(self) -> str:
        """How it is written, as ISO 15924 says: ``Hant`` for ``zh-TW``, ``Latn`` for ``en``."""
        return langcodes.Language.get(self).maximize().script or ""

    @property
    def has_explicit_script(self) -> bool:
        """Whether the tag itself, by a script or a region, says how it is written."""
        tag = langcodes.Language.get(self)
        return bool(tag.script or tag.territory)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls.parse,
            core_schema.str_schema(),
            serialization=core_schema.to_string_ser_schema(),
        )


def find_tag(name: str) -> str | None:
    """The tag for what people call a language, in small letters; None for what needs a search."""
    return ALIASES.get(name) or _load_full_names().get(name)


@functools.cache
def _load_full_names() -> dict[str, str]:
    """``portuguese (brazil)`` and ``português (brasil)`` for ``pt-BR``, and so on."""
    languages = [(tag, langcodes.Language.get(tag)) for tag in _REGIONAL_TAGS]
    english = {language.display_name().casefold(): tag for tag, language in languages}
    return english | {language.autonym().casefold(): tag for tag, language in languages}


_MACROLANGUAGES = {"nb": "no"} | NORMALIZED_MACROLANGUAGES


def _macrolanguage_of(primary: str | None) -> str | None:
    """One code for those that name the same language, as CLDR has them."""
    return _MACROLANGUAGES.get(primary or "", primary)


UNDETERMINED = Language("und")
"""The language of what nobody has listened to yet."""


_JELLYFIN = {"pt-BR": "pob"}
"""From ``iso6392.txt`` of Jellyfin 10.11: scripts have no code of their own there."""


@dataclass(frozen=True, slots=True)
class LanguageCodes:
    """The codes and names of one language. Codes that do not exist are None."""

    tag: str
    """BCP 47: what Jellyfin, Emby and Plex read in the names of sidecars, and browsers anywhere."""
    alpha2: str | None
    """ISO 639-1, such as ``de``: the language alone, no region or script."""
    alpha3b: str | None
    """ISO 639-2/B, such as ``ger``: in Matroska files, and in most media servers."""
    alpha3t: str | None
    """ISO 639-2/T or ISO 639-3, such as ``deu``: in MP4 files, and in names of Apertium's pairs."""
    english_name: str
    """In English, with the script or region that the tag states: ``Chinese (Simplified)``."""
    english_base_name: str
    """The language alone in English, ``Chinese``: what chat models and recognisers take."""
    native_name: str
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


def language_codes(language: Language) -> LanguageCodes:
    """Every name of one language."""
    parsed = langcodes.Language.get(language)
    primary = parsed.language or "und"
    return LanguageCodes(
        tag=str(language),
        alpha2=primary if len(primary) == 2 else None,
        alpha3b=_find_alpha3(parsed, "B"),
        alpha3t=_find_alpha3(parsed, "T"),
        english_name=parsed.display_name(),
        english_base_name=parsed.language_name(),
        native_name=parsed.autonym(),
    )


def _find_alpha3(language: langcodes.Language, variant: str) -> str | None:
    try:
        return language.to_alpha3(variant=variant)
    except LookupError:
        return None
