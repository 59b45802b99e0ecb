"""Signs that are no speech: ``[Music]``, ``<|nospeech|>``, ``>>``, notes without a song."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import Word

from .passages import Finding, Removal, bare, passages
from .phrases import Phrases

_SIGNS = re.compile(
    r"<\|[^|<>]{0,40}\|>"
    r"|(?<!\S)>{2,}(?!\S)"
    r"|[\[(（【［*♪]\s*(?P<inside>[^\[\]()（）【】［］*♪]{1,40}?)\s*[\])）】］*♪]"
)
MOST_WORDS = 4
"""Words in brackets that may describe a sound; more are a sentence."""


def without_signs(words: Sequence[Word], phrases: Phrases) -> tuple[list[Word], list[Removal]]:
    """The words without such signs, and what was cut out of them or went with them."""
    cuts = _cuts("".join(word.text for word in words), phrases)
    left: list[Word] = []
    gone: list[Removal] = []
    at, number = 0, 0
    for word in words:
        begin, at = at, at + len(word.text)
        while number < len(cuts) and cuts[number][1] <= begin:
            number += 1
        text, ahead = word.text, number
        keep: list[str] = []
        from_here = begin
        while ahead < len(cuts) and cuts[ahead][0] < at:
            keep.append(text[from_here - begin : max(from_here, cuts[ahead][0]) - begin])
            from_here = min(at, cuts[ahead][1])
            ahead += 1
        if not keep:
            left.append(word)
            continue
        keep.append(text[from_here - begin :])
        kept = "".join(keep)
        gone.append(Removal(word.start, word.end, text.strip(), "a sign, not speech"))
        if kept.strip():
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
