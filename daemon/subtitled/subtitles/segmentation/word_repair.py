"""Cleaning up what recognisers give, so that the layout may rely on it."""

from __future__ import annotations

import itertools
import math
import statistics
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import Word

MAX_WORD_SECONDS = 2.0
"""Seconds that a word may last; a longer one has swallowed the pause beside it."""
MAX_SECONDS_PER_CHARACTER = 0.25
"""Seconds a character, for engines whose "words" are whole phrases."""
MIN_WORD_SECONDS = 0.02
MAX_GAP_WITHIN_WORD = 0.25
"""Seconds of silence that no word has between its parts."""
MAX_TIME_SECONDS = 99 * 3600.0
"""Seconds; no medium is longer, and no time beyond is believed."""
_SENTENCEPIECE_SPACE = "\u2581"
"""Where a SentencePiece tokenizer means a space."""
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks of direction that hold until another ends them, which a cue may then lack."""
_NO_BREAK_SPACES = "\u00a0\u202f"


def repair_words(words: Sequence[Word], duration: float | None = None) -> list[Word]:
    """The words in order of time, apart, of a length that can be, with clean text.

    Nothing that was said is dropped: a word without usable times gets a place after the one
    before it. All times come to lie in 0 to ``duration`` seconds; a duration that is no length
    counts as unknown.
    """
    latest = MAX_TIME_SECONDS
    if duration is not None and math.isfinite(duration) and duration > 0:
        latest = min(duration, MAX_TIME_SECONDS)
    ordered = _with_finite_times(words, latest)
    repaired: list[Word] = []
    position = 0.0
    for number, word in enumerate(ordered):
        next_start = ordered[number + 1].start if number + 1 < len(ordered) else math.inf
        start, end = max(word.start, position), word.end
        longest = max(MAX_WORD_SECONDS, MAX_SECONDS_PER_CHARACTER * len(word.text))
        if end - start > longest:
            # The speech is on the side away from the longer pause.
            if start - position > max(0.0, next_start - end):
                start = end - longest
            end = start + longest
        start = min(start, latest)
        end = max(end, start + MIN_WORD_SECONDS)
        if next_start < end:
            end = max(next_start, start + MIN_WORD_SECONDS)
        end = min(end, latest)
        repaired.append(replace(word, start=start, end=end))
        position = end
    return repaired


def _with_finite_times(words: Sequence[Word], latest: float) -> list[Word]:
    timed: list[Word] = []
    last, pending_space = 0.0, ""
    for word in words:
        text = (
            pending_space + clean_text(word.text).lstrip(" ")
            if pending_space
            else clean_text(word.text)
        )
        # Some engines write the space behind a word, or alone; ours is in front of the next.
        pending_space = (
            " " if word.text[-1:].isspace() and word.text[-1] not in _NO_BREAK_SPACES else ""
        )
        if not text.strip():
            continue
        start = word.start if math.isfinite(word.start) else last
        end = word.end if math.isfinite(word.end) else start
        last = max(0.0, start)
        timed.append(replace(word, text=text, start=last, end=max(last, end)))
    timed.sort(key=lambda word: word.start)
    # Only now: words beyond the end come to lie together, and would lose their order.
    return [
        replace(word, start=min(word.start, latest), end=min(word.end, latest)) for word in timed
    ]


def restore_spaces(words: Sequence[Word]) -> list[Word]:
    """For languages that put spaces between words: the spaces that an engine forgot.

    It may have forgotten all, or those at the beginnings of its segments; parts of words follow
    each other without a pause. A mark of punctuation that is a word of its own gets none.
    """
    if _has_no_spaces(words):
        return [_with_leading_space(word) if _is_spelled(word.text) else word for word in words]
    result = list(words[:1])
    for before, word in itertools.pairwise(words):
        is_separate = (
            word.start - before.end > MAX_GAP_WITHIN_WORD or before.speaker != word.speaker
        )
        result.append(_with_leading_space(word) if is_separate and word.text[0].isalnum() else word)
    return result


def _has_no_spaces(words: Sequence[Word]) -> bool:
    if sum(word.text.startswith(" ") for word in words) * 20 >= len(words) or len(words) < 3:
        return False
    return statistics.median(len(word.text) for word in words) >= 2


def _with_leading_space(word: Word) -> Word:
    return replace(word, text=f" {word.text.lstrip()}")


def _is_spelled(text: str) -> bool:
    return any(unicodedata.category(c)[0] in "LNS" for c in text) or text[:1] in "([{«“„¿¡"


def clean_text(text: str) -> str:
    """NFC, without control characters and line breaks; the space in front is kept."""
    text = unicodedata.normalize("NFC", text).replace(_SENTENCEPIECE_SPACE, " ")
    kept = "".join(
        " " if c.isspace() and c not in _NO_BREAK_SPACES else c
        for c in text
        if c.isspace() or _is_kept(c)
    )
    leading_space = " " if kept[:1] == " " else ""
    return leading_space + " ".join(part for part in kept.split(" ") if part)


def _is_kept(character: str) -> bool:
    """What is printed, and marks that shape it; half a character that a tokenizer lost is not."""
    if character in _BIDI_CONTROLS or character in "\ufffd\ufeff":
        return False
    return character.isprintable() or unicodedata.category(character) == "Cf"
