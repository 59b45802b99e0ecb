"""Languages as BCP 47 tags, and the codes and names that services and standards use instead.

:func:`language_codes` gives the codes of a language, computed from the data of the standards
(langcodes). :meth:`Language.parse` understands all of them. A plugin whose service lists its
languages therefore needs no table: ``{Language.parse(code): code for code in listed}``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

if TYPE_CHECKING:  # its tables take long to load, and configurations mostly have plain tags
    import langcodes

_PLAIN_TAGS = frozenset(
    (
        "en de fr es it pt nl sv da no nb nn fi is ga cy gd mt eu ca gl oc br la pl cs sk hu ro bg "
        "el ru uk be sr hr bs sl mk sq lv lt et ka hy az tr kk ky uz tg tk tt he yi ar fa ps ur ku "
        "sd ht ba hi bn pa gu or ta te kn ml mr ne si sa as th lo my km vi id ms jv su zh ja ko mn "
        "bo am ti so sw rw zu xh af st tn ha yo ig ln sn mg mi sm fo lb eo haw yue fil und mul mis "
        "zxx"
    ).split()
)
"""Tags in their canonical form that are understood without the data of the standards."""
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
"""Codes that are in no standard but in use: ``pb`` and ``zt`` by LibreTranslate, ``pob`` by
OpenSubtitles, ``ea`` and ``spl`` by Bazarr."""
_SPECIAL_TAGS = frozenset({"mul", "mis", "zxx", "und"})


class Language(str):
    """A language as a canonical BCP 47 tag: ``en``, ``pt-BR``, ``zh-Hans``.

    ``Language("ger")`` is ``de``: ISO 639-2/B and /T codes are understood. Names such as
    ``"German"`` are not: use :meth:`parse` for what people write.

    Args:
        tag: A language tag or an ISO 639 code.

    Raises:
        ValueError: The text is not a language tag.
    """

    __slots__ = ()

    def __new__(cls, tag: str) -> Language:
        """Parse a tag and bring it into its canonical form."""
        if isinstance(tag, cls):
            return tag
        if tag in _PLAIN_TAGS:
            return super().__new__(cls, tag)
        import langcodes
        from langcodes.tag_parser import LanguageTagError

        plain = _NONSTANDARD_CODES.get(tag.lower()) or _order_subtags(tag)
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
        """Parse a tag, an ISO 639 code, or an English or native name.

        Args:
            text: What a person or a service wrote.

        Returns:
            The language.

        Raises:
            ValueError: No such language is known.
        """
        name = " ".join(text.split())
        if name in _PLAIN_TAGS:
            return cls(name)
        import langcodes

        from .language_names import find_language

        if (tag := find_language(name)) is not None:
            return cls(tag)
        try:
            return cls(name)
        except ValueError:
            try:
                return cls(langcodes.find(name).to_tag())
            except (LookupError, UnicodeEncodeError):
                pass
            raise

    @property
    def primary(self) -> Language:
        """The language without script, region or variant: ``pt`` of ``pt-BR``.

        It is ``und`` for a tag for private use such as ``x-klingon``, which has none.
        """
        first = self.split("-", 1)[0]
        return UNDETERMINED if first == "x" else Language(first)

    @property
    def is_known(self) -> bool:
        """False for tags that name no one language.

        They are ``und``, ``mul``, ``mis`` and ``zxx``, and ``qaa`` to ``qtz``, which broadcasters
        use as they like, such as for the original sound, and those that begin with ``x-``.
        """
        primary = self.primary
        is_local = len(primary) == 3 and "qaa" <= primary <= "qtz"
        return primary not in _SPECIAL_TAGS and not is_local

    @property
    def english_name(self) -> str:
        """The English name, such as ``Brazilian Portuguese``."""
        return _read_tag(self).display_name()

    def satisfies(self, wanted: Language) -> bool:
        """Check whether a text in this language is what a reader of another tag wants.

        The primary languages must be the same. The scripts must be the same if both tags have a
        script or a region (``zh-TW`` satisfies ``zh-Hant`` but not ``zh-Hans``). The regions must
        be the same if both tags have one. ``nb`` and ``no``, ``cmn`` and ``zh`` are the same.

        Args:
            wanted: The wanted language.

        Returns:
            True if it is.
        """
        own_tag, wanted_tag = _read_tag(self), _read_tag(wanted)
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
        """The script as an ISO 15924 code: ``Hant`` of ``zh-TW``, ``Latn`` of ``en``."""
        return _read_tag(self).maximize().script or ""

    @property
    def has_explicit_script(self) -> bool:
        """Whether the tag has a script or a region, which implies a script."""
        tag = _read_tag(self)
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


def _order_subtags(tag: str) -> str:
    """Put the script before the region, where people write it behind: ``de-CH-Latn``."""
    match = re.fullmatch(r"([A-Za-z]{2,3})[-_]([A-Za-z]{2}|\d{3})[-_]([A-Za-z]{4})", tag)
    return f"{match[1]}-{match[3]}-{match[2]}" if match else tag


def _read_tag(tag: str) -> langcodes.Language:
    import langcodes

    return langcodes.Language.get(tag)


def _macrolanguage_of(primary: str | None) -> str | None:
    """Normalise codes of the same language to one code, as CLDR does."""
    from langcodes.data_dicts import NORMALIZED_MACROLANGUAGES

    return "no" if primary == "nb" else NORMALIZED_MACROLANGUAGES.get(primary or "", primary)


UNDETERMINED = Language("und")
"""The language of a text or an audio track whose language is unknown."""


_JELLYFIN = {"pt-BR": "pob"}
"""From ``iso6392.txt`` of Jellyfin 10.11, which has no codes for scripts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageCodes:
    """The codes and names of a language. A code that does not exist is None."""

    tag: str
    """BCP 47, as Jellyfin, Emby and Plex read it in file names of sidecars."""
    alpha2: str | None
    """ISO 639-1, such as ``de``, without region and script."""
    alpha3b: str | None
    """ISO 639-2/B, such as ``ger``, as Matroska and most media servers use it."""
    alpha3t: str | None
    """ISO 639-2/T or ISO 639-3, such as ``deu``, as MP4 and Apertium use it."""
    english_name: str
    """The English name with script and region: ``Chinese (Simplified)``."""
    english_base_name: str
    """The English name without them: ``Chinese``. Chat models and recognisers use it."""
    native_name: str
    """The name in the language itself: ``português (Brasil)``."""

    @property
    def jellyfin(self) -> str:
        """The code in Jellyfin's ``MediaStreams``. Emby uses :attr:`alpha3b`."""
        return _JELLYFIN.get(self.tag) or self.kodi

    @property
    def plex(self) -> str:
        """The code in Plex's ``languageCode``. Its ``languageTag`` is :attr:`tag`."""
        return self.kodi

    @property
    def kodi(self) -> str:
        """The code in Kodi: ISO 639-2/B if there is one, without region and script."""
        return self.alpha3b or self.tag


def language_codes(language: Language) -> LanguageCodes:
    """Compute the codes and names of a language.

    Args:
        language: The language.

    Returns:
        Its codes and names.
    """
    parsed = _read_tag(language)
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
    if (language.language or "").startswith("x-"):
        return None
    try:
        return language.to_alpha3(variant=variant)
    except LookupError:
        return None
