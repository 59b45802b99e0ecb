"""Cues and subtitles: what a reader sees."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .language import Language
from .speech import Word


class Kind(StrEnum):
    """What a subtitle is for."""

    FULL = "full"
    FORCED = "forced"
    """Only the foreign parts and on-screen texts."""
    SDH = "sdh"
    """For the deaf and hard of hearing: also sounds and speakers."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle on the screen: from ``start`` to ``end`` in seconds, lines split by newlines."""

    start: float
    end: float
    text: str

    @property
    def duration(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Subtitle:
    """All cues of one medium in one language, in order, without overlap."""

    language: Language
    cues: tuple[Cue, ...]
    kind: Kind = Kind.FULL
    words: tuple[Word, ...] = ()
    """What the cues were made of, in order; none where the text was translated from a text."""
    title: str = ""
    """The medium's, for formats that carry one."""
