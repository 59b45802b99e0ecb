"""Costs of each way to cut a text into cues.

The weights come from a prototype and were adjusted on invented sentences and one Spanish
recording (the prologue of ``shared/speech``). No film that results are reported on was used.
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
"""Cost of every cue, against many short ones."""
OVER_MAX_CPS_COST = 2.0
"""Cost of a cue above ``max_cps``, by any amount."""
SPEED_COST = 20.0
"""Further cost of two full lines at twice ``max_cps``, in proportion to length and excess. Where
the speech itself is too fast, cutting it into more or fewer cues must not reduce the cost."""
OVER_TARGET_CPS_COST = 2.0
"""The same for a speed between ``target_cps`` and ``max_cps``."""
MIN_DURATION_COST = 12.0
"""Cost of a cue of no duration, in proportion to the part of ``min_duration`` that is missing."""
BRIEF_COST, COMFORTABLE_SECONDS = 1.5, 1.2
"""Cost per second by which a cue is shorter than ``COMFORTABLE_SECONDS``."""
SILENCE_COST, FREE_SILENCE_SECONDS = 3.0, 0.3
"""Cost per second of silence inside a cue, after the first ``FREE_SILENCE_SECONDS``."""
PAUSE_BONUS, MIN_PAUSE_SECONDS = 3.0, 0.25
"""Bonus per second of pause at a cue's end, for pauses of ``MIN_PAUSE_SECONDS`` or more."""
SENTENCE_END_INSIDE_COST = 0.9
"""Cost of a sentence that ends inside a cue."""
SENTENCE_CUT_COST = 2.5
"""Further cost if the next sentence begins in the cue and does not end in it. TED forbids that."""
ORPHAN_COST, ORPHAN_SHARE = 1.5, 0.2
"""Cost of a cue with less than ``ORPHAN_SHARE`` of a line that is no sentence."""
DIALOGUE_COST = 1.5
"""Cost of two speakers in one cue: less than two hasty cues, more than two that can be read."""
NO_LINE_BREAK_COST = 8.0
"""Cost of two lines without a good break near the middle."""
MAX_PAUSE_INSIDE = 1.5
"""Seconds of silence that always separate two cues."""


class Boundary(IntEnum):
    """The boundary between two words."""

    NONE = 0
    SPEAKER = 1
    """The speaker changes: the cue ends or becomes a dialogue."""
    PAUSE = 2
    """A long pause: the cue ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Values of all words that the costs need, computed once. Times are seconds."""

    starts: list[float]
    ends: list[float]
    edges: list[float]
    """Columns before each word, and after the last one, including the spaces before words."""
    leads: list[float]
    """Columns of the space before each word, which is not shown at the start of a line."""
    line_break_costs: list[float]
    """Cost of a line break after each word."""
    cue_end_costs: list[float]
    """Cost of ending a cue after each word."""
    boundaries: list[Boundary]
    """Boundary after each word."""
    is_sentence_end: list[bool]
    """Whether a sentence ends with the word, for each word."""


def build_prefix(words: Sequence[Word], language: Language) -> Prefix:
    """Compute the values of all words and pairs of words in one pass."""
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
    """Return the cost of ending a cue at a break of some cost, with a pause in seconds."""
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
    """Check whether the words from ``i`` to ``j`` fit the lines."""
    first = i
    for _ in range(rules.max_lines):
        line_end = prefix.edges[first] + prefix.leads[first] + rules.max_line_length
        if prefix.edges[j + 1] <= line_end:
            return True
        first = max(bisect.bisect_right(prefix.edges, line_end, first + 1, j + 2) - 1, first + 1)
    return False


def display_seconds(prefix: Prefix, i: int, j: int, rules: CueRules) -> float:
    """Return how long a cue can be shown."""
    speech_seconds = prefix.ends[j] - prefix.starts[i]
    longest = min(rules.max_duration, max(speech_seconds + rules.max_extension, rules.min_duration))
    if j + 1 < len(prefix.starts):
        longest = min(longest, prefix.starts[j + 1] - prefix.starts[i] - rules.min_gap)
    return max(longest, 0.05)


def reading_cost(prefix: Prefix, i: int, j: int, rules: CueRules) -> float:
    """Return the cost of a cue that is too fast or too short."""
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
    """Return the cost of the best break into two lines, searched near the middle."""
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
    # A text without a good break may still be broken farther from the middle, or on more lines.
    return min(best, NO_LINE_BREAK_COST)
