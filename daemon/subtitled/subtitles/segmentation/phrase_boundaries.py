"""Where a text without spaces may be parted: phrases of Japanese, Chinese and Thai, else syllables.

Phrases are found by BudouX, a small model of what people part; it is loaded at the first use and
kept. For Lao, Khmer and Burmese there is none: they are parted at spaces, or else between
syllables, as far as the letters show those.
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
"""In front of white space, except of the kind that forbids a break; after a zero-width space,
which stands in texts of South-East Asia for this alone."""


def split_phrases(text: str, language: Language) -> list[str]:
    """The parts between which a line may be broken; joined they are the text.

    White space is in front of the part after it. A language with spaces is parted there, and a
    run of a script without spaces in it as its own language would be.
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
    """Which model: that of the language, if the text is in its script at all."""
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
    # Burmese: a syllable begins with a letter that neither is stacked nor closes the one before.
    r"(?<=[\u1000-\u109f])(?<!\u1039)(?=[\u1000-\u1021\u1023-\u102a\u103f\u104e](?!\u1037?[\u103a\u1039]))"
    # Lao and Thai: a vowel written in front begins one.
    r"|(?<=[\u0e01-\u0eff])(?<![เแโใไເແໂໃໄ])(?=[เแโใไເແໂໃໄ])"
)


def _split_syllables(text: str) -> list[str]:
    """Khmer between clusters, Burmese and Lao between syllables as far as signs show them."""
    if any(detect_script(character) == "khmer" for character in text):
        return split_graphemes(text)
    return [part for part in _BEFORE_CONSONANT.split(text) if part]
