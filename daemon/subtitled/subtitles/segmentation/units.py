"""Units: the parts between which a line or a cue may end.

Recognisers return words, parts of words, single characters or whole phrases. A unit is never split:
a word with its punctuation, a phrase of Japanese, a syllable with its marks.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from subtitled.plugin import Language, Word

from ..rules import CueRules, measure_width
from ..scripts import is_break_allowed, is_spaceless
from .line_breaking import apply_nbsp, cut_to_width
from .phrase_boundaries import split_phrases
from .word_timing import interpolate

MAX_PHRASE_GAP = 0.5
"""Seconds of silence that end a phrase."""


def split_units(words: Sequence[Word], language: Language, rules: CueRules) -> list[Word]:
    """Split repaired words into units, none wider than a line. Joined, they are the text."""
    texts = [word.text for word in words]
    fixed_text = apply_nbsp("".join(texts), language)
    ends = [0, *itertools.accumulate(len(text) for text in texts)]
    words = [
        replace(word, text=fixed_text[first:last])
        for word, first, last in zip(words, ends, ends[1:], strict=False)
    ]
    if is_spaceless(language):
        units = [
            unit
            for phrase_words in _iter_runs(words)
            for unit in _split_phrases(phrase_words, language, rules)
        ]
    else:
        units = [
            part for word in words for part in interpolate(word, split_phrases(word.text, language))
        ]
    return [
        part
        for unit in _join_unbreakable(units, language, rules)
        for part in _split_long_word(unit, language, rules)
    ]


def _iter_runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Yield runs of words of one speaker without a pause."""
    run: list[Word] = []
    for word in words:
        if run and (word.start - run[-1].end > MAX_PHRASE_GAP or word.speaker != run[-1].speaker):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _split_phrases(run: Sequence[Word], language: Language, rules: CueRules) -> Iterator[Word]:
    """Yield the phrases of a run. Short words are not split; a long one is a phrase itself."""
    text = "".join(word.text for word in run)
    edges = [0, *itertools.accumulate(len(word.text) for word in run)]
    borders = [0, *itertools.accumulate(len(part) for part in split_phrases(text, language))]
    is_long = [
        measure_width(word.text.strip(), language) > rules.max_line_length / 3 for word in run
    ]
    kept = [0]
    for border in borders[1:-1]:
        index = bisect.bisect_right(edges, border) - 1
        if edges[index] == border or is_long[index]:
            kept.append(border)
    kept.append(len(text))
    for first, last in itertools.pairwise(kept):
        first_word, last_word = (
            bisect.bisect_right(edges, first) - 1,
            bisect.bisect_left(edges, last) - 1,
        )
        start, end = (
            _time_at(run[first_word], first - edges[first_word]),
            _time_at(run[last_word], last - edges[last_word]),
        )
        yield replace(run[first_word], text=text[first:last], start=start, end=max(start, end))


def _time_at(word: Word, characters: int) -> float:
    """Return the time at which a number of characters of a word have been said."""
    return word.start + (word.end - word.start) * characters / len(word.text)


def _join_unbreakable(words: Sequence[Word], language: Language, rules: CueRules) -> list[Word]:
    """Join units that may not begin a line to those before them, as far as a line can hold them."""
    has_no_spaces = is_spaceless(language)
    joined: list[Word] = []
    columns = 0.0
    for word in words:
        added_columns = measure_width(word.text, language)
        if (
            joined
            and columns + added_columns <= rules.max_line_length
            and (
                not is_break_allowed(joined[-1].text, word.text)
                or added_columns == 0
                or not (has_no_spaces or word.text.startswith(" "))
            )
        ):
            # A mark after a pause belongs to the word before it, which was not said for so long.
            is_late = word.start - joined[-1].end > MAX_PHRASE_GAP
            end = joined[-1].end if is_late else word.end
            joined[-1] = replace(joined[-1], text=joined[-1].text + word.text, end=end)
            columns += added_columns
        else:
            joined.append(word)
            columns = measure_width(word.text.lstrip(), language)
    return joined


def _split_long_word(word: Word, language: Language, rules: CueRules) -> list[Word]:
    """Split a word that is wider than a line into parts that share its time."""
    parts = cut_to_width(word.text, language, rules)
    return interpolate(word, parts) if len(parts) > 1 else [word]
