"""From words to cues: the cheapest way to cut a text into subtitles, by dynamic programming.

Each way of cutting has a cost: for breaks in the middle of a clause, for text that is read faster
than readers can, for cues that flash by. ``best[j]`` is the least cost of cutting the first *j*
words; since a cue holds but so many words, the whole is linear in their number.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from subtitled.plugin import Cue, Interval, Language, Word

from .limits import Limits, width
from .lines import cut, lay_out, pieces_of
from .repair import repair, spaced
from .syntax import break_cost, ends_sentence, is_spaceless, may_break
from .timing import LINGER, capacity, place

MOST_WORDS = 32
"""Words in one cue, at most."""
MOST_CHARACTERS = 64
"""The same where a word is often one character."""
LONGEST_PAUSE = 1.5
"""Seconds of silence that always part two cues."""


def segment(
    words: Sequence[Word], language: Language, limits: Limits, duration: float | None = None
) -> tuple[Cue, ...]:
    """Cues in order, apart by at least the gap, with every word in exactly one of them.

    ``duration`` is the length of the medium in seconds: no cue lies outside it.
    """
    if duration is not None and not (math.isfinite(duration) and duration >= 0.001):
        duration = None
    clean = repair(words, duration)
    if not is_spaceless(language):
        clean = spaced(clean)
    atoms = _atoms(clean, language, limits)
    if not atoms:
        return ()
    groups = _crowded(_cut(atoms, language, limits), duration)
    texts = ["\n".join(lay_out(_pieces(group, language), language, limits)) for group in groups]
    spoken = [Interval(group[0].start, group[-1].end) for group in groups]
    columns = [width(text, language) for text in texts]
    times = place(spoken, columns, limits, duration)
    return tuple(Cue(time.start, time.end, text) for time, text in zip(times, texts, strict=True))


def _atoms(words: Sequence[Word], language: Language, limits: Limits) -> list[Word]:
    """Pieces that a cue may begin with: what may not begin a line joins the word before it."""
    joined: list[Word] = []
    for word in words:
        glue = bool(joined) and (
            not may_break(joined[-1].text, word.text)
            or width(word.text.strip(), language) == 0
            or (not is_spaceless(language) and not word.text.startswith(" "))
        )
        together = joined[-1].text + word.text if glue else ""
        if glue and width(together.strip(), language) <= limits.line_length:
            joined[-1] = replace(joined[-1], text=together, end=word.end)
        else:
            joined.append(word)
    return [part for word in joined for part in _parts(word, language, limits)]


def _parts(word: Word, language: Language, limits: Limits) -> list[Word]:
    """A word that no line can hold, or a whole phrase, in parts that share its time."""
    if width(word.text.strip(), language) <= limits.line_length:
        return [word]
    lead = word.text[: len(word.text) - len(word.text.lstrip())]
    pieces = pieces_of(word.text.strip(), language)
    texts = [part for piece in pieces for part in cut(piece, language, limits)]
    texts[0] = lead + texts[0]
    ends = list(itertools.accumulate(len(text) for text in texts))
    rate = (word.end - word.start) / ends[-1]
    return [
        replace(word, text=text, start=word.start + first * rate, end=word.start + last * rate)
        for text, first, last in zip(texts, [0, *ends], ends, strict=False)
    ]


def _pieces(group: Sequence[Word], language: Language) -> list[str]:
    """Between which a line may be broken: words, as the recogniser gave them."""
    if is_spaceless(language):
        return [word.text for word in group]
    return pieces_of("".join(word.text for word in group), language)


@dataclass(frozen=True, slots=True)
class _Run:
    """What the costs need to know of all words, worked out once; times in seconds."""

    starts: list[float]
    ends: list[float]
    edges: list[float]
    """Columns before each word, and after the last; with the space in front of each."""
    leads: list[float]
    """Columns of the space in front of each word, which is not shown at the start of a line."""
    breaks: list[float]
    """How bad it is to break a line after each word."""
    borders: list[float]
    """How bad it is to end a cue after each word."""
    walls: list[bool]
    """Whether a cue must end after each word: a long pause, or another speaker."""
    sentences: list[bool]


def _survey(words: Sequence[Word], language: Language) -> _Run:
    pairs = list(itertools.pairwise(words))
    pauses = [after.start - before.end for before, after in pairs]
    breaks = [break_cost(before.text, after.text, language) for before, after in pairs]
    borders = [
        max(0.0, cost - (min(3.0, 3.0 * pause) if pause > 0.25 else 0.0))
        for cost, pause in zip(breaks, pauses, strict=True)
    ]
    walls = [
        pause > LONGEST_PAUSE
        or (before.speaker != after.speaker and None not in (before.speaker, after.speaker))
        for (before, after), pause in zip(pairs, pauses, strict=True)
    ]
    space = width(" ", language)
    return _Run(
        starts=[word.start for word in words],
        ends=[word.end for word in words],
        edges=[0.0, *itertools.accumulate(width(word.text, language) for word in words)],
        leads=[space if word.text.startswith(" ") else 0.0 for word in words],
        breaks=[*breaks, 0.0],
        borders=[*borders, 0.0],
        walls=[*walls, True],
        sentences=[ends_sentence(word.text) for word in words],
    )


def _cut(words: Sequence[Word], language: Language, limits: Limits) -> list[Sequence[Word]]:
    """The words of each cue."""
    most = MOST_CHARACTERS if is_spaceless(language) else MOST_WORDS
    run, count = _survey(words, language), len(words)
    best = [0.0] + [math.inf] * count
    came_from = [0] * (count + 1)
    for i in range(count):
        sentences, silence = 0, 0.0
        for j in range(i, min(count, i + most)):
            if j > i:
                if run.walls[j - 1] or run.ends[j] - run.starts[i] > limits.max_duration:
                    break
                if not _fits(run, i, j, limits):
                    break
                sentences += run.sentences[j - 1]
                silence += max(0.0, run.starts[j] - run.ends[j - 1] - 0.3)
            cost = best[i] + run.borders[j] + 3.0 * silence + 0.9 * sentences
            if sentences and not run.sentences[j]:
                cost += 2.5
            if cost >= best[j + 1]:
                continue
            cost += _reading(run, i, j, limits) + _layout(run, i, j, limits)
            if cost < best[j + 1]:
                best[j + 1], came_from[j + 1] = cost, i
    groups: list[Sequence[Word]] = []
    end = count
    while end > 0:
        groups.append(words[came_from[end] : end])
        end = came_from[end]
    return groups[::-1]


def _fits(run: _Run, i: int, j: int, limits: Limits) -> bool:
    """Whether the words from ``i`` to ``j`` fit the lines."""
    first = i
    for _ in range(limits.lines):
        room = run.edges[first] + run.leads[first] + limits.line_length
        if run.edges[j + 1] <= room:
            return True
        first = max(bisect.bisect_right(run.edges, room, first + 1, j + 2) - 1, first + 1)
    return False


def _reading(run: _Run, i: int, j: int, limits: Limits) -> float:
    """The cost of a cue that is read in a hurry or is gone in a moment."""
    columns = run.edges[j + 1] - run.edges[i] - run.leads[i]
    spoken = run.ends[j] - run.starts[i]
    free = (run.starts[j + 1] if j + 1 < len(run.starts) else run.ends[j] + 2.0) - run.starts[i]
    shown = min(limits.max_duration, max(spoken, free - limits.gap), spoken + LINGER / 1000)
    shown = max(shown, 0.05)
    cost = 1.0
    if columns > limits.cps * shown:
        cost += 25.0 * (columns / shown - limits.cps) / limits.cps
    if shown < limits.min_duration:
        cost += 12.0 * (limits.min_duration - shown) / limits.min_duration
    elif shown < 1.2:
        cost += 1.5 * (1.2 - shown)
    return cost


def _layout(run: _Run, i: int, j: int, limits: Limits) -> float:
    """The cost of the best break into two lines, looked for near the middle."""
    left, right = run.edges[i] + run.leads[i], run.edges[j + 1]
    if right - left <= limits.line_length or i == j:
        return 0.0
    middle = bisect.bisect_left(run.edges, (left + right) / 2, i + 1, j + 1)
    best = math.inf
    for at in range(max(i + 1, middle - 2), min(j, middle + 2) + 1):
        top, bottom = run.edges[at] - left, right - run.edges[at] - run.leads[at]
        if max(top, bottom) <= limits.line_length:
            slant = 1.2 * abs(top - bottom) / limits.line_length + (0.25 if top > bottom else 0.0)
            best = min(best, 0.5 * run.breaks[at - 1] + slant)
    # What has no good break may still be laid out further from the middle.
    return min(best, 5.0)


def _crowded(groups: list[Sequence[Word]], duration: float | None) -> list[Sequence[Word]]:
    """As many cues as a medium has room for; only absurdly short ones have too little."""
    room = capacity(duration)
    if len(groups) <= room:
        return groups
    each = math.ceil(len(groups) / room)
    return [
        [word for group in groups[first : first + each] for word in group]
        for first in range(0, len(groups), each)
    ]
