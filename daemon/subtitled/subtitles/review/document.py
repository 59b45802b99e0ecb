"""The document: the cues of a subtitle that a person reviews, each with an id that it keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from subtitled.plugin import Cue, Language

from ..formats import tidy_text
from ..formats.text import strip_rtl_embedding

MILLISECONDS = 3
"""Decimals of a time. Files count milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCue:
    """One cue with its id."""

    id: str
    """Its number in the subtitle of version 0, from 1; of a cue that an operation made, the id of
    the operation and a number."""
    start: float
    """When it appears, in seconds of the media clock, in whole milliseconds."""
    end: float
    """When it disappears."""
    lines: tuple[str, ...]
    """Its text line by line, with the tags of :mod:`..markup`."""

    @property
    def text(self) -> str:
        """The lines, separated by newlines."""
        return "\n".join(self.lines)

    def to_cue(self) -> Cue:
        """Return the cue without its id."""
        return Cue(self.start, self.end, self.text)


@dataclass(frozen=True)
class Document:
    """The cues of one version, in order of their starts, then of their ends and ids.

    The order follows from the cues. So an operation never has to say where a cue belongs.
    """

    version: int
    """How many operations made it."""
    cues: tuple[ReviewCue, ...]

    @classmethod
    def create(cls, version: int, cues: Iterable[ReviewCue]) -> Document:
        """Create a document of cues in any order."""
        return cls(version, sort_cues(cues))

    @classmethod
    def from_cues(cls, cues: Iterable[Cue], language: Language) -> Document:
        """Create version 0 of the cues of a file. Each is called by its number in the file."""
        return cls.create(
            0,
            (
                ReviewCue(
                    id=str(number),
                    start=round_time(cue.start),
                    end=round_time(cue.end),
                    lines=tidy_lines(cue.text, language),
                )
                for number, cue in enumerate(cues, 1)
            ),
        )

    @cached_property
    def by_id(self) -> dict[str, ReviewCue]:
        """The cues by their ids."""
        return {cue.id: cue for cue in self.cues}

    def to_cues(self) -> tuple[Cue, ...]:
        """Return the cues without their ids."""
        return tuple(cue.to_cue() for cue in self.cues)


def round_time(seconds: float) -> float:
    """Round a time to whole milliseconds."""
    return round(seconds, MILLISECONDS)


def tidy_lines(text: str, language: Language) -> tuple[str, ...]:
    """Return the lines of a text as every format can hold them; none of an empty text.

    The marks that files of right-to-left languages have around each line are left out, because
    they are added again when a file is written.
    """
    tidy = strip_rtl_embedding(tidy_text(text), language)
    return tuple(tidy.split("\n")) if tidy else ()


def sort_cues(cues: Iterable[ReviewCue]) -> tuple[ReviewCue, ...]:
    """Return cues in the order of a document."""
    return tuple(sorted(cues, key=_order_of))


def _order_of(cue: ReviewCue) -> tuple[float, float, int, str]:
    return cue.start, cue.end, len(cue.id), cue.id
