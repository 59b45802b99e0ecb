"""Names of languages as people write them: ``Bengali``, ``日本語``, ``Portuguese (Brazilian)``.

Names come from the data of the standards (language_data), and only whole names are found: its own
search finds Latin in "Latin American". A name may have a script or a region, before or behind it,
in brackets or without.
"""

from __future__ import annotations

import functools
import re

import langcodes
from language_data.names import (  # type: ignore[import-untyped]
    TRIES,
    data_filename,
    get_trie_value,
    load_trie,
    normalize_name,
)

ALIASES = {
    "brazilian": "pt-BR",
    "portuguese (br)": "pt-BR",
    "português do brasil": "pt-BR",
    "latino": "es-419",
    "español latino": "es-419",
    "latin american spanish": "es-419",
    "espanol": "es",
    "castellano": "es",
    "castilian": "es",
    "francais": "fr",
    "mandarin": "zh",
    "cantonese": "yue",
    "taiwanese": "zh-Hant",
    "flemish": "nl-BE",
    "moldavian": "ro",
    "moldovan": "ro",
    "farsi": "fa",
    "tagalog": "fil",
    "azeri": "az",
    "byelorussian": "be",
    "slovene": "sl",
    "burmese": "my",
    "serbo-croatian": "sh",
    "bahasa": "id",
    "bahasa indonesia": "id",
    "bahasa melayu": "ms",
    "simplified": "zh-Hans",
    "chinese simplified": "zh-Hans",
    "simplified chinese": "zh-Hans",
    "traditional": "zh-Hant",
    "chinese traditional": "zh-Hant",
    "traditional chinese": "zh-Hant",
    "简": "zh-Hans",
    "简中": "zh-Hans",
    "简体": "zh-Hans",
    "简体中文": "zh-Hans",
    "简体字": "zh-Hans",
    "簡": "zh-Hans",
    "簡體": "zh-Hans",
    "簡体": "zh-Hans",
    "簡體中文": "zh-Hans",
    "中文简体": "zh-Hans",
    "中文(简体)": "zh-Hans",
    "中文（简体）": "zh-Hans",
    "繁": "zh-Hant",
    "繁中": "zh-Hant",
    "繁体": "zh-Hant",
    "繁體": "zh-Hant",
    "繁体中文": "zh-Hant",
    "繁體中文": "zh-Hant",
    "正體": "zh-Hant",
    "正體中文": "zh-Hant",
    "中文繁體": "zh-Hant",
    "中文(繁體)": "zh-Hant",
    "中文（繁體）": "zh-Hant",
    "中文": "zh",
    "中字": "zh",
    "国语": "zh",
    "國語": "zh",
    "粤语": "yue",
    "粵語": "yue",
    "英文": "en",
    "英语": "en",
    "英語": "en",
    "日文": "ja",
    "日语": "ja",
    "日語": "ja",
    "日本語": "ja",
    "韩文": "ko",
    "韩语": "ko",
    "韓文": "ko",
    "한글": "ko",
    "한국어": "ko",
    "русский": "ru",
    "русские": "ru",
    "рус": "ru",
    "عربي": "ar",
    "украинский": "uk",
    "укр": "uk",
}
"""Names in use that the data of the standards does not have, or gives another tag."""

