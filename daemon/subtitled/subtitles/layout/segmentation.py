"""From words to cues.

Repaired words become atoms, which no line parts; the atoms are grouped into cues in the cheapest
way; each cue's text is laid out in lines, and all are given their times on the screen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from subtitled.plugin import Cue, Interval, Language, Word

from ..limits import Limits, width
from ..scripts import is_spaceless
from .atoms import atoms_of
from .dialogue import dash_of, with_dashes
from .lines import lay_out
from .repair import repair, spaced
from .search import Group, cut_into_groups
from .timing import capacity, place


def segment(
    words: Sequence[Word], language: Language, limits: Limits, duration: float | None = None
) -> tuple[Cue, ...]:
    """Cues in order, apart by at least the gap, with every word in exactly one of them.

    ``duration`` is the length of the medium in seconds: no cue lies outside it. Only a medium
    with less room than :data:`.timing.FLASH` and the gap for each cue has them closer together.
    A word that is wider than a line is cut.
    """
    if duration is not None and not (math.isfinite(duration) and duration >= 0.001):
        duration = None
    clean = repair(words, duration)
    if not is_spaceless(language):
        clean = spaced(clean)
    atoms = atoms_of(clean, language, limits)
    if not atoms:
        return ()
    groups = _crowded(cut_into_groups(atoms, language, limits), duration)
    texts = ["\n".join(_lines(group, language, limits)) for group in groups]
    spoken = [Interval(group.atoms[0].start, group.atoms[-1].end) for group in groups]
    columns = [width(text, language) for text in texts]
    times = place(spoken, columns, limits, duration)
    return tuple(Cue(time.start, time.end, text) for time, text in zip(times, texts, strict=True))


def _lines(group: Group, language: Language, limits: Limits) -> Sequence[str]:
    texts = [atom.text for atom in group.atoms]
    dash = dash_of(language)
    if group.turn is None or dash is None:
        return lay_out(texts, language, limits)
    return with_dashes("".join(texts[: group.turn]), "".join(texts[group.turn :]), dash)


def _crowded(groups: list[Group], duration: float | None) -> list[Group]:
    """As many cues as a medium has room for; only absurdly short ones have too little."""
    room = capacity(duration)
    if len(groups) <= room:
        return groups
    each = math.ceil(len(groups) / room)
    return [
        Group([atom for group in groups[first : first + each] for atom in group.atoms])
        for first in range(0, len(groups), each)
    ]
