"""Repetition by a recogniser in a loop, as opposed to songs, chants and counting.

People repeat themselves too. A repetition is kept if the audio supports it: it is in clear speech,
the recogniser is confident, and each repeat takes about as long as saying it. A recogniser in a
loop gives its words no duration, or spreads a few over a minute, or never ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import Word

from .passages import Passage, RemovedText, SpeechMask, SuspectWords, normalise_text, split_passages

MAX_UNIT_WORDS = 8
"""Words of the longest unit whose repetition is detected."""
MIN_REPEATS = 4
MIN_REPEATS_SHORT = 6
"""Repeats from which a unit is suspect. The second value is for fewer than four letters, because
"no no no" is ordinary speech."""
MAX_REPEATS = 30
"""Repeats in a row that are removed whatever the audio is."""
MIN_EQUAL_PASSAGES = 3
MIN_EQUAL_SECONDS = 10.0
"""Number of equal passages in a row, and their seconds together, from which they are suspect."""
MIN_CHARACTERS_PER_SECOND, MAX_CHARACTERS_PER_SECOND = 2.0, 30.0
"""Characters a second of real speech."""

_CHARACTER = re.compile(r"([^\W\d_])\1{4,}")
_SYLLABLES = re.compile(r"([^\W\d_]{2,8}?)\1{5,}")
KEPT_REPEATS = 4
"""Repeats that are kept of a loop inside one word."""


def find_loops(words: Sequence[Word], speech_mask: SpeechMask) -> list[SuspectWords]:
    """Find repeats of one to eight words that the audio does not support, except the first."""
    tokens = [normalise_text(word.text) for word in words]
    is_taken = [False] * len(words)
    suspects: list[SuspectWords] = []
    for size in range(1, MAX_UNIT_WORDS + 1):
        for first, last in _find_repeats(tokens, size):
            count = (last - first) // size
            letters = sum(map(len, tokens[first : first + size]))
            needed = MIN_REPEATS_SHORT if letters < 4 else MIN_REPEATS
            if letters == 0 or count < needed or any(is_taken[first:last]):
                continue
            is_taken[first:last] = [True] * (last - first)
            passage = Passage(first, last, words[first:last])
            if not _is_plausible(passage, speech_mask, count, needed):
                reason = f"a loop: {_quote(words[first : first + size])} {count} times"
                suspects.append(SuspectWords(first + size, last, reason))
    return sorted(suspects, key=lambda suspect: suspect.first)


def _find_repeats(tokens: Sequence[str], size: int) -> list[tuple[int, int]]:
    """Return the index ranges in which each word equals the one ``size`` words before."""
    runs: list[tuple[int, int]] = []
    begin = -1
    for number in range(len(tokens) - size + 1):
        is_repeat = number + size < len(tokens) and tokens[number] == tokens[number + size]
        if is_repeat and begin < 0:
            begin = number
        elif not is_repeat and begin >= 0:
            length = (number + size - begin) // size * size
            if length >= 2 * size:
                runs.append((begin, begin + length))
            begin = -1
    return runs


def _is_plausible(passage: Passage, speech_mask: SpeechMask, count: int, needed: int) -> bool:
    if count > MAX_REPEATS or passage.is_weak(speech_mask):
        return False
    if not passage.has_times:
        return count < 2 * needed
    letters = sum(len(normalise_text(word.text)) for word in passage.words)
    speech_seconds = sum(word.end - word.start for word in passage.words)
    instant_words = sum(word.end - word.start < 0.03 for word in passage.words)
    pace = letters / max(speech_seconds, 0.01)
    return (
        MIN_CHARACTERS_PER_SECOND <= pace <= MAX_CHARACTERS_PER_SECOND
        and instant_words <= len(passage.words) / 4
    )


def find_repeated_segments(words: Sequence[Word], speech_mask: SpeechMask) -> list[SuspectWords]:
    """Find long runs of equal passages that the audio does not support."""
    suspects: list[SuspectWords] = []
    row: list[Passage] = []
    for passage in split_passages(words):
        if row and normalise_text(passage.text) == normalise_text(row[0].text):
            row.append(passage)
            continue
        suspects += _check_row(row, speech_mask)
        row = [passage]
    return [*suspects, *_check_row(row, speech_mask)]


def _check_row(row: Sequence[Passage], speech_mask: SpeechMask) -> list[SuspectWords]:
    if len(row) < MIN_EQUAL_PASSAGES:
        return []
    if speech_mask.measure_seconds([w for one in row for w in one.words]) <= MIN_EQUAL_SECONDS:
        return []
    if all(_is_plausible(passage, speech_mask, len(row), MIN_REPEATS) for passage in row):
        return []
    reason = f"a loop: {_quote(row[0].words)} {len(row)} times"
    return [passage.to_suspect(reason) for passage in row[1:]]


def _quote(unit: Sequence[Word]) -> str:
    text = "".join(word.text for word in unit).strip()
    return f"“{text[:40]}…”" if len(text) > 41 else f"“{text}”"


def collapse_repeats(words: Sequence[Word]) -> tuple[list[Word], list[RemovedText]]:
    """Shorten words with endless letters or syllables; return the words and the removed text."""
    kept: list[Word] = []
    removed: list[RemovedText] = []
    for word in words:
        text = _CHARACTER.sub(lambda m: m[1] * KEPT_REPEATS, word.text)
        text = _SYLLABLES.sub(lambda m: m[1] * KEPT_REPEATS, text)
        if text != word.text:
            reason = f"a loop of letters, cut to {text.strip()[:40]}"
            removed.append(RemovedText(word.start, word.end, word.text.strip(), reason))
            word = replace(word, text=text)
        kept.append(word)
    return kept, removed
