"""Cleaning up what recognisers give, so that the layout may rely on it."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import Word

LONGEST = 2.0
"""Seconds that a word may last; a longer one has swallowed the pause after it."""
SHORTEST = 0.02


def repair(words: Sequence[Word], duration: float | None = None) -> list[Word]:
    """The words in order of time, apart, of a length that can be, with clean text.

    Nothing that was said is dropped: a word without usable times gets a place after the one
    before it. All times come to lie in 0 to ``duration`` seconds.
    """
    end_of_all = duration if duration is not None else math.inf
    timed: list[Word] = []
    last = 0.0
    for word in words:
        text = clean(word.text)
        if not text.strip():
            continue
        start = word.start if math.isfinite(word.start) else last
        end = word.end if math.isfinite(word.end) else start
        last = max(0.0, start)
        timed.append(replace(word, text=text, start=last, end=max(last, end)))
    timed.sort(key=lambda word: word.start)
    apart: list[Word] = []
    now = 0.0
    for number, word in enumerate(timed):
        start = min(max(word.start, now), end_of_all)
        until = timed[number + 1].start if number + 1 < len(timed) else math.inf
        end = min(max(word.end, start + SHORTEST), start + LONGEST, max(until, start + SHORTEST))
        end = min(end, end_of_all)
        apart.append(replace(word, start=start, end=max(start, end)))
        now = end
    return apart


def clean(text: str) -> str:
    """NFC, without control characters and line breaks; the space in front is kept."""
    text = unicodedata.normalize("NFC", text)
    kept = "".join(
        " " if c.isspace() else c
        for c in text
        if c.isspace() or c.isprintable() or unicodedata.category(c) == "Cf"
    )
    lead = " " if kept[:1] == " " else ""
    return lead + " ".join(kept.split())
