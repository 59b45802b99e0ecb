"""Tokens that are no speech: ``[Music]``, ``<|nospeech|>``, ``>>``, music notes alone."""

from __future__ import annotations

import bisect
import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import Word

from .passages import RemovedText, SuspectWords, normalise_text, split_passages
from .phrases import HallucinationPhrases

_NON_SPEECH = re.compile(
    r"<\|[^|<>]{0,40}\|>"
    r"|(?<!\S)>{2,}"
    r"|[\[(（【［*♪]\s{0,9}(?P<inside>[^\[\]()（）【】［］*♪]{1,40}?)\s{0,9}[\])）】］*♪]"
)
MAX_WORDS = 4
"""Words in brackets that may describe a sound. More words are a sentence."""


def remove_non_speech_tokens(
    words: Sequence[Word], phrases: HallucinationPhrases
) -> tuple[list[Word], list[RemovedText]]:
    """Remove these tokens from words; return the words and the removed text."""
    text = "".join(word.text for word in words)
    edges = [0, *itertools.accumulate(len(word.text) for word in words)]
    is_cut = bytearray(len(text))
    removed: list[RemovedText] = []
    for first, last in _find_cuts(text, phrases):
        is_cut[first:last] = b"\1" * (last - first)
        overlapping = words[bisect.bisect_right(edges, first) - 1 : bisect.bisect_left(edges, last)]
        end = max(word.end for word in overlapping)
        removed.append(
            RemovedText(
                overlapping[0].start, end, text[first:last].strip(), "a token that is no speech"
            )
        )
    result: list[Word] = []
    for word, begin in zip(words, edges, strict=False):
        kept = "".join(c for n, c in enumerate(word.text, begin) if not is_cut[n])
        if kept == word.text:
            result.append(word)
        elif kept.strip():
            result.append(replace(word, text=kept))
    return result, removed


def _find_cuts(text: str, phrases: HallucinationPhrases) -> list[tuple[int, int]]:
    """Return the start and end of each such token in a text."""
    cuts = []
    for match in _NON_SPEECH.finditer(text):
        inside = match["inside"]
        if inside is None or _is_sound_name(inside, phrases):
            cuts.append(match.span())
    return cuts


def _is_sound_name(inside: str, phrases: HallucinationPhrases) -> bool:
    parts = re.split(r"[\s_,]+", inside.strip())
    if len(parts) > MAX_WORDS:
        return False
    return any(normalise_text(part) in phrases.sounds for part in (inside, *parts))


def find_wordless(words: Sequence[Word]) -> list[SuspectWords]:
    """Find passages without a letter or digit, such as music notes and punctuation alone."""
    return [
        passage.to_suspect("it has no words")
        for passage in split_passages(words)
        if not any(unicodedata.category(c)[0] in "LN" for c in passage.text)
    ]
