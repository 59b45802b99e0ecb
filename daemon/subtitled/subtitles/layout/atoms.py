"""From words to atoms: the parts between which a line or a cue may end at all.

Recognisers give words, parts of words, single characters or whole phrases. An atom is what a line
must not part: a word with its punctuation, a phrase of Japanese, a syllable with its marks.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from subtitled.plugin import Language, Word

from ..limits import Limits, width
from ..scripts import is_spaceless, may_break
from .estimate import interpolated
from .lines import cut
from .phrases import phrases
from .typography import tightened

BREATH = 0.5
"""Seconds of silence over which no phrase goes on."""


def atoms_of(words: Sequence[Word], language: Language, limits: Limits) -> list[Word]:
    """The atoms of repaired words, in order, none wider than a line; joined they are the text."""
    texts = [word.text for word in words]
    fixed = tightened("".join(texts), language)
    ends = [0, *itertools.accumulate(len(text) for text in texts)]
    words = [
        replace(word, text=fixed[first:last])
        for word, first, last in zip(words, ends, ends[1:], strict=False)
    ]
    if is_spaceless(language):
        found = [atom for run in _runs(words) for atom in _phrased(run, language, limits)]
    else:
        found = [
            part for word in words for part in interpolated(word, phrases(word.text, language))
        ]
    return [
        part for atom in _glued(found, language, limits) for part in _cut(atom, language, limits)
    ]


def _runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Words that follow each other without a breath and are said by one speaker."""
    run: list[Word] = []
    for word in words:
        if run and (word.start - run[-1].end > BREATH or word.speaker != run[-1].speaker):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _phrased(run: Sequence[Word], language: Language, limits: Limits) -> Iterator[Word]:
    """The phrases of a run. A short word is never parted, a long one was a phrase itself."""
    text = "".join(word.text for word in run)
    edges = [0, *itertools.accumulate(len(word.text) for word in run)]
    borders = [0, *itertools.accumulate(len(part) for part in phrases(text, language))]
    long = [width(word.text.strip(), language) > limits.line_length / 3 for word in run]
    kept = [0]
    for border in borders[1:-1]:
        at = bisect.bisect_right(edges, border) - 1
        if edges[at] == border or long[at]:
            kept.append(border)
    kept.append(len(text))
    for first, last in itertools.pairwise(kept):
        one, other = bisect.bisect_right(edges, first) - 1, bisect.bisect_left(edges, last) - 1
        start, end = _moment(run[one], first - edges[one]), _moment(run[other], last - edges[other])
        yield replace(run[one], text=text[first:last], start=start, end=max(start, end))


def _moment(word: Word, characters: int) -> float:
    """When so many characters of a word have been said."""
    return word.start + (word.end - word.start) * characters / len(word.text)


def _glued(words: Sequence[Word], language: Language, limits: Limits) -> list[Word]:
    """What may not begin a line joins what is before it, as far as a line can hold it."""
    spaceless = is_spaceless(language)
    joined: list[Word] = []
    columns = 0.0
    for word in words:
        more = width(word.text, language)
        if (
            joined
            and columns + more <= limits.line_length
            and (
                not may_break(joined[-1].text, word.text)
                or more == 0
                or not (spaceless or word.text.startswith(" "))
            )
        ):
            joined[-1] = replace(joined[-1], text=joined[-1].text + word.text, end=word.end)
            columns += more
        else:
            joined.append(word)
            columns = width(word.text.lstrip(), language)
    return joined


def _cut(word: Word, language: Language, limits: Limits) -> list[Word]:
    """A word that no line can hold, in parts that share its time."""
    parts = cut(word.text, language, limits)
    return interpolated(word, parts) if len(parts) > 1 else [word]
