"""What is known of a medium beside its words: where and in which language somebody speaks, whose
words it took over, where the picture cuts."""

from __future__ import annotations

from dataclasses import dataclass

from subtitled.plugin import Interval, Language


@dataclass(frozen=True, slots=True)
class Run:
    """A part of a medium that is in one language."""

    interval: Interval
    language: Language


@dataclass(frozen=True, slots=True)
class Listened:
    """What is known of a track before a word of it is recognised."""

    duration: float
    speech: tuple[Interval, ...]
    language: Language | None = None
    confidence: float = 0.0
    why: str = ""
    quiet: tuple[Interval, ...] = ()
    """Parts of the speech that are faint."""
    runs: tuple[Run, ...] | None = None
    """Which part is in which language, in order and without a gap; None where nobody listened for
    changes of language."""


@dataclass(frozen=True, slots=True)
class Shots:
    """Seconds at which the picture cuts, in order, at so many frames a second."""

    frame_rate: float
    cuts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Retimed:
    """That the words of a track were taken over from another content, or why they were not."""

    content: str
    track: int
    offset: float
    """Seconds that the words were moved by; later is more."""
    peak: float
    rival: float
    parts: int
    agreeing: int
    doubt: str = ""
    """Why nothing was taken over; empty if it was."""

    def __str__(self) -> str:
        if self.doubt:
            return f"compared with {self.content}, track {self.track}: {self.doubt}"
        return (
            f"taken over from {self.content}, track {self.track}, {self.offset:+.2f} s: speech "
            f"matches by {self.peak:.2f} (next best {self.rival:.2f}), "
            f"{self.agreeing} of {self.parts} parts agree"
        )
