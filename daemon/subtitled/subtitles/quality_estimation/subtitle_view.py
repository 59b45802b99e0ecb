"""A subtitle with its evidence cue by cue, in which signs are looked for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypeVar

from subtitled.plugin import Cue, Word
from subtitled.plugin.speech_timeline import SpeechTimeline

from ..hallucination.engine_scores import ScoreIndex
from .alignment import align_words
from .evidence import Evidence
from .reasons import ReasonKind

T = TypeVar("T")

MIN_WORD_SECONDS = 0.02
"""Seconds that a word without a duration counts."""
_NO_VALUES: Mapping[str, str | int | float] = {}


class Sign(NamedTuple):
    """One sign that a cue is wrong."""

    cue: int
    """The index of the cue."""
    kind: ReasonKind
    strength: float
    """From 0 to 1. Values outside count as the nearest one."""
    values: Mapping[str, str | int | float] | None = _NO_VALUES
    """What its reason says; None if there is nothing to say for itself."""


class SubtitleView:
    """Cues with what was understood while each is shown."""

    def __init__(self, cues: Sequence[Cue], evidence: Evidence) -> None:
        """Align cues, in order of time, with the words of the evidence."""
        self.cues = cues
        self.evidence = evidence
        self.words: list[Sequence[Word]] = align_words(cues, evidence.words)
        """The words of each cue."""
        self.confidences: list[list[float]] = [
            [one for one in known if one is not None and 0.0 <= one <= 1.0]
            for known in self.by_cue([word.confidence for word in evidence.words])
        ]
        """The known confidences of the words of each cue."""
        self.mean_confidences = [
            sum(known) / len(known) if known else None for known in self.confidences
        ]

    def by_cue(self, values: Sequence[T]) -> list[Sequence[T]]:
        """Group values of all words by cue. It is faster than to go through the words of each."""
        ends = list(itertools.accumulate(map(len, self.words), initial=0))
        return [values[first:last] for first, last in itertools.pairwise(ends)]

    @cached_property
    def word_times(self) -> list[tuple[float, float]]:
        """Start and end of all words."""
        return [(word.start, word.end) for word in self.evidence.words]

    @cached_property
    def spoken_seconds(self) -> list[float | None]:
        """How long the words of each cue take; None if that is not known."""
        lasting = [
            seconds if (seconds := end - start) > MIN_WORD_SECONDS else MIN_WORD_SECONDS
            for start, end in self.word_times
        ]
        return [
            None if not known or estimated else sum(known)
            for known, estimated in zip(self.by_cue(lasting), self.estimated_words, strict=True)
        ]

    @cached_property
    def estimated_words(self) -> list[int]:
        """How many words of each cue have estimated times."""
        return [sum(known) for known in self.by_cue([w.is_estimated for w in self.evidence.words])]

    @cached_property
    def letter_counts(self) -> list[int]:
        """How many characters the words of each cue have, without the blanks around them."""
        letters = [len(word.text.strip()) for word in self.evidence.words]
        return [sum(known) for known in self.by_cue(letters)]

    @cached_property
    def speech(self) -> SpeechTimeline | None:
        """Where somebody speaks; None if that is not known."""
        return None if self.evidence.speech is None else SpeechTimeline(self.evidence.speech)

    @cached_property
    def faint_speech(self) -> SpeechTimeline:
        """Where the speech is faint."""
        return SpeechTimeline(self.evidence.faint_speech)

    @cached_property
    def scores(self) -> ScoreIndex:
        """The engine's scores by time."""
        return ScoreIndex(self.evidence.segment_scores)
