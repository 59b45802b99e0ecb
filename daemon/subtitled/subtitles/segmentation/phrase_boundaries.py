"""Boundaries in text without spaces: phrases of Japanese, Chinese and Thai, else syllables.

BudouX, a small model, finds the phrases. It is loaded at the first use. It has no model for Lao,
Khmer and Burmese: they are split at spaces, or between syllables as far as the letters show them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from subtitled.plugin import Language

from ..scripts import (
    detect_script,
    get_primary,
    is_break_allowed,
    is_spaceless,
    is_traditional,
    split_graphemes,
)

_SPACE = re.compile(r"(?=(?<!\s)[^\S\u00a0\u202f])|(?<=\u200b)")
"""Before white space, except for no-break spaces; after a zero-width space, which marks a possible
break in texts of South-East Asia."""


def split_phrases(text: str, language: Language) -> list[str]:
    """Split a text into parts between which a line may break. Joined, they are the text.

    White space is at the beginning of the part after it. A language with spaces is split there. A
    run of a script without spaces in it is split like a text of that script.
    """
    parts: list[str] = []
    for chunk in _SPACE.split(text):
        stripped = chunk.lstrip()
        leading_space = chunk[: len(chunk) - len(stripped)]
        if not stripped:
            if parts:
                parts[-1] += leading_space
            continue
        chunk_parts = _split_unspaced(stripped, language)
        chunk_parts[0] = leading_space + chunk_parts[0]
        for part in chunk_parts:
            if parts and not is_break_allowed(parts[-1], part):
                parts[-1] += part
            else:
                parts.append(part)
    return parts


def _split_unspaced(text: str, language: Language) -> list[str]:
    scripts = {detect_script(character) for character in text}
    if not is_spaceless(language) and not scripts & _SPACELESS_SCRIPTS:
        return [text]
    split = _load_splitter(_choose_model(scripts, language))
    return split(text) if split is not None else _split_syllables(text)


_SPACELESS_SCRIPTS = {"han", "hiragana", "katakana", "thai", "lao", "khmer", "burmese"}


def _choose_model(scripts: set[str], language: Language) -> str:
    """Return the name of the model: that of the language, if the text is in its script."""
    primary = get_primary(language)
    if scripts & {"hiragana", "katakana"} or (primary == "ja" and "han" in scripts):
        return "japanese"
    if "han" in scripts:
        traditional = primary == "yue" or is_traditional(language)
        return "traditional_chinese" if traditional else "simplified_chinese"
    return "thai" if "thai" in scripts else ""


@functools.cache
def _load_splitter(model: str) -> Callable[[str], list[str]] | None:
    if not model:
        return None
    import budoux

    load = getattr(budoux, f"load_default_{model}_parser")
    parse: Callable[[str], list[str]] = load().parse
    return parse


_BEFORE_CONSONANT = re.compile(
    # Burmese: a syllable begins with a letter that is not stacked and does not close the last one.
    r"(?<=[\u1000-\u109f])(?<!\u1039)"
    r"(?=[\u1000-\u1021\u1023-\u102a\u103f\u104e](?!\u1037?[\u103a\u1039]))"
    # Lao and Thai: a vowel that is written first begins a syllable.
    r"|(?<=[\u0e01-\u0eff])(?<![เแโใไເແໂໃໄ])(?=[เแโใไເແໂໃໄ])"
)


def _split_syllables(text: str) -> list[str]:
    """Split Khmer between graphemes, Burmese and Lao between syllables as far as letters show."""
    if any(detect_script(character) == "khmer" for character in text):
        return split_graphemes(text)
    return [part for part in _BEFORE_CONSONANT.split(text) if part]
