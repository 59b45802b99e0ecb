"""Texts that say nothing: only numbers, or only descriptions of sounds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..markup import strip_tags

MIN_SHARE = 0.95
"""Share of cues without a word from which a text has none."""
MAX_DESCRIPTION_WORDS = 5
"""Words of a description of a sound. Longer ones in brackets are what somebody says."""
SAMPLE_CUES = 40

_BRACKETS = re.compile(
    r"\[[^\[\]]{0,200}\]|\([^()]{0,200}\)|（[^（）]{0,200}）|【[^【】]{0,200}】|\*[^*]{0,200}\*"
)
_LETTER = re.compile(r"[^\W\d_]")


def find_emptiness(texts: Sequence[str]) -> str:
    """Return what a text has instead of something that is said; "" if it says something.

    Args:
        texts: The cues.
    """
    step = max(1, len(texts) // SAMPLE_CUES)
    if _is_wordless(texts[::step]) and _is_wordless(texts):
        letters = sum(_LETTER.search(strip_tags(text)) is not None for text in texts)
        return "only descriptions of sounds" if 2 * letters > len(texts) else "no word"
    return ""


def _is_wordless(texts: Sequence[str]) -> bool:
    """Check that nearly no cue has a word outside brackets, and that those in them are few."""
    wordless, words = 0, 0
    for text in map(strip_tags, texts):
        if not _LETTER.search(_BRACKETS.sub("", text)):
            wordless += 1
            words += len(text.split())
    return wordless >= MIN_SHARE * len(texts) and words <= MAX_DESCRIPTION_WORDS * wordless
