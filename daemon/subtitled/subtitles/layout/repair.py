"""Cleaning up what recognisers give, so that the layout may rely on it."""

from __future__ import annotations

import itertools
import math
import statistics
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import Word

LONGEST = 2.0
"""Seconds that a word may last; a longer one has swallowed the pause beside it."""
SLOWEST = 0.25
"""Seconds a character, for engines whose "words" are whole phrases."""
SHORTEST = 0.02
PART = 0.25
"""Seconds of silence that no word has between its parts."""
LATEST = 99 * 3600.0
"""Seconds; no medium is longer, and no time beyond is believed."""
_PIECE = "\u2581"
"""Where a SentencePiece tokenizer means a space."""
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks of direction that hold until another ends them, which a cue may then lack."""
_FIXED = "\u00a0\u202f"


def repair(words: Sequence[Word], duration: float | None = None) -> list[Word]:
    """The words in order of time, apart, of a length that can be, with clean text.

    Nothing that was said is dropped: a word without usable times gets a place after the one
    before it. All times come to lie in 0 to ``duration`` seconds; a duration that is no length
    counts as unknown.
    """
    end_of_all = LATEST
    if duration is not None and math.isfinite(duration) and duration > 0:
        end_of_all = min(duration, LATEST)
    timed = _timed(words, end_of_all)
    apart: list[Word] = []
    now = 0.0
    for number, word in enumerate(timed):
        until = timed[number + 1].start if number + 1 < len(timed) else math.inf
        start, end = max(word.start, now), word.end
        longest = max(LONGEST, SLOWEST * len(word.text))
        if end - start > longest:
            # The speech is on the side away from the longer pause.
            if start - now > max(0.0, until - end):
                start = end - longest
            end = start + longest
        start = min(start, end_of_all)
        end = max(end, start + SHORTEST)
        if until < end:
            end = max(until, start + SHORTEST)
        end = min(end, end_of_all)
        apart.append(replace(word, start=start, end=end))
        now = end
    return apart


def _timed(words: Sequence[Word], end_of_all: float) -> list[Word]:
    timed: list[Word] = []
    last, owed = 0.0, ""
    for word in words:
        text = owed + clean(word.text).lstrip(" ") if owed else clean(word.text)
        # Some engines write the space behind a word, or alone; ours is in front of the next.
        owed = " " if word.text[-1:].isspace() and word.text[-1] not in _FIXED else ""
        if not text.strip():
            continue
        start = word.start if math.isfinite(word.start) else last
        end = word.end if math.isfinite(word.end) else start
        last = max(0.0, start)
        timed.append(replace(word, text=text, start=last, end=max(last, end)))
    timed.sort(key=lambda word: word.start)
    # Only now: words beyond the end come to lie together, and would lose their order.
    return [
        replace(word, start=min(word.start, end_of_all), end=min(word.end, end_of_all))
        for word in timed
    ]


def spaced(words: Sequence[Word]) -> list[Word]:
    """For languages that put spaces between words: the spaces that an engine forgot.

    It may have forgotten all, or those at the beginnings of its segments; parts of words follow
    each other without a pause. A mark of punctuation that is a word of its own gets none.
    """
    if _forgot_all(words):
        return [_after_space(word) if _is_spelled(word.text) else word for word in words]
    found = list(words[:1])
    for before, word in itertools.pairwise(words):
        apart = word.start - before.end > PART or before.speaker != word.speaker
        found.append(_after_space(word) if apart and word.text[0].isalnum() else word)
    return found


def _forgot_all(words: Sequence[Word]) -> bool:
    if sum(word.text.startswith(" ") for word in words) * 20 >= len(words) or len(words) < 3:
        return False
    return statistics.median(len(word.text) for word in words) >= 2


def _after_space(word: Word) -> Word:
    return replace(word, text=f" {word.text.lstrip()}")


def _is_spelled(text: str) -> bool:
    return any(unicodedata.category(c)[0] in "LNS" for c in text) or text[:1] in "([{«“„¿¡"


def clean(text: str) -> str:
    """NFC, without control characters and line breaks; the space in front is kept."""
    text = unicodedata.normalize("NFC", text).replace(_PIECE, " ")
    kept = "".join(
        " " if c.isspace() and c not in _FIXED else c for c in text if c.isspace() or _is_kept(c)
    )
    lead = " " if kept[:1] == " " else ""
    return lead + " ".join(part for part in kept.split(" ") if part)


def _is_kept(character: str) -> bool:
    """What is printed, and marks that shape it; half a character that a tokenizer lost is not."""
    if character in _DIRECTIONS or character in "\ufffd\ufeff":
        return False
    return character.isprintable() or unicodedata.category(character) == "Cf"
