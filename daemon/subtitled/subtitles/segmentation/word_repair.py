"""Repair of the words of recognisers, so that segmentation can rely on them."""

from __future__ import annotations

import itertools
import math
import statistics
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import Word

MAX_WORD_SECONDS = 2.0
"""Longest word. A longer one includes the pause beside it."""
MAX_SECONDS_PER_CHARACTER = 0.25
"""Longest time per character, for engines whose "words" are whole phrases."""
MIN_WORD_SECONDS = 0.02
MAX_GAP_WITHIN_WORD = 0.25
"""Longest pause between the parts of a word."""
MAX_TIME_SECONDS = 99 * 3600.0
"""Latest time that is accepted. No media file is longer."""
_SENTENCEPIECE_SPACE = "\u2581"
"""The space of SentencePiece tokenizers."""
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Direction marks with a scope, whose end might be missing in a cue."""
_NO_BREAK_SPACES = "\u00a0\u202f"


def repair_words(words: Sequence[Word], duration: float | None = None) -> list[Word]:
    """Return the words in order of time, without overlap, with plausible durations and clean text.

    No word is dropped: a word without usable times is put after the one before it. All times are
    between 0 and ``duration`` seconds. An invalid duration counts as unknown.
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
            # The speech is on the side of the shorter pause.
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
        # Some engines put the space after a word, or alone. We put it before the next word.
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
    # Sorted before, because words beyond the end get equal times and would lose their order.
    return [
        replace(word, start=min(word.start, latest), end=min(word.end, latest)) for word in timed
    ]


def restore_spaces(words: Sequence[Word]) -> list[Word]:
    """Add missing spaces, for languages with spaces between words.

    An engine may omit all spaces, or those at the beginnings of its segments. Parts of a word
    follow each other without a pause. A punctuation mark that is a separate word gets no space.
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
    """Normalise to NFC, without control characters and line breaks. A leading space is kept."""
    text = unicodedata.normalize("NFC", text).replace(_SENTENCEPIECE_SPACE, " ")
    kept = "".join(
        " " if c.isspace() and c not in _NO_BREAK_SPACES else c
        for c in text
        if c.isspace() or _is_kept(c)
    )
    leading_space = " " if kept[:1] == " " else ""
    return leading_space + " ".join(part for part in kept.split(" ") if part)


def _is_kept(character: str) -> bool:
    """Check that a character is printable or shapes others; replacement characters are dropped."""
    if character in _BIDI_CONTROLS or character in "\ufffd\ufeff":
        return False
    return character.isprintable() or unicodedata.category(character) == "Cf"
