"""Files that have the same text in several languages beside each other: one of them is taken."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Sequence

from subtitled.plugin import Cue, Language

from .result import DropLog

MIN_PARALLEL_SHARE = 0.5
"""Share of the cues of a language that must be shown together with cues of the main one. Below,
they are foreign words of the same text."""


def take_one_language(
    cues: Sequence[tuple[str, Cue]], wanted: Language | None, dropped: DropLog
) -> tuple[list[Cue], tuple[str, ...]]:
    """Take the cues of one language where a file has several at the same times.

    Args:
        cues: Cues in order, each with the language that the file states, or "".
        wanted: Which language to take. By default the one with most cues.
        dropped: Where the cues of the others are noted.

    Returns:
        The cues, and the languages that the file states, the one of the cues first.
    """
    counts = Counter(language for language, _ in cues)
    if len(counts) < 2:
        return [cue for _, cue in cues], tuple(filter(None, counts))
    names = [name for name, _ in counts.most_common()]
    if wanted is not None:
        names.sort(key=lambda name: not is_in_language(name, wanted))
    main = sorted((cue.start, cue.end) for name, cue in cues if name == names[0])
    parallel = {name for name in names[1:] if name and _share_beside(cues, name, main)}
    for name, cue in cues:
        if name in parallel:
            dropped.add(f"in another language ({name[:35]})", None, f"{cue.start:.3f} s {cue.text}")
    kept = [cue for name, cue in cues if name not in parallel]
    return kept, tuple(filter(None, names))


def _share_beside(
    cues: Sequence[tuple[str, Cue]], name: str, main: Sequence[tuple[float, float]]
) -> bool:
    starts = [start for start, _ in main]
    mine = [cue for language, cue in cues if language == name]
    beside = 0
    for cue in mine:
        at = bisect.bisect_left(starts, cue.end) - 1
        beside += at >= 0 and main[at][1] > cue.start
    return beside >= MIN_PARALLEL_SHARE * len(mine)


def is_in_language(stated: str, wanted: Language) -> bool:
    """Check whether a language that a file states is a wanted one, in any of its forms."""
    try:
        return Language(stated).primary == wanted.primary
    except ValueError:
        return False
