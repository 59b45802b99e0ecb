"""Where three versions of a subtitle differ: the one that a person began with, theirs, and ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from subtitled.plugin import Cue


@dataclass(frozen=True, slots=True)
class Difference:
    """Cues that are not the same in all versions."""

    base: tuple[Cue, ...]
    mine: tuple[Cue, ...]
    theirs: tuple[Cue, ...]

    @property
    def is_agreed(self) -> bool:
        """Whether mine and theirs are the same, so that nobody has to choose."""
        return _keys(self.mine) == _keys(self.theirs)


def find_differences(
    base: Sequence[Cue], mine: Sequence[Cue], theirs: Sequence[Cue]
) -> list[Difference]:
    """Return the places where two versions differ from the one that both began with, in order."""
    mine_at, theirs_at = _same_places(base, mine), _same_places(base, theirs)
    found, begins = [], (0, 0, 0)
    # Cues of the base that both kept separate the places. A last one stands for the end.
    for place in range(len(base) + 1):
        if place == len(base):
            ends = (place, len(mine), len(theirs))
        elif place in mine_at and place in theirs_at:
            ends = (place, mine_at[place], theirs_at[place])
        else:
            continue
        parts = [
            tuple(cues[begin:end])
            for cues, begin, end in zip((base, mine, theirs), begins, ends, strict=True)
        ]
        if any(parts):
            found.append(Difference(*parts))
        begins = (ends[0] + 1, ends[1] + 1, ends[2] + 1)
    return found


def _same_places(base: Sequence[Cue], other: Sequence[Cue]) -> dict[int, int]:
    """Return where each cue that both have stands in the other version."""
    matcher = SequenceMatcher(None, _keys(base), _keys(other), autojunk=False)
    return {
        block.a + step: block.b + step
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    }


def _keys(cues: Sequence[Cue]) -> list[tuple[int, int, str]]:
    return [(round(cue.start * 1000), round(cue.end * 1000), cue.text) for cue in cues]
