"""Signs that are no speech: ``[Music]``, ``<|nospeech|>``, ``>>``, notes without a song."""

from __future__ import annotations

import bisect
import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import Word

from .passages import Finding, Removal, bare, passages
from .phrases import Phrases

_SIGNS = re.compile(
    r"<\|[^|<>]{0,40}\|>"
    r"|(?<!\S)>{2,}"
    r"|[\[(（【［*♪]\s*(?P<inside>[^\[\]()（）【】［］*♪]{1,40}?)\s*[\])）】］*♪]"
)
MOST_WORDS = 4
"""Words in brackets that may describe a sound; more are a sentence."""


def without_signs(words: Sequence[Word], phrases: Phrases) -> tuple[list[Word], list[Removal]]:
    """The words without such signs, and the signs that were cut out of them."""
    text = "".join(word.text for word in words)
    edges = [0, *itertools.accumulate(len(word.text) for word in words)]
    cut = bytearray(len(text))
    gone: list[Removal] = []
    for first, last in _cuts(text, phrases):
        cut[first:last] = b"\1" * (last - first)
        over = words[bisect.bisect_right(edges, first) - 1 : bisect.bisect_left(edges, last)]
        end = max(word.end for word in over)
        gone.append(Removal(over[0].start, end, text[first:last].strip(), "a sign, not speech"))
    left: list[Word] = []
    for word, begin in zip(words, edges, strict=False):
        kept = "".join(c for n, c in enumerate(word.text, begin) if not cut[n])
        if kept == word.text:
            left.append(word)
        elif kept.strip():
            left.append(replace(word, text=kept))
    return left, gone


def _cuts(text: str, phrases: Phrases) -> list[tuple[int, int]]:
    """From where to where the text is such a sign."""
    found = []
    for match in _SIGNS.finditer(text):
        inside = match["inside"]
        if inside is None or _names_a_sound(inside, phrases):
            found.append(match.span())
    return found


def _names_a_sound(inside: str, phrases: Phrases) -> bool:
    parts = re.split(r"[\s_,]+", inside.strip())
    if len(parts) > MOST_WORDS:
        return False
    return any(bare(part) in phrases.sounds for part in (inside, *parts))


def wordless(words: Sequence[Word]) -> list[Finding]:
    """Passages without a letter or digit: notes and punctuation alone."""
    return [
        passage.found("no words in it")
        for passage in passages(words)
        if not any(unicodedata.category(c)[0] in "LN" for c in passage.text)
    ]
