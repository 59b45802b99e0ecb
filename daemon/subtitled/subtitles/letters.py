"""The scripts of the letters of a text, and how many letters it has."""

from __future__ import annotations

import functools
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from subtitled.plugin import Language

MIN_SCRIPT_LETTERS = 12
"""Letters that a verdict by script alone needs."""
MAX_LATIN_RATIO = 4
"""Latin letters per letter of its own script that a text may have: names, songs, commands."""

_SCRIPTS = {
    "Arab": ("ARABIC",),
    "Armn": ("ARMENIAN",),
    "Beng": ("BENGALI",),
    "Cyrl": ("CYRILLIC",),
    "Deva": ("DEVANAGARI",),
    "Ethi": ("ETHIOPIC",),
    "Geor": ("GEORGIAN",),
    "Grek": ("GREEK",),
    "Gujr": ("GUJARATI",),
    "Guru": ("GURMUKHI",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Hebr": ("HEBREW",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"),
    "Khmr": ("KHMER",),
    "Knda": ("KANNADA",),
    "Kore": ("HANGUL", "CJK"),
    "Laoo": ("LAO",),
    "Latn": ("LATIN",),
    "Mlym": ("MALAYALAM",),
    "Mymr": ("MYANMAR",),
    "Sinh": ("SINHALA",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Thai": ("THAI",),
}
"""By ISO 15924 code, the first words of the Unicode names of a script's letters. Texts in other
scripts are not judged by script."""
_MULTI_SCRIPT_LANGUAGES = frozenset(
    {"sr", "sh", "bs", "cnr", "uz", "az", "kk", "tk", "tg", "mn", "ku", "ks"}
)
"""Languages written in several scripts. Their script is judged only if the tag states one."""
_DENSE_SCRIPTS = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL"})
"""Scripts whose characters are syllables or words."""
_FIRST_DENSE = "\u1100"
"""The first letter of those scripts in Unicode."""


@functools.lru_cache(maxsize=4096)
def script_share(text: str, language: Language) -> float:
    """Return the share of letters in the language's script; 1 where the script is unknown."""
    own_scripts = _scripts_of(language)
    scripts = [_script_of(character) for character in text if character.isalpha()]
    if not own_scripts or not scripts:
        return 1.0
    return sum(script in own_scripts for script in scripts) / len(scripts)


@functools.lru_cache(maxsize=256)
def _scripts_of(language: Language) -> tuple[str, ...]:
    return _SCRIPTS.get(language.script, ())


@functools.lru_cache(maxsize=16384)
def _script_of(character: str) -> str:
    """Return the first word of a character's Unicode name, such as ``LATIN``."""
    return unicodedata.name(character, "?").partition(" ")[0]


def count_scripts(text: str) -> dict[str, int]:
    """Count the letters of a text by script. A character of Chinese, Japanese or Korean is 3."""
    letter_counts: defaultdict[str, int] = defaultdict(int)
    for character, count in Counter(text).items():
        if character.isalpha():
            script = _script_of(character)
            letter_counts[script] += count * _letter_weight(script)
    return dict(letter_counts)


def find_script_mismatch(
    letter_counts: Mapping[str, int], languages: Sequence[Language]
) -> str | None:
    """Say in which other script a text is; None if there is no objection.

    Args:
        letter_counts: The letters of the text by script.
        languages: The languages that the text may be in.
    """
    total = sum(letter_counts.values())
    if total < MIN_SCRIPT_LETTERS:
        return None
    allowed: set[str] = set()
    for language in languages:
        is_ambiguous = (
            str(language.primary) in _MULTI_SCRIPT_LANGUAGES and not language.has_explicit_script
        )
        if is_ambiguous or not _scripts_of(language):
            return None
        allowed.update(_scripts_of(language))
    own = sum(letter_counts.get(script, 0) for script in allowed)
    latin = 0 if "LATIN" in allowed else letter_counts.get("LATIN", 0)
    if own >= total - own - latin and own * MAX_LATIN_RATIO >= latin:
        return None
    most_frequent = max(letter_counts, key=lambda script: letter_counts[script])
    return f"letters of another script ({most_frequent.lower()})"


def count_letters(word: str) -> int:
    """Return how many letters a word counts as."""
    if word.isascii() or max(word) < _FIRST_DENSE:
        return len(word) if word.isalpha() else sum(map(str.isalpha, word))
    return sum(map(_weigh_character, word))


@functools.lru_cache(maxsize=16384)
def _weigh_character(character: str) -> int:
    return _letter_weight(_script_of(character)) if character.isalpha() else 0


def _letter_weight(script: str) -> int:
    """Return how many letters a character of a script counts as."""
    return 3 if script in _DENSE_SCRIPTS else 1
