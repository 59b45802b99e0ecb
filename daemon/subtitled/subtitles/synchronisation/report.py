"""The report of a check: what is wrong with the times of a subtitle, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .ratios import SAME_RATE, FrameRateRatio


class SyncVerdict(StrEnum):
    """What a check says of the times of a subtitle."""

    IN_SYNC = "in-sync"
    OFFSET = "offset"
    """All cues are early or late by the same time."""
    RATIO = "ratio"
    """It was made for another frame rate. It may be early or late as well."""
    BREAKS = "breaks"
    """It was made for another cut: from some moments on the offset is another one."""
    OTHER_FILM = "other-film"
    """Its words are not those of the film."""
    CANNOT_TELL = "cannot-tell"

    @property
    def is_wrong(self) -> bool:
        """Whether the times are wrong."""
        return self not in (SyncVerdict.IN_SYNC, SyncVerdict.CANNOT_TELL)


@dataclass(frozen=True, slots=True)
class SyncPart:
    """A part of the subtitle with one offset."""

    start: float
    """When the part begins, in seconds by the subtitle's own times."""
    offset: float
    """Seconds to add to its times, after the ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncEvidence:
    """What a verdict rests on."""

    cue_count: int
    """Cues in which somebody speaks."""
    speech_count: int
    """Spans of speech of the media file."""
    anchor_count: int = 0
    """Cues whose first words are in the transcript. 0 if none is known in the language."""
    distinctness: float = 0.0
    """How far the best times stand out from all others, in standard deviations."""
    gain: float = 0.0
    """How consistently the cues prefer the best times to their own, in standard errors."""
    fit_before: float = 0.0
    """Share of the time of cues in which somebody speaks, as the times are."""
    fit_after: float = 0.0
    """The same with the times that fit best."""
    error_before: float | None = None
    """Median distance in seconds of cues from their words, as the times are."""
    error_after: float | None = None
    """The same with the times that fit best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """The result of a check."""

    verdict: SyncVerdict
    reason: str
    """Why, for people. It says what was found."""
    hint: str = ""
    """What to do; empty if nothing is wrong."""
    ratio: FrameRateRatio = SAME_RATE
    parts: tuple[SyncPart, ...] = ()
    """The offsets that fit best, in order. Empty if they cannot be told."""
    evidence: SyncEvidence

    @property
    def offset(self) -> float:
        """Seconds to add to the times of the first part, after the ratio."""
        return self.parts[0].offset if self.parts else 0.0
