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

from ..rules import CueRules, measure_width
from .line_breaking import imbalance
from .syntax import compute_break_cost, is_sentence_end

CUE_COST = 1.0
"""Every cue costs this: confetti is no subtitle."""
OVER_MAX_CPS_COST = 2.0
"""For a cue that is faster than can be read, by however little."""
SPEED_COST = 20.0
"""And for two full lines twice as fast, in proportion to both: where speech itself is faster than
readers, cutting it in more pieces or fewer must not seem to help."""
OVER_TARGET_CPS_COST = 2.0
"""The same between what is read with ease and what can be read."""
MIN_DURATION_COST = 12.0
"""For a cue that is gone at once, in proportion to the shortest time."""
BRIEF_COST, COMFORTABLE_SECONDS = 1.5, 1.2
"""A second missing to so many seconds costs so much."""
SILENCE_COST, FREE_SILENCE_SECONDS = 3.0, 0.3
"""A second of silence inside a cue, after the first so many."""
PAUSE_BONUS, MIN_PAUSE_SECONDS = 3.0, 0.25
"""What a second of pause makes a border better, and from which length on."""
SENTENCE_END_INSIDE_COST = 0.9
"""A sentence that ends inside a cue."""
SENTENCE_CUT_COST = 2.5
"""And the next one begins in it and does not end: TED forbids that."""
ORPHAN_COST, ORPHAN_SHARE = 1.5, 0.2
"""A few letters alone, less than that share of a line, that are no sentence."""
DIALOGUE_COST = 1.5
"""Two speakers in one cue: better than two that flash by, not better than two that can be read."""
NO_LINE_BREAK_COST = 8.0
"""Two lines that cannot be parted well near the middle."""
MAX_PAUSE_INSIDE = 1.5
"""Seconds of silence that always part two cues."""


class Boundary(IntEnum):
    """What stands between two words."""

    NONE = 0
    SPEAKER = 1
    """Somebody else speaks: a cue ends, or becomes a dialogue."""
    PAUSE = 2
    """A cue ends."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """What the costs need to know of all words, worked out once; times in seconds."""

    starts: list[float]
    ends: list[float]
    edges: list[float]
    """Columns before each word, and after the last; with the space in front of each."""
    leads: list[float]
    """Columns of the space in front of each word, which is not shown at the start of a line."""
    line_break_costs: list[float]
    """How bad it is to break a line after each word."""
    cue_end_costs: list[float]
    """How bad it is to end a cue after each word."""
    boundaries: list[Boundary]
    """What stands after each word."""
    is_sentence_end: list[bool]
    """Whether a sentence ends with each word."""


def build_prefix(words: Sequence[Word], language: Language) -> Prefix:
    """All that is asked of single words and of pairs of them, in one pass."""
    pairs = list(itertools.pairwise(words))
    pauses = [after.start - before.end for before, after in pairs]
    line_break_costs = [
        compute_break_cost(before.text, after.text, language) for before, after in pairs
    ]
    boundaries = [
        _classify_boundary(before, after, pause)
        for (before, after), pause in zip(pairs, pauses, strict=True)
    ]
    cue_end_costs = [
        0.0 if boundary is Boundary.SPEAKER else _cue_end_cost(cost, pause)
        for cost, pause, boundary in zip(line_break_costs, pauses, boundaries, strict=True)
    ]
    space = measure_width(" ", language)
    return Prefix(
        starts=[word.start for word in words],
        ends=[word.end for word in words],
        edges=[0.0, *itertools.accumulate(measure_width(word.text, language) for word in words)],
        leads=[space if word.text.startswith(" ") else 0.0 for word in words],
        line_break_costs=[*line_break_costs, 0.0],
        cue_end_costs=[*cue_end_costs, 0.0],
        boundaries=[*boundaries, Boundary.PAUSE],
        is_sentence_end=[is_sentence_end(word.text, language) for word in words],
    )


def _cue_end_cost(cost: float, pause: float) -> float:
    """How bad it is to end a cue at a break of some cost, with a pause in seconds."""
    return max(0.0, cost - (min(3.0, PAUSE_BONUS * pause) if pause > MIN_PAUSE_SECONDS else 0.0))


def _classify_boundary(before: Word, after: Word, pause: float) -> Boundary:
    if pause > MAX_PAUSE_INSIDE:
        return Boundary.PAUSE
    is_other_speaker = before.speaker != after.speaker and None not in (
        before.speaker,
        after.speaker,
    )
    return Boundary.SPEAKER if is_other_speaker else Boundary.NONE


def is_within_lines(prefix: Prefix, i: int, j: int, rules: CueRules) -> bool:
    """Whether the words from ``i`` to ``j`` fit the lines."""
    first = i
    for _ in range(rules.max_lines):
        line_end = prefix.edges[first] + prefix.leads[first] + rules.max_line_length
        if prefix.edges[j + 1] <= line_end:
            return True
        first = max(bisect.bisect_right(prefix.edges, line_end, first + 1, j + 2) - 1, first + 1)
    return False


def display_seconds(prefix: Prefix, i: int, j: int, rules: CueRules) -> float:
    """For how long a cue can be on the screen."""
    speech_seconds = prefix.ends[j] - prefix.starts[i]
    longest = min(rules.max_duration, max(speech_seconds + rules.max_extension, rules.min_duration))
    if j + 1 < len(prefix.starts):
        longest = min(longest, prefix.starts[j + 1] - prefix.starts[i] - rules.min_gap)
    return max(longest, 0.05)


def reading_cost(prefix: Prefix, i: int, j: int, rules: CueRules) -> float:
    """The cost of a cue that is read in a hurry or is gone in a moment."""
    columns = prefix.edges[j + 1] - prefix.edges[i] - prefix.leads[i]
    display_time = display_seconds(prefix, i, j, rules)
    speed = columns / display_time
    cost = CUE_COST
    if speed > rules.target_cps:
        share = columns / (2 * rules.max_line_length)
        cost += (
            OVER_TARGET_CPS_COST
            * share
            * (min(speed, rules.max_cps) - rules.target_cps)
            / rules.target_cps
        )
        if speed > rules.max_cps:
            cost += OVER_MAX_CPS_COST + SPEED_COST * share * (speed - rules.max_cps) / rules.max_cps
    if display_time < rules.min_duration:
        cost += MIN_DURATION_COST * (rules.min_duration - display_time) / rules.min_duration
    if display_time < COMFORTABLE_SECONDS:
        cost += BRIEF_COST * (COMFORTABLE_SECONDS - display_time)
    if columns < ORPHAN_SHARE * rules.max_line_length and prefix.cue_end_costs[j] > 1.0:
        cost += ORPHAN_COST
    return cost


def line_break_cost(prefix: Prefix, i: int, j: int, rules: CueRules) -> float:
    """The cost of the best break into two lines, looked for near the middle."""
    left, right = prefix.edges[i] + prefix.leads[i], prefix.edges[j + 1]
    if right - left <= rules.max_line_length or i == j:
        return 0.0
    middle = bisect.bisect_left(prefix.edges, (left + right) / 2, i + 1, j + 1)
    best = math.inf
    for at in range(max(i + 1, middle - 2), min(j, middle + 2) + 1):
        top, bottom = prefix.edges[at] - left, right - prefix.edges[at] - prefix.leads[at]
        if max(top, bottom) <= rules.max_line_length:
            imbalance_cost = imbalance((top, bottom), rules.max_line_length)
            best = min(best, 0.5 * prefix.line_break_costs[at - 1] + imbalance_cost)
    # What has no good break may still be laid out further from the middle, or on more lines.
    return min(best, NO_LINE_BREAK_COST)
