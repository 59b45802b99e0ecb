"""Which words were spoken during each cue."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence

from subtitled.plugin import Cue, Word

from ..markup import strip_tags


def align_words(cues: Sequence[Cue], words: Sequence[Word]) -> list[Sequence[Word]]:
    """Return the words of each cue.

    Cues that were made of exactly these words are aligned by their letters. In all others, such as
    translations and corrected texts, a word belongs to the cue that is shown in its middle, or to
    the nearest one.

    Args:
        cues: The cues in order of time.
        words: The words in order of time.
    """
    if not cues:
        return []
    bounds = _bounds_by_letters(cues, words) or _bounds_by_time(cues, words)
    return [words[first:last] for first, last in itertools.pairwise(bounds)]


def _bounds_by_letters(cues: Sequence[Cue], words: Sequence[Word]) -> list[int] | None:
    """Return where the words of each cue begin, and the number of words; None if they differ."""
    cue_texts = ["".join(strip_tags(cue.text).split()) for cue in cues]
    word_texts = ["".join(word.text.split()) for word in words]
    if "".join(cue_texts) != "".join(word_texts):
        return None
    ends = list(itertools.accumulate(map(len, word_texts)))
    starts = itertools.accumulate(map(len, cue_texts[:-1]))
    return [0, *(bisect.bisect_right(ends, start) for start in starts), len(words)]


def _bounds_by_time(cues: Sequence[Cue], words: Sequence[Word]) -> list[int]:
    """Return the same by times: between two cues, words belong to the nearer one."""
    middles = [(word.start + word.end) / 2 for word in words]
    borders = [(before.end + after.start) / 2 for before, after in itertools.pairwise(cues)]
    bounds = [0, *(bisect.bisect_left(middles, border) for border in borders), len(words)]
    return list(itertools.accumulate(bounds, max))