_QUALIFIERS = {
    "us": "US",
    "usa": "US",
    "american": "US",
    "america": "US",
    "uk": "GB",
    "gb": "GB",
    "british": "GB",
    "england": "GB",
    "britain": "GB",
    "aus": "AU",
    "australian": "AU",
    "canadian": "CA",
    "quebec": "CA",
    "québécois": "CA",
    "vff": "FR",
    "vfq": "CA",
    "parisian": "FR",
    "brazilian": "BR",
    "brasil": "BR",
    "br": "BR",
    "european": "EUROPEAN",
    "europe": "EUROPEAN",
    "iberian": "EUROPEAN",
    "castilian": "ES",
    "spain": "ES",
    "mexican": "MX",
    "argentinian": "AR",
    "latin america": "419",
    "latin american": "419",
    "latinamerica": "419",
    "latinoamérica": "419",
    "latin": "LATIN",
    "latino": "419",
    "latam": "419",
    "la": "LATIN",
    "lat": "LATIN",
    "swiss": "CH",
    "austrian": "AT",
    "belgian": "BE",
    "flemish": "BE",
    "taiwanese": "TW",
    "simplified": "Hans",
    "simp": "Hans",
    "simpl": "Hans",
    "traditional": "Hant",
    "trad": "Hant",
    "简体": "Hans",
    "繁體": "Hant",
    "繁体": "Hant",
    "cyrillic": "Cyrl",
    "cyr": "Cyrl",
}
_EUROPEAN = {"pt": "PT", "es": "ES", "fr": "FR", "en": "GB"}
_BRACKETED = re.compile(r"([^()\[\]（）]{2,60})[(\[（]([^()\[\]（）]{1,40})[)\]）]")
_MAX_NAME_LENGTH = 80


@functools.lru_cache(maxsize=4096)
def find_language(name: str) -> str | None:
    """Return the tag of a language by its whole name, or None.

    Args:
        name: A name in English, in the language itself, or one in use, in any case.

    Returns:
        A BCP 47 tag, or None if no language has that name.
    """
    folded = " ".join(name.replace("_", " ").split()).casefold().removesuffix("字幕")
    if not folded or len(folded) > _MAX_NAME_LENGTH or _has_surrogates(folded):
        return None
    return _find_plain(folded) or _find_qualified(folded)


def _has_surrogates(text: str) -> bool:
    """Return whether a text is part of a file name that is not UTF-8. No language is called so."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _find_plain(folded: str) -> str | None:
    if (tag := ALIASES.get(folded)) is not None:
        return tag
    if len(folded) < 4 and folded.isascii():
        return None
    code = _look_up("language", "en", folded)
    if code is None and (code := _look_up("language", "und", folded)) is not None:
        own = langcodes.Language.get(code).language or "und"
        is_own_name = _look_up("language", own, folded) == code
        code = code if is_own_name else None
    return langcodes.standardize_tag(code) if code else None


def _find_qualified(folded: str) -> str | None:
    """Find a language with a script or region: ``English (US)``, ``Canadian French``."""
    if match := _BRACKETED.fullmatch(folded):
        return _combine(match[1].strip(" -"), match[2].strip())
    words = re.split(r"[ -]+", folded)
    for at in range(1, len(words)):
        left, right = " ".join(words[:at]), " ".join(words[at:])
        if (tag := _combine(left, right) or _combine(right, left)) is not None:
            return tag
    return None


def _combine(language: str, qualifier: str) -> str | None:
    base = _find_plain(language)
    if base is None or "-" in base or base == "la":  # Latin American
        return None
    subtag = _QUALIFIERS.get(qualifier) or _find_subtag(qualifier)
    if subtag == "EUROPEAN":
        subtag = _EUROPEAN.get(base)
    elif subtag == "LATIN":
        subtag = "419" if base in ("es", "pt") else "Latn"
    if subtag is None:
        return None
    tag = f"{base}-{subtag}"
    return langcodes.standardize_tag(tag) if langcodes.tag_is_valid(tag) else None


def _find_subtag(qualifier: str) -> str | None:
    if re.fullmatch("[a-z]{2}|[0-9]{3}", qualifier):
        return qualifier.upper()
    if re.fullmatch("[a-z]{4}", qualifier) and langcodes.tag_is_valid(f"und-{qualifier}"):
        return qualifier.title()
    for category in ("territory", "script"):
        for language in ("en", "und"):
            if (code := _look_up(category, language, qualifier)) is not None:
                return code
    return None


def _look_up(category: str, language: str, name: str) -> str | None:
    """Return the code of a whole name in one language; ``und`` stands for all languages."""
    trie_name = f"{language}/name_to_{category}"
    try:
        if trie_name not in TRIES:
            TRIES[trie_name] = load_trie(data_filename(f"trie/{trie_name}.marisa"))
    except OSError:
        return None
    trie, key = TRIES[trie_name], normalize_name(name)
    return str(get_trie_value(trie, key)) if key in trie else None
