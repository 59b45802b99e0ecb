"""Reviews as values: how far one is, how likely its cues are wrong, and which ones are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from subtitled.plugin import Language, SubtitleKind

HOLD_SECONDS = 900.0
"""How long a review belongs to who took it, after their last edit."""


class ReviewStatus(StrEnum):
    """How far a review is."""

    OPEN = "open"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class CueEstimate:
    """How likely one cue is wrong."""

    index: int
    """The place of the cue in its sidecar, from 0."""
    probability: float
    """0 to 1."""
    reasons: Sequence[Any] = ()
    """Why, as JSON: a text, or an object with a ``text``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleEstimate:
    """How likely the cues of a published sidecar are wrong."""

    file_id: int
    language: Language
    kind: SubtitleKind
    sha256: str
    """Of the sidecar that the estimate is about."""
    expected_errors: float
    """The expected number of wrong cues. It orders the queue."""
    flagged: int
    """How many cues are to be looked at."""
    cue_count: int
    cues: Sequence[CueEstimate] = ()
    """The cues that have a reason."""
    elsewhere: Sequence[Any] = ()
    """What was noticed where no cue is, such as speech, as JSON objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRecord:
    """A review, without its cues."""

    id: int
    file_id: int | None
    """None if the file is no longer in the database."""
    path: Path | None
    """The media file."""
    library: str | None
    title: str
    fingerprint: str
    language: Language
    kind: SubtitleKind
    status: ReviewStatus
    expected_errors: float
    flagged: int
    cue_count: int
    version: int
    """How many operations there are."""
    holder: str | None
    """Who has taken the review."""
    held_until: float | None
    """Until when, in seconds since 1970. The holder's edits extend it."""
    approved_by: str | None
    approved_at: float | None
    approved_version: int | None
    updated_at: float
    format: str | None
    """The format of the sidecar that version 0 was read from; None before the first edit."""
    base_sha256: str | None
    """SHA-256 of that sidecar as it was."""
    published_sha256: str | None
    """SHA-256 of that sidecar as the review left it: as it was, or as it was approved."""
    estimated_sha256: str | None
    """SHA-256 of the sidecar that the estimate is about."""
    holder_person: str | None = None
    """Who the holder is, by :attr:`.actors.Actor.person`. Lists have no persons."""
    approved_person: str | None = None
    """Who approved it."""

    def is_held(self, now: float) -> bool:
        """Return whether somebody has the review, at a time in seconds since 1970.

        Nobody has it for much longer than :data:`HOLD_SECONDS`: then the clock was ahead
        meanwhile. Clocks of several machines differ by less.
        """
        return self.held_until is not None and now < self.held_until <= now + 2 * HOLD_SECONDS


@dataclass(frozen=True, slots=True)
class ReviewPosition:
    """A place in the queue: that of one review, whether it still exists or not."""

    expected_errors: float
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFilter:
    """Which reviews are wanted. What is None does not limit."""

    status: ReviewStatus = ReviewStatus.OPEN
    libraries: Sequence[str] | None = None
    language: str | None = None
    kind: str | None = None
    holder: str | None = None
    file_id: int | None = None
