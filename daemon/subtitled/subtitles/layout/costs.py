"""What each way of cutting a text into cues costs.

The weights come from a prototype and were adjusted on invented sentences and one Spanish
recording (the prologue of ``shared/speech``); no film that results are reported on was used.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from subtitled.plugin import Language, Word

from ..limits import Limits, width
from .lines import slant
from .syntax import break_cost, ends_sentence

CUE = 1.0
"""Every cue costs this: confetti is no subtitle."""
OVER = 2.0
"""For a cue that is faster than can be read, by however little."""
TOO_FAST = 20.0
"""And for two full lines twice as fast, in proportion to both: where speech itself is faster than
readers, cutting it in more pieces or fewer must not seem to help."""
HURRIED = 2.0
"""The same between what is read with ease and what can be read."""
TOO_SHORT = 12.0
"""For a cue that is gone at once, in proportion to the shortest time."""
BRIEF, SECONDS_OF_EASE = 1.5, 1.2
"""A second missing to so many seconds costs so much."""
SILENCE, BREATH = 3.0, 0.3
"""A second of silence inside a cue, after the first so many."""
PAUSE, LEAST_PAUSE = 3.0, 0.25
"""What a second of pause makes a border better, and from which length on."""
SENTENCE_INSIDE = 0.9
"""A sentence that ends inside a cue."""
SENTENCE_CUT = 2.5
"""And the next one begins in it and does not end: TED forbids that."""
ORPHAN, ORPHAN_SHARE = 1.5, 0.2
"""A few letters alone, less than that share of a line, that are no sentence."""
DIALOGUE = 1.5
"""Two speakers in one cue: better than two that flash by, not better than two that can be read."""
NO_LINES = 8.0
"""Two lines that cannot be parted well near the middle."""
LONGEST_PAUSE = 1.5
"""Seconds of silence that always part two cues."""


class Wall(IntEnum):
    """What stands between two words."""

    NONE = 0
    SPEAKER = 1
    """Somebody else speaks: a cue ends, or becomes a dialogue."""
    PAUSE = 2
    """A cue ends."""


@dataclass(frozen=True, slots=True)
class Survey:
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
    walls: list[Wall]
    """What stands after each word."""
    sentences: list[bool]
    """Whether a sentence ends with each word."""


def survey(words: Sequence[Word], language: Language) -> Survey:
    """All that is asked of single words and of pairs of them, in one pass."""
    pairs = list(itertools.pairwise(words))
    pauses = [after.start - before.end for before, after in pairs]
    breaks = [break_cost(before.text, after.text, language) for before, after in pairs]
    walls = [
        _wall(before, after, pause) for (before, after), pause in zip(pairs, pauses, strict=True)
    ]
    borders = [
        0.0 if wall is Wall.SPEAKER else _border(cost, pause)
        for cost, pause, wall in zip(breaks, pauses, walls, strict=True)
    ]
    space = width(" ", language)
    return Survey(
        starts=[word.start for word in words],
        ends=[word.end for word in words],
        edges=[0.0, *itertools.accumulate(width(word.text, language) for word in words)],
        leads=[space if word.text.startswith(" ") else 0.0 for word in words],
        breaks=[*breaks, 0.0],
        borders=[*borders, 0.0],
        walls=[*walls, Wall.PAUSE],
        sentences=[ends_sentence(word.text, language) for word in words],
    )


def _border(cost: float, pause: float) -> float:
    """How bad it is to end a cue at a break of some cost, with a pause in seconds."""
    return max(0.0, cost - (min(3.0, PAUSE * pause) if pause > LEAST_PAUSE else 0.0))


def _wall(before: Word, after: Word, pause: float) -> Wall:
    if pause > LONGEST_PAUSE:
        return Wall.PAUSE
    other = before.speaker != after.speaker and None not in (before.speaker, after.speaker)
    return Wall.SPEAKER if other else Wall.NONE


def fits(run: Survey, i: int, j: int, limits: Limits) -> bool:
    """Whether the words from ``i`` to ``j`` fit the lines."""
    first = i
    for _ in range(limits.lines):
        room = run.edges[first] + run.leads[first] + limits.line_length
        if run.edges[j + 1] <= room:
            return True
        first = max(bisect.bisect_right(run.edges, room, first + 1, j + 2) - 1, first + 1)
    return False


def shown(run: Survey, i: int, j: int, limits: Limits) -> float:
    """For how long a cue can be on the screen."""
    spoken = run.ends[j] - run.starts[i]
    longest = min(limits.max_duration, max(spoken + limits.linger, limits.min_duration))
    if j + 1 < len(run.starts):
        longest = min(longest, run.starts[j + 1] - run.starts[i] - limits.gap)
    return max(longest, 0.05)


def reading(run: Survey, i: int, j: int, limits: Limits) -> float:
    """The cost of a cue that is read in a hurry or is gone in a moment."""
    columns = run.edges[j + 1] - run.edges[i] - run.leads[i]
    time = shown(run, i, j, limits)
    speed = columns / time
    cost = CUE
    if speed > limits.best_cps:
        share = columns / (2 * limits.line_length)
        cost += HURRIED * share * (min(speed, limits.cps) - limits.best_cps) / limits.best_cps
        if speed > limits.cps:
            cost += OVER + TOO_FAST * share * (speed - limits.cps) / limits.cps
    if time < limits.min_duration:
        cost += TOO_SHORT * (limits.min_duration - time) / limits.min_duration
    if time < SECONDS_OF_EASE:
        cost += BRIEF * (SECONDS_OF_EASE - time)
    if columns < ORPHAN_SHARE * limits.line_length and run.borders[j] > 1.0:
        cost += ORPHAN
    return cost


def layout(run: Survey, i: int, j: int, limits: Limits) -> float:
    """The cost of the best break into two lines, looked for near the middle."""
    left, right = run.edges[i] + run.leads[i], run.edges[j + 1]
    if right - left <= limits.line_length or i == j:
        return 0.0
    middle = bisect.bisect_left(run.edges, (left + right) / 2, i + 1, j + 1)
    best = math.inf
    for at in range(max(i + 1, middle - 2), min(j, middle + 2) + 1):
        top, bottom = run.edges[at] - left, right - run.edges[at] - run.leads[at]
        if max(top, bottom) <= limits.line_length:
            slanted = slant((top, bottom), limits.line_length)
            best = min(best, 0.5 * run.breaks[at - 1] + slanted)
    # What has no good break may still be laid out further from the middle, or on more lines.
    return min(best, NO_LINES)
