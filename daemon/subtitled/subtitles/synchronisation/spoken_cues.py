"""The cues of a subtitle by which its times can be judged: those in which somebody speaks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from subtitled.plugin import Cue

from ..judgement.credits import without_credits
from ..markup import strip_tags
from ..sdh import strip_sdh

_NOTES = frozenset("♪♫♬♩🎵🎶🎼")
READING_SPEED = 12.0
"""Characters per second at which a cue is said at the slowest. It may be shown for longer."""
MIN_SPOKEN_SECONDS = 0.6

Floats = npt.NDArray[np.float64]


def select_spoken_cues(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """Return the cues in which somebody speaks, in order and at most one at a time.

    Credits, sounds in brackets and songs are left out. Of cues that begin together the first stays.
    """
    ordered = without_credits(sorted(cues, key=lambda cue: (cue.start, cue.end)))
    songless = [cue for cue in ordered if not _NOTES & set(cue.text)]
    spoken: list[Cue] = []
    for cue in strip_sdh(songless):
        if cue.end <= cue.start or not strip_tags(cue.text).strip():
            continue
        if spoken and cue.start < spoken[-1].start + 0.1:
            continue
        if spoken and cue.start < spoken[-1].end:
            spoken[-1] = Cue(spoken[-1].start, cue.start, spoken[-1].text)
        spoken.append(cue)
    return tuple(spoken)


def estimate_spoken_ends(cues: Sequence[Cue]) -> Floats:
    """Return until when each cue is surely being said. It may be shown for longer."""
    return np.array(
        [
            min(
                cue.end,
                cue.start
                + max(MIN_SPOKEN_SECONDS, len(strip_tags(cue.text)) / READING_SPEED * 0.6),
            )
            for cue in cues
        ]
    )


def measure_gaps(cues: Sequence[Cue]) -> Floats:
    """Return the seconds from the end of each cue to the next one; 0 after the last one."""
    gaps = [max(0.0, after.start - before.end) for before, after in pairwise(cues)]
    return np.array([*gaps, 0.0])
