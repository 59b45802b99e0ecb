"""The cheapest way to cut a text into cues, by dynamic programming.

``best[j]`` is the lowest cost of cutting the first *j* units. A cue holds a limited number of
units, so the time is linear in their number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Language, Word

from ..rules import CueRules
from .costs import (
    CUE_COST,
    DIALOGUE_COST,
    FREE_SILENCE_SECONDS,
    SENTENCE_CUT_COST,
    SENTENCE_END_INSIDE_COST,
    SILENCE_COST,
    Boundary,
    Prefix,
    build_prefix,
    is_within_lines,
    line_break_cost,
    reading_cost,
)
from .line_breaking import choose_dash_style

MAX_UNITS_PER_CUE = 64
"""Largest number of units in a cue. They may be single characters."""
MAX_TURN_SECONDS = 2.0
"""Longest turn of each of two speakers who share a cue."""


@dataclass(frozen=True, slots=True)
class CueGroup:
    """The units of one cue, and how many of them the first of two speakers says."""

    units: Sequence[Word]
    speaker_change: int | None = None


def segment_optimal(units: Sequence[Word], language: Language, rules: CueRules) -> list[CueGroup]:
    """Return the units of each cue, in order."""
    prefix, count = build_prefix(units, language), len(units)
    dash = choose_dash_style(language) if rules.max_lines > 1 else None
    best = [0.0] + [math.inf] * count
    came_from = [(0, 0)] * (count + 1)
    for i in range(count):
        inner_cost, speaker_change = 0.0, 0
        has_sentence_end = False
        for j in range(i, min(count, i + MAX_UNITS_PER_CUE)):
            if j > i:
                if prefix.ends[j] - prefix.starts[i] > rules.max_duration:
                    break
                if prefix.boundaries[j - 1] is Boundary.PAUSE:
                    break
                if prefix.boundaries[j - 1] is Boundary.SPEAKER:
                    if dash is None or speaker_change:
                        break
                    speaker_change = j
                if speaker_change:
                    dashes = (len(dash.value[0]), len(dash.value[1])) if dash else (0, 0)
                    if not _is_short_dialogue(prefix, i, speaker_change, j, dashes, rules):
                        break
                elif not is_within_lines(prefix, i, j, rules):
                    break
                if prefix.is_sentence_end[j - 1]:
                    inner_cost += SENTENCE_END_INSIDE_COST if j != speaker_change else 0.0
                    has_sentence_end = True
                silence = prefix.starts[j] - prefix.ends[j - 1] - FREE_SILENCE_SECONDS
                inner_cost += SILENCE_COST * silence if silence > 0 else 0.0
            cost = best[i] + prefix.cue_end_costs[j] + inner_cost
            if has_sentence_end and not prefix.is_sentence_end[j]:
                cost += SENTENCE_CUT_COST
            # No cue costs less than CUE_COST, and line breaking is the most expensive to compute.
            if cost + CUE_COST >= best[j + 1]:
                continue
            cost += reading_cost(prefix, i, j, rules)
            if cost >= best[j + 1]:
                continue
            cost += DIALOGUE_COST if speaker_change else line_break_cost(prefix, i, j, rules)
            if cost < best[j + 1]:
                best[j + 1], came_from[j + 1] = cost, (i, speaker_change)
    groups: list[CueGroup] = []
    end = count
    while end > 0:
        first, speaker_change = came_from[end]
        groups.append(
            CueGroup(units[first:end], speaker_change - first if speaker_change else None)
        )
        end = first
    return groups[::-1]


def _is_short_dialogue(
    prefix: Prefix, i: int, speaker_change: int, j: int, dashes: tuple[int, int], rules: CueRules
) -> bool:
    """Check that the turns of two speakers are short and fit one line each."""
    for first, last, dash in ((i, speaker_change - 1, dashes[0]), (speaker_change, j, dashes[1])):
        columns = prefix.edges[last + 1] - prefix.edges[first] - prefix.leads[first] + dash
        if (
            columns > rules.max_line_length
            or prefix.ends[last] - prefix.starts[first] > MAX_TURN_SECONDS
        ):
            return False
    return True
