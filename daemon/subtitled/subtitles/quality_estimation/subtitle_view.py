"""A subtitle with its evidence cue by cue, in which signs are looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from subtitled.plugin import Cue, Word
from subtitled.plugin.speech_timeline import SpeechTimeline

from ..hallucination.engine_scores import ScoreIndex
from .alignment import align_words
from .evidence import Evidence
from .reasons import ReasonKind

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
        self.confidences = [
            [
                confidence
                for word in words
                if (confidence := word.confidence) is not None and 0.0 <= confidence <= 1.0
            ]
            for words in self.words
        ]
        """The known confidences of the words of each cue."""
        self.mean_confidences = [
            sum(known) / len(known) if known else None for known in self.confidences
        ]

    @cached_property
    def word_times(self) -> list[tuple[float, float]]:
        """Start and end of all words."""
        return [(word.start, word.end) for word in self.evidence.words]

    @cached_property
    def spoken_seconds(self) -> list[float | None]:
        """How long the words of each cue take; None if that is not known."""
        return [
            None
            if not words or any(word.is_estimated for word in words)
            else sum(max(word.end - word.start, MIN_WORD_SECONDS) for word in words)
            for words in self.words
        ]

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
