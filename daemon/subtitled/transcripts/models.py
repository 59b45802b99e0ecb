"""What is known of a medium beside its words: where and in which language somebody speaks, whose
words it took over, where the picture cuts.

Which engines were tried for a chunk that did not go the usual way, and whose words count.
"""

from __future__ import annotations

from dataclasses import dataclass

from subtitled.plugin import Language, TimeSpan


@dataclass(frozen=True, slots=True)
class LanguageSegment:
    """A part of a medium that is in one language."""

    span: TimeSpan
    language: Language


@dataclass(frozen=True, slots=True)
class TrackAnalysis:
    """What is known of a track before a word of it is recognised."""

    duration: float
    speech: tuple[TimeSpan, ...]
    language: Language | None = None
    confidence: float = 0.0
    language_reason: str = ""
    quiet_speech: tuple[TimeSpan, ...] = ()
    """Parts of the speech that are faint."""
    language_segments: tuple[LanguageSegment, ...] | None = None
    """Which part is in which language, in order and without a gap; None where nobody listened for
    changes of language."""


@dataclass(frozen=True, slots=True)
class ShotCuts:
    """Seconds at which the picture cuts, in order, at so many frames a second."""

    frame_rate: float
    cuts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TranscriptReuse:
    """That the words of a track were taken over from another content, or why they were not."""

    source_fingerprint: str
    source_track: int
    offset: float
    """Seconds that the words were moved by; later is more."""
    peak: float
    rival_peak: float
    part_count: int
    agreeing_parts: int
    rejection_reason: str = ""
    """Why nothing was taken over; empty if it was."""

    def __str__(self) -> str:
        source = f"{self.source_fingerprint}, track {self.source_track}"
        if self.rejection_reason:
            return f"compared with {source}: {self.rejection_reason}"
        return (
            f"taken over from {source}, {self.offset:+.2f} s: speech "
            f"matches by {self.peak:.2f} (next best {self.rival_peak:.2f}), "
            f"{self.agreeing_parts} of {self.part_count} parts agree"
        )


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """An engine that was called for a chunk whose words do not count there, and why."""

    engine: str
    reason: str
    is_permanent: bool = True
    """Whether it would be the same the next time."""


@dataclass(frozen=True, slots=True)
class FallbackRecord:
    """How a chunk came to its words, where that was not simply by the engine that was to do it.

    ``variant`` is the one whose words count.
    """

    engine: str
    variant: str
    attempts: tuple[FailedAttempt, ...] = ()
    timing_note: str = ""
    """Where the times of its words come from, if not from the engine."""

    def __str__(self) -> str:
        said = [f"{attempt.engine}: {attempt.reason}" for attempt in self.attempts]
        return "; ".join(
            (*said, f"words by {self.engine}" + (f", {self.timing_note}" * bool(self.timing_note)))
        )
