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

from ..scripts import clusters, is_spaceless, is_traditional, may_break, primary_of, script_of

_SPACE = re.compile(r"(?=(?<!\s)[^\S\u00a0\u202f])|(?<=\u200b)")
"""In front of white space, except of the kind that forbids a break; after a zero-width space,
which stands in texts of South-East Asia for this alone."""


def phrases(text: str, language: Language) -> list[str]:
    """The parts between which a line may be broken; joined they are the text.

    White space is in front of the part after it. A language with spaces is parted there, and a
    run of a script without spaces in it as its own language would be.
    """
    parts: list[str] = []
    for chunk in _SPACE.split(text):
        bare = chunk.lstrip()
        lead = chunk[: len(chunk) - len(bare)]
        if not bare:
            if parts:
                parts[-1] += lead
            continue
        found = _unspaced(bare, language)
        found[0] = lead + found[0]
        for part in found:
            if parts and not may_break(parts[-1], part):
                parts[-1] += part
            else:
                parts.append(part)
    return parts


def _unspaced(text: str, language: Language) -> list[str]:
    scripts = {script_of(character) for character in text}
    if not is_spaceless(language) and not scripts & _SPACELESS_SCRIPTS:
        return [text]
    split = _splitter(_model(scripts, language))
    return split(text) if split is not None else _syllables(text)


_SPACELESS_SCRIPTS = {"han", "hiragana", "katakana", "thai", "lao", "khmer", "burmese"}


def _model(scripts: set[str], language: Language) -> str:
    """Which model: that of the language, if the text is in its script at all."""
    primary = primary_of(language)
    if scripts & {"hiragana", "katakana"} or (primary == "ja" and "han" in scripts):
        return "japanese"
    if "han" in scripts:
        traditional = primary == "yue" or is_traditional(language)
        return "traditional_chinese" if traditional else "simplified_chinese"
    return "thai" if "thai" in scripts else ""


@functools.cache
def _splitter(model: str) -> Callable[[str], list[str]] | None:
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


def _syllables(text: str) -> list[str]:
    """Khmer between clusters, Burmese and Lao between syllables as far as signs show them."""
    if any(script_of(character) == "khmer" for character in text):
        return clusters(text)
    return [part for part in _BEFORE_CONSONANT.split(text) if part]
