"""Three ways through the cues of a review: the worst first, straight through, and a spot check."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from subtitled.db.operations import CueVerdict
from subtitled.subtitles.quality_estimation.weights import FLAGGED
from subtitled.subtitles.review.document import Document, ReviewCue

SPOT_POINTS = 5
SPOT_SECONDS = 60.0
"""How much is looked at from each point on."""
PAGE_CUES = 50
"""How many cues a page lists."""
MAX_ROUNDING = 0.0015
"""Seconds by which a shift, whose times are rounded to milliseconds, may change a length."""


class Way(StrEnum):
    """An order in which a person goes through cues."""

    WORST = "worst"
    """Only the doubtful cues, the worst first."""
    STRAIGHT = "straight"
    """All cues as they are shown in the film."""
    SPOT = "spot"
    """The cues after five points: at the start, a quarter, half, three quarters, and the end."""


@dataclass(frozen=True, slots=True)
class CuePage:
    """The part of a way that a page lists."""

    cues: tuple[str, ...]
    earlier: str | None
    """The first cue of the page before; None on the first page."""
    later: str | None
    """The first cue of the page after; None on the last page."""


@dataclass(frozen=True, slots=True)
class Route:
    """The cues of a way in their order, and which of them a person has seen."""

    way: Way
    cues: tuple[str, ...]
    seen: frozenset[str]

    @property
    def seen_count(self) -> int:
        """How many of its cues were judged or reworked."""
        return len(self.seen.intersection(self.cues))

    def first(self) -> str | None:
        """Return the cue to begin with: the first one that was not seen, else the first."""
        return self.next_unseen(None) or (self.cues[0] if self.cues else None)

    def next_unseen(self, current: str | None) -> str | None:
        """Return the next cue that was not seen, after a cue, else before it, else None."""
        place = self._place(current)
        ahead = (*self.cues[place + 1 :], *self.cues[: max(0, place)])
        return next((cue for cue in ahead if cue not in self.seen and cue != current), None)

    def neighbours(self, current: str) -> tuple[str | None, str | None]:
        """Return the cues before and after one in this way."""
        place = self._place(current)
        before = self.cues[place - 1] if place > 0 else None
        return before, self.cues[place + 1] if place + 1 < len(self.cues) else None

    def page(self, current: str | None) -> CuePage:
        """Return the page that a cue is on, or the first one."""
        begin = max(0, self._place(current)) // PAGE_CUES * PAGE_CUES
        end = begin + PAGE_CUES
        return CuePage(
            cues=self.cues[begin:end],
            earlier=self.cues[begin - PAGE_CUES] if begin else None,
            later=self.cues[end] if end < len(self.cues) else None,
        )

    def _place(self, cue: str | None) -> int:
        return self.cues.index(cue) if cue in self.cues else -1


def plan_route(
    way: Way,
    document: Document,
    probabilities: Mapping[str, float],
    seen: Collection[str],
) -> Route:
    """Return the cues of a way.

    Args:
        way: The way.
        document: The current version.
        probabilities: How likely each cue of version 0 is wrong, as far as that is known. A cue
            keeps its place among the worst when it is corrected.
        seen: The cues that were judged or reworked.
    """
    if way is Way.STRAIGHT:
        cues = [cue.id for cue in document.cues]
    elif way is Way.SPOT:
        cues = _spot_cues(document.cues)
    else:
        doubtful = [cue.id for cue in document.cues if probabilities.get(cue.id, 0.0) >= FLAGGED]
        cues = sorted(doubtful, key=lambda cue: -probabilities[cue])
    return Route(way, tuple(cues), frozenset(seen))


def find_seen(document: Document, base: Document, verdicts: Iterable[CueVerdict]) -> set[str]:
    """Return the cues that were judged, or reworked since version 0."""
    before = base.by_id
    reworked = {cue.id for cue in document.cues if is_reworked(cue, before.get(cue.id))}
    return reworked | {verdict.cue for verdict in verdicts}


def is_reworked(cue: ReviewCue, before: ReviewCue | None) -> bool:
    """Check whether a cue has another text or length than in version 0, or is new.

    A shift moves many cues that nobody has looked at, so it is not counted.

    Args:
        cue: The cue as it is now.
        before: The cue in version 0; None if it was not there.
    """
    if before is None or before.lines != cue.lines:
        return True
    return abs((cue.end - cue.start) - (before.end - before.start)) > MAX_ROUNDING


def find_open_gaps(elsewhere: Iterable[Any], document: Document) -> tuple[dict[str, Any], ...]:
    """Return the speech without a cue for which nobody inserted one since.

    Args:
        elsewhere: What quality estimation noticed where no cue is, as JSON objects.
        document: The current version.
    """
    gaps = []
    for gap in elsewhere:
        middle = (gap["start"] + gap["end"]) / 2
        if not any(cue.start <= middle <= cue.end for cue in document.cues):
            gaps.append(dict(gap))
    return tuple(gaps)


def choose_way(text: str, *, has_doubtful: bool) -> Way:
    """Return the way that an address names; by default the worst first, if any cue is doubtful."""
    try:
        return Way(text)
    except ValueError:
        return Way.WORST if has_doubtful else Way.STRAIGHT


def _spot_cues(cues: Sequence[ReviewCue]) -> list[str]:
    if not cues:
        return []
    begin, end = cues[0].start, max(cue.end for cue in cues)
    last = max(begin, end - SPOT_SECONDS)
    points = [begin + (last - begin) * number / (SPOT_POINTS - 1) for number in range(SPOT_POINTS)]
    return [
        cue.id
        for cue in cues
        if any(cue.end > point and cue.start < point + SPOT_SECONDS for point in points)
    ]
