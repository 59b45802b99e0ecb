"""Scores of what was heard against what was said. Pure functions, without sound or engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jiwer

from subtitled.plugin import Cue, Language
from subtitled.subtitles.chinese import convert_texts
from subtitled.subtitles.evaluation.word_errors import WordErrors, count_word_errors
from subtitled.subtitles.evaluation.words import split_words

MIN_LOST_WORDS = 2
"""Fewest words in a row, none of which came out, that are a lost stretch."""


@dataclass(frozen=True, slots=True)
class LostStretch:
    """Words of the reference in a row of which none came out."""

    first: int
    """The index of the first one."""
    last: int
    """The index behind the last one."""
    before: int
    """The index, in what was heard, of the word after which they are missing; -1 at the start."""


def list_words(text: str, language: str) -> list[str]:
    """Split a text into words or characters as they are compared; Chinese is simplified."""
    if language == "zh":
        text = convert_texts([text], Language("zh-Hans"))[0]
    return split_words(text.replace("\n", " "), Language(language))


def count_errors(heard: str, said: str, language: str) -> WordErrors:
    """Count the errors of a text against the whole reference."""
    return count_word_errors(list_words(heard, language), [list_words(said, language)])[0]


def find_lost_cues(heard: str, cues: Sequence[Cue], language: str) -> list[Cue]:
    """Return the cues of the reference of which no word came out, by alignment of the words."""
    groups = [list_words(cue.text, language) for cue in cues]
    counts = count_word_errors(list_words(heard, language), groups)
    return [
        cue
        for cue, count in zip(cues, counts, strict=True)
        if count.reference and count.replaced + count.lost == count.reference
    ]


def sum_seconds(cues: Sequence[Cue]) -> float:
    """Return the seconds in which cues are shown, one at a time."""
    total, until = 0.0, 0.0
    for cue in sorted(cues, key=lambda cue: cue.start):
        total += max(0.0, cue.end - max(cue.start, until))
        until = max(until, cue.end)
    return total


def align_words(heard: Sequence[str], said: Sequence[str]) -> list[int | None]:
    """Return, for each word that was said, the index of the same word in what was heard."""
    places: list[int | None] = [None] * len(said)
    if not said or not heard:
        return places
    for chunk in jiwer.process_words(" ".join(said), " ".join(heard)).alignments[0]:
        if chunk.type == "equal":
            for offset in range(chunk.ref_end_idx - chunk.ref_start_idx):
                places[chunk.ref_start_idx + offset] = chunk.hyp_start_idx + offset
    return places


def find_lost_stretches(
    heard: Sequence[str], said: Sequence[str], min_words: int = MIN_LOST_WORDS
) -> list[LostStretch]:
    """Find the words in a row that are missing in what was heard, without another in their place.

    Args:
        heard: The words that were heard.
        said: The words that were said.
        min_words: Fewest words in a row that count.

    Returns:
        The stretches in order.
    """
    if not said:
        return []
    if not heard:
        return [LostStretch(0, len(said), -1)] if len(said) >= min_words else []
    return [
        LostStretch(chunk.ref_start_idx, chunk.ref_end_idx, chunk.hyp_start_idx - 1)
        for chunk in jiwer.process_words(" ".join(said), " ".join(heard)).alignments[0]
        if chunk.type == "delete" and chunk.ref_end_idx - chunk.ref_start_idx >= min_words
    ]


def count_false_removals(engine: Sequence[str], kept: Sequence[str], said: Sequence[str]) -> int:
    """Count the words of the reference that an engine heard and that are not in what was kept.

    Of a phrase that the engine repeats in a row only as many copies count as the reference has:
    the others of such a loop match words of the reference only by chance.

    Args:
        engine: The words that the engine heard.
        kept: The words that were kept of them.
        said: The words that were said.
    """
    in_kept = align_words(kept, said)
    in_engine = align_words(_shorten_loops(engine, said), said)
    return sum(
        place is not None and in_kept[index] is None for index, place in enumerate(in_engine)
    )


def _shorten_loops(heard: Sequence[str], said: Sequence[str]) -> list[str]:
    """Leave of each repeated phrase the copies that the reference has, and at least one."""
    left: list[str] = []
    index = 0
    while index < len(heard):
        size, copies = _find_loop(heard, index)
        phrase = list(heard[index : index + size])
        left += phrase * (min(copies, max(1, _count_phrase(phrase, said))) if copies > 1 else 1)
        index += size * copies
    return left


def _find_loop(words: Sequence[str], first: int) -> tuple[int, int]:
    """Return the size and the copies of the phrase that repeats over the most words from here."""
    best = (1, 1)
    for size in range(1, (len(words) - first) // 2 + 1):
        if words[first + size] != words[first]:
            continue
        phrase, copies = words[first : first + size], 1
        while words[first + size * copies : first + size * (copies + 1)] == phrase:
            copies += 1
        if copies > 1 and size * copies > best[0] * best[1]:
            best = (size, copies)
    return best


def _count_phrase(phrase: Sequence[str], said: Sequence[str]) -> int:
    """Return how often a phrase stands in a text, without overlaps."""
    count, index = 0, 0
    while index + len(phrase) <= len(said):
        if list(said[index : index + len(phrase)]) == list(phrase):
            count += 1
            index += len(phrase)
        else:
            index += 1
    return count


def per_hour(count: int, seconds: float) -> float | None:
    """Return a count per hour; None without any time."""
    return count * 3600 / seconds if seconds else None
