"""In which script and language a line is, as far as can be told of a line."""

from __future__ import annotations

import functools
import unicodedata

import langcodes

from subtitled.plugin import Language

ENOUGH = 25
"""Letters below which no language is told."""
CLEARLY = 25.0
"""By how much the logarithm of another language's probability must be higher: near relatives, and
lines full of names, stay below."""

_SCRIPTS = {
    "Latn": ("LATIN",),
    "Cyrl": ("CYRILLIC",),
    "Grek": ("GREEK",),
    "Arab": ("ARABIC",),
    "Hebr": ("HEBREW",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA"),
    "Kore": ("HANGUL", "CJK"),
    "Thai": ("THAI",),
    "Laoo": ("LAO",),
    "Khmr": ("KHMER",),
    "Mymr": ("MYANMAR",),
    "Deva": ("DEVANAGARI",),
    "Beng": ("BENGALI",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Gujr": ("GUJARATI",),
    "Guru": ("GURMUKHI",),
    "Knda": ("KANNADA",),
    "Mlym": ("MALAYALAM",),
    "Sinh": ("SINHALA",),
    "Geor": ("GEORGIAN",),
    "Armn": ("ARMENIAN",),
    "Ethi": ("ETHIOPIC",),
}
"""What the Unicode names of a script's letters begin with, by its ISO 15924 code."""
_SAME = {"nb": "no", "nn": "no", "yue": "zh", "fil": "tl"}
"""Languages that are told as another."""


@functools.lru_cache(maxsize=256)
def _beginnings(language: Language) -> tuple[str, ...]:
    script = langcodes.Language.get(language).maximize().script or ""
    return _SCRIPTS.get(script, ())


@functools.lru_cache(maxsize=4096)
def in_its_script(text: str, language: Language) -> float:
    """The share of letters that are of the language's script; 1 where the script is unknown."""
    beginnings = _beginnings(language)
    names = [unicodedata.name(c, "") for c in text if unicodedata.category(c)[0] == "L"]
    if not beginnings or not names:
        return 1.0
    return sum(name.startswith(beginnings) for name in names) / len(names)


@functools.lru_cache(maxsize=4096)
def other_language(text: str, language: Language) -> Language | None:
    """The language that a text is in, if that is clearly not the one it should be in."""
    if sum(c.isalpha() for c in text) < ENOUGH:
        return None
    import py3langid

    scores = {_named(name): score for name, score in reversed(py3langid.rank(text.casefold()))}
    mine = scores.get(_named(str(language.primary)))
    if mine is None:
        return None
    best = max(scores, key=lambda name: scores[name])
    if scores[best] - mine <= CLEARLY:
        return None
    try:
        return Language(best)
    except ValueError:
        return None


def _named(name: str) -> str:
    return _SAME.get(name, name)
