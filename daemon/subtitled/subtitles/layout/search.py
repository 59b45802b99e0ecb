"""The cheapest way to cut a text into cues, by dynamic programming.

``best[j]`` is the least cost of cutting the first *j* atoms; since a cue holds but so many of
them, the whole is linear in their number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Language, Word

from ..limits import Limits
from .costs import (
    BREATH,
    CUE,
    DIALOGUE,
    SENTENCE_CUT,
    SENTENCE_INSIDE,
    SILENCE,
    Survey,
    Wall,
    fits,
    layout,
    reading,
    survey,
)
from .dialogue import dash_of

MOST = 64
"""Atoms in one cue, at most: characters, where a recogniser gave nothing longer."""
SHORT = 2.0
"""Seconds that each of two speakers may talk for, if they are to share a cue."""


@dataclass(frozen=True, slots=True)
class Group:
    """The atoms of one cue, and how many of them the first of two speakers says."""

    atoms: Sequence[Word]
    turn: int | None = None


def cut_into_groups(atoms: Sequence[Word], language: Language, limits: Limits) -> list[Group]:
    """The atoms of each cue, in order."""
    run, count = survey(atoms, language), len(atoms)
    dash = dash_of(language) if limits.lines > 1 else None
    best = [0.0] + [math.inf] * count
    came_from = [(0, 0)] * (count + 1)
    for i in range(count):
        inside, turn = 0.0, 0
        begun = False
        for j in range(i, min(count, i + MOST)):
            if j > i:
                if run.ends[j] - run.starts[i] > limits.max_duration:
                    break
                if run.walls[j - 1] is Wall.PAUSE:
                    break
                if run.walls[j - 1] is Wall.SPEAKER:
                    if dash is None or turn:
                        break
                    turn = j
                if turn:
                    dashes = (len(dash.value[0]), len(dash.value[1])) if dash else (0, 0)
                    if not _short(run, i, turn, j, dashes, limits):
                        break
                elif not fits(run, i, j, limits):
                    break
                if run.sentences[j - 1]:
                    inside += SENTENCE_INSIDE if j != turn else 0.0
                    begun = True
                silence = run.starts[j] - run.ends[j - 1] - BREATH
                inside += SILENCE * silence if silence > 0 else 0.0
            cost = best[i] + run.borders[j] + inside
            if begun and not run.sentences[j]:
                cost += SENTENCE_CUT
            # No cue costs less than CUE, and layout is the dearest to find out.
            if cost + CUE >= best[j + 1]:
                continue
            cost += reading(run, i, j, limits)
            if cost >= best[j + 1]:
                continue
            cost += DIALOGUE if turn else layout(run, i, j, limits)
            if cost < best[j + 1]:
                best[j + 1], came_from[j + 1] = cost, (i, turn)
    groups: list[Group] = []
    end = count
    while end > 0:
        first, turn = came_from[end]
        groups.append(Group(atoms[first:end], turn - first if turn else None))
        end = first
    return groups[::-1]


def _short(run: Survey, i: int, turn: int, j: int, dashes: tuple[int, int], limits: Limits) -> bool:
    """Whether what two speakers say fits a line each, and neither talks for long."""
    for first, last, dash in ((i, turn - 1, dashes[0]), (turn, j, dashes[1])):
        columns = run.edges[last + 1] - run.edges[first] - run.leads[first] + dash
        if columns > limits.line_length or run.ends[last] - run.starts[first] > SHORT:
            return False
    return True
