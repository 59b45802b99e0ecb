"""Words at the times of their cues: errors that count a word at the wrong time as wrong."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from subtitled.plugin import Cue, Language

from .word_errors import WordErrors, count_word_errors
from .words import split_words


def time_words(cues: Sequence[Cue], language: Language) -> list[tuple[str, float, float]]:
    """Return the words of cues with start and end, as if each cue were said at an even pace."""
    timed: list[tuple[str, float, float]] = []
    for cue in cues:
        words = split_words(cue.text.replace("\n", " "), language)
        total, passed = sum(map(len, words)), 0
        for word in words:
            start = cue.start + cue.duration * passed / total
            passed += len(word)
            timed.append((word, start, cue.start + cue.duration * passed / total))
    return timed


def count_timed_word_errors(
    hypothesis: Sequence[Cue], reference: Sequence[Cue], language: Language
) -> WordErrors:
    """Count the errors of words within the times of the reference's cues.

    Each word of the hypothesis belongs to the cue of the reference that is shown in its middle, or
    to the nearest one, as in the t-WER of the authors of SubER. Words are then only compared with
    those of that cue. So a text that is right but late has errors here.

    Args:
        hypothesis: The cues to judge, in order of time.
        reference: The right cues, in order of time.
        language: The language of both.

    Returns:
        The errors of all cues together.
    """
    groups: list[list[str]] = [[] for _ in reference]
    strays = 0
    starts = [cue.start for cue in reference]
    for word, start, end in time_words(hypothesis, language):
        if not reference:
            strays += 1
            continue
        middle = (start + end) / 2
        after = bisect_right(starts, middle)
        near = range(max(0, after - 2), min(len(reference), after + 1))
        groups[min(near, key=lambda index: _distance(reference[index], middle))].append(word)
    total = WordErrors(inserted=strays)
    for cue, group in zip(reference, groups, strict=True):
        said = split_words(cue.text.replace("\n", " "), language)
        total += count_word_errors(group, [said])[0]
    return total


def _distance(cue: Cue, moment: float) -> float:
    """Return the seconds between a moment and the time in which a cue is shown."""
    return max(0.0, cue.start - moment, moment - cue.end)
