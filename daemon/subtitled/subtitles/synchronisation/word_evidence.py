"""Evidence of words: the text of a cue is said at a time that a transcript knows."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein

from subtitled.plugin import Cue, Language, Word

from ..evaluation.words import split_words
from .evidence import Floats

WORD_LEAD_SECONDS = 0.1
"""Seconds by which a cue usually appears before its first word: the habit of those who make it."""
EARLY_WORD_SECONDS = 0.6
"""Seconds by which a recogniser may begin a word before it is said: it begins a word after a pause
somewhere in the pause. In the median this is a quarter of a second."""
LATE_WORD_SECONDS = 0.2
"""Seconds by which it may begin a word after the voice."""
MIN_RUN_WORDS = 3
"""Words in a row that must be the same. Fewer are the same by chance."""
WORD_SHARE = 0.9
"""How sure it is that a matching beginning is the right one."""
WORD_SPREAD_SECONDS = 0.2
WORD_REACH = 6.0
"""Spreads from its words beyond which a cue is nowhere near them."""
MAX_CELLS = 400_000_000
"""Largest product of the numbers of words that are compared: two films of 20 000 words."""


@dataclass(frozen=True, slots=True)
class WordAnchor:
    """A cue whose first words were said at a known time."""

    cue: int
    """The number of the cue."""
    said: float
    """When its first word is said, in seconds of the media file."""


@dataclass(frozen=True, slots=True)
class WordMatch:
    """What the texts of a subtitle and of a transcript have in common."""

    anchors: tuple[WordAnchor, ...]
    word_count: int
    """Words of the cues."""
    matched_count: int
    """Those that the transcript has too, in the same order and in runs."""


def match_words(
    cues: Sequence[Cue], words: Sequence[Word], language: Language, onsets: Sequence[float] = ()
) -> WordMatch:
    """Find the words of cues in a transcript, whatever the times are.

    Args:
        cues: The cues, in order.
        words: The words of the transcript, in order.
        language: The language of both.
        onsets: When a voice begins after a pause, in seconds and in order.
    """
    ours = [
        (token, number, place)
        for number, cue in enumerate(cues)
        for place, token in enumerate(split_words(cue.text.replace("\n", " "), language))
    ]
    theirs = [(token, word) for word in words for token in split_words(word.text, language)]
    if not ours or not theirs or len(ours) * len(theirs) > MAX_CELLS:
        return WordMatch((), len(ours), 0)
    blocks = Levenshtein.opcodes([token for token, _, _ in ours], [token for token, _ in theirs])
    anchors: list[WordAnchor] = []
    matched = 0
    for block in blocks:
        length = block.src_end - block.src_start
        if block.tag != "equal" or length < MIN_RUN_WORDS:
            continue
        matched += length
        for step in range(length - 1):
            _, number, place = ours[block.src_start + step]
            if place == 0:
                word = theirs[block.dest_start + step][1]
                anchors.append(WordAnchor(number, find_beginning(word, onsets)))
    return WordMatch(tuple(anchors), len(ours), matched)


def find_beginning(word: Word, onsets: Sequence[float]) -> float:
    """Return when a word is said: when the voice begins, if the word is the first after a pause.

    Args:
        word: A word as a recogniser placed it.
        onsets: When a voice begins after a pause, in seconds and in order.
    """
    number = bisect.bisect_left(onsets, word.start - LATE_WORD_SECONDS)
    latest = max(word.end, word.start + EARLY_WORD_SECONDS)
    if number < len(onsets) and onsets[number] <= latest:
        return float(onsets[number])
    return word.start


def word_rows(
    anchors: Sequence[WordAnchor], starts: Floats, offsets: Floats, span: float
) -> Floats:
    """Return the evidence of each cue (rows) for each offset (columns).

    Args:
        anchors: Which cues were said when.
        starts: The beginnings of all cues.
        offsets: The offsets in seconds.
        span: Seconds between the lowest and the highest offset that is possible.
    """
    rows = np.zeros((len(starts), len(offsets)))
    for anchor in anchors:
        add_anchor(rows[anchor.cue], anchor.said - starts[anchor.cue], offsets, span)
    return rows


def add_anchor(row: Floats, distance: float, offsets: Floats, span: float) -> None:
    """Add the evidence of one cue to a row.

    Args:
        row: The evidence for each offset, which is changed.
        distance: Seconds from the beginning of the cue to its first word.
        offsets: The offsets in seconds, in order.
        span: Seconds between the lowest and the highest offset that is possible.
    """
    ideal = distance - WORD_LEAD_SECONDS
    reach = WORD_REACH * WORD_SPREAD_SECONDS
    first, last = np.searchsorted(offsets, (ideal - reach, ideal + reach))
    row += np.log(1.0 - WORD_SHARE)
    near = (offsets[first:last] - ideal) / WORD_SPREAD_SECONDS
    density = np.exp(-0.5 * near**2) / (WORD_SPREAD_SECONDS * np.sqrt(2 * np.pi))
    row[first:last] += np.log(1.0 + WORD_SHARE / (1.0 - WORD_SHARE) * density * span)
