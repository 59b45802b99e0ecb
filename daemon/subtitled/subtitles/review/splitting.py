"""When the second of two cues begins into which one is split: when its first word is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from subtitled.plugin import Word

from ..markup import strip_tags
from .document import ReviewCue, round_time

MIN_SHARE = 0.5
"""Least share of the letters of a cue that must be recognised in order, if their times count."""
_MIN_SECONDS = 0.001
"""What is left of either cue at least."""


class _Letter(NamedTuple):
    """A letter or digit that was recognised, with its share of the time of its word."""

    text: str
    start: float
    end: float


def find_split_time(
    cue: ReviewCue, first: Iterable[str], second: Iterable[str], words: Sequence[Word]
) -> float:
    """Return when the second cue begins.

    The text is compared letter by letter with what was recognised, because people correct words,
    and because not every language separates them.

    Args:
        cue: The cue that is split.
        first: The lines of the first text.
        second: The lines of the second text.
        words: The words that were recognised about then, in order of time; none if none is known.

    Returns:
        The time, in seconds of the media file: when the first word of the second text is said. If
        that was not recognised it is between its neighbours; in proportion to the texts if little
        of the cue was recognised.
    """
    before, after = _letters_of(first), _letters_of(second)
    place = len(before)
    recognised = list(_recognised_letters(words))
    if not before or not after or not recognised:
        return _confine(cue, _estimate(cue, len(before), len(after)))
    text = before + after
    blocks = SequenceMatcher(
        None, text, "".join(letter.text for letter in recognised), autojunk=False
    ).get_matching_blocks()
    if sum(block.size for block in blocks) < MIN_SHARE * len(text):
        return _confine(cue, _estimate(cue, len(before), len(after)))
    matches = {
        block.a + step: recognised[block.b + step] for block in blocks for step in range(block.size)
    }
    if place in matches:
        return _confine(cue, matches[place].start)
    earlier = max((one for one in matches if one < place), default=-1)
    later = min((one for one in matches if one > place), default=len(text))
    begin = matches[earlier].end if earlier in matches else cue.start
    end = matches[later].start if later in matches else cue.end
    share = (place - earlier - 1) / (later - earlier - 1)
    return _confine(cue, begin + (end - begin) * share)


def _letters_of(lines: Iterable[str]) -> str:
    return "".join(filter(str.isalnum, strip_tags(" ".join(lines)).casefold()))


def _recognised_letters(words: Iterable[Word]) -> Iterator[_Letter]:
    for word in words:
        letters = _letters_of([word.text])
        step = (word.end - word.start) / max(1, len(letters))
        for place, letter in enumerate(letters):
            start = word.start + step * place
            yield _Letter(letter, start, start + step)


def _estimate(cue: ReviewCue, before: int, after: int) -> float:
    """Return as late a time as the second text stands in the whole."""
    share = before / (before + after) if before and after else 0.5
    return cue.start + (cue.end - cue.start) * share


def _confine(cue: ReviewCue, time: float) -> float:
    latest = max(cue.start + _MIN_SECONDS, cue.end - _MIN_SECONDS)
    return round_time(min(max(time, cue.start + _MIN_SECONDS), latest))
