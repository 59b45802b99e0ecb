"""Errors of recognised words against the words that were spoken, counted by group of words.

A word is a character in languages that are compared by character.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import jiwer


@dataclass(frozen=True, slots=True)
class WordErrors:
    """The words of a reference, and how often a text differs from them."""

    reference: int = 0
    replaced: int = 0
    lost: int = 0
    """Words of the reference that the text does not have."""
    inserted: int = 0
    """Words that the reference does not have."""

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(
            self.reference + other.reference,
            self.replaced + other.replaced,
            self.lost + other.lost,
            self.inserted + other.inserted,
        )

    @property
    def errors(self) -> int:
        """Return the number of edits that turn the text into the reference."""
        return self.replaced + self.lost + self.inserted

    @property
    def rate(self) -> float | None:
        """Return the errors per word of the reference; None without a reference."""
        return self.errors / self.reference if self.reference else None


def count_word_errors(
    hypothesis: Sequence[str], groups: Sequence[Sequence[str]]
) -> list[WordErrors]:
    """Align a text with a reference as a whole, and count the errors in each part of it.

    Args:
        hypothesis: The words of the text.
        groups: The words of the reference, by group, such as a cue.

    Returns:
        The errors of each group. An inserted word counts for the group that follows.
    """
    reference = list(chain.from_iterable(groups))
    counts = [[len(group), 0, 0, 0] for group in groups]
    if groups:
        starts = [0, *accumulate(len(group) for group in groups)][:-1]
        output = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
        for chunk in output.alignments[0]:
            if chunk.type == "insert":
                place = bisect_right(starts, chunk.ref_start_idx) - 1
                counts[place][3] += chunk.hyp_end_idx - chunk.hyp_start_idx
            elif chunk.type != "equal":
                column = 1 if chunk.type == "substitute" else 2
                for index in range(chunk.ref_start_idx, chunk.ref_end_idx):
                    counts[bisect_right(starts, index) - 1][column] += 1
    return [WordErrors(*count) for count in counts]
