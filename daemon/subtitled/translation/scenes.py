"""Which sentences go out together: those of a scene, and never more than a translator takes."""

from __future__ import annotations

from collections.abc import Sequence

from .sentences import Sentence

MOST_LETTERS = 4000
"""Characters of one batch; what is longer than a model's memory comes back cut off."""


def batches(said: Sequence[Sentence], size: int) -> list[range]:
    """All sentences in batches of at most ``size``, by their numbers and in order.

    A batch ends in the longest silence of its second half: scenes stay together.
    """
    size = max(1, size)
    found: list[range] = []
    first = 0
    while first < len(said):
        last = _reach(said, first, size)
        if last < len(said):
            later = range(first + max(1, (last - first) // 2), last + 1)
            last = max(later, key=lambda at: (said[at].start - said[at - 1].end, at))
        found.append(range(first, last))
        first = last
    return found


def _reach(said: Sequence[Sentence], first: int, size: int) -> int:
    """The number after the last sentence that a batch from ``first`` can hold."""
    letters = 0
    for number in range(first, min(first + size, len(said))):
        letters += len(said[number].text)
        if letters > MOST_LETTERS and number > first:
            return number
    return min(first + size, len(said))
