"""BCP 47 language tags, the only names of languages that are used inside."""

from __future__ import annotations

import functools
from typing import Any

import langcodes
from langcodes.data_dicts import NORMALIZED_MACROLANGUAGES
from langcodes.tag_parser import LanguageTagError
from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

_HABITS = {
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
NAMES = {
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
_VARIANTS = (
    "zh-Hans zh-Hant pt-BR pt-PT es-419 es-ES es-MX fr-CA fr-FR en-GB en-US de-AT de-CH nl-BE "
    "sr-Latn sr-Cyrl"
).split()
"""Those whose full names, with script or region in brackets, are understood."""
_SPECIAL = frozenset({"mul", "mis", "zxx", "und"})


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
        plain = _HABITS.get(tag.lower(), tag)
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
        meant = " ".join(text.split())
        low = meant.casefold()
        try:
            return cls(tag_named(low) or meant)
        except ValueError:
            try:
                return cls(langcodes.find(meant).to_tag())
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
        return self.primary not in _SPECIAL

    @property
    def english_name(self) -> str:
        """What to call it in a sentence, such as ``Brazilian Portuguese``."""
        return langcodes.Language.get(self).display_name()

    def serves(self, wanted: Language) -> bool:
        """Whether a reader of ``wanted`` is served by a text in this language.

        The same primary language is needed. A script must agree where either implies one
        (``zh-TW`` serves ``zh-Hant``, not ``zh-Hans``), a region only where both state one.
        ``nb`` and ``no``, ``cmn`` and ``zh`` are the same language.
        """
        mine, theirs = langcodes.Language.get(self), langcodes.Language.get(wanted)
        if _one_of(mine.language) != _one_of(theirs.language) or not self.is_known:
            return False
        stated = (mine.script or mine.territory) and (theirs.script or theirs.territory)
        if stated and mine.maximize().script != theirs.maximize().script:
            return False
        return not (mine.territory and theirs.territory) or mine.territory == theirs.territory

    @property
    def script(self) -> str:
        """How it is written, as ISO 15924 says: ``Hant`` for ``zh-TW``, ``Latn`` for ``en``."""
        return langcodes.Language.get(self).maximize().script or ""

    @property
    def states_script(self) -> bool:
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


def tag_named(name: str) -> str | None:
    """The tag for what people call a language, in small letters; None for what needs a search."""
    return NAMES.get(name) or _full_names().get(name)


@functools.cache
def _full_names() -> dict[str, str]:
    """``portuguese (brazil)`` and ``português (brasil)`` for ``pt-BR``, and so on."""
    known = [(tag, langcodes.Language.get(tag)) for tag in _VARIANTS]
    english = {one.display_name().casefold(): tag for tag, one in known}
    return english | {one.autonym().casefold(): tag for tag, one in known}


_ALIKE = {"nb": "no"} | NORMALIZED_MACROLANGUAGES


def _one_of(primary: str | None) -> str | None:
    """One code for those that name the same language, as CLDR has them."""
    return _ALIKE.get(primary or "", primary)


UNDETERMINED = Language("und")
"""The language of what nobody has listened to yet."""
