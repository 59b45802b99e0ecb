"""What is known of a subtitle beside its cues. Everything may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from subtitled.plugin import Language, SegmentScores, TimeSpan, Word

from ..hallucination import RemovedText
from ..rules import CueRules


@dataclass(frozen=True, slots=True)
class OtherReading:
    """What another engine, or another model, understood of the same speech."""

    engine: str
    """The engine and its model, in words for users."""
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class MissedTerm:
    """A term of the glossary that was spoken during a cue and is missing in it."""

    start: float
    """The start of the cue, in seconds."""
    spoken: str
    wanted: str
    """How the glossary wants it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a subtitle. A sign whose evidence is missing counts nothing.

    All times are seconds of the media clock, and everything is in order of time.
    """

    language: Language
    """The language of the cues."""
    is_translation: bool = False
    """Whether the cues are a translation of ``words``."""
    words: tuple[Word, ...] = ()
    """What was understood of the speech, without the text that was left out."""
    segment_scores: tuple[SegmentScores, ...] = ()
    """The scores of the engine for its segments."""
    speech: tuple[TimeSpan, ...] | None = None
    """Where voice activity detection found speech; None if that is not known."""
    faint_speech: tuple[TimeSpan, ...] = ()
    """The parts of it that are faint."""
    left_out: tuple[RemovedText, ...] = ()
    """What the hallucination filter took out. Entries without a text are speech without a word."""
    other_readings: tuple[OtherReading, ...] = ()
    untranslated: tuple[RemovedText, ...] = ()
    """Lines that were not translated, or whose translation was not clearly right."""
    missed_terms: tuple[MissedTerm, ...] = ()
    other_languages: Mapping[int, Language] = field(default_factory=dict)
    """The cues, by index, that are clearly in another language than the name says."""
    rules: CueRules | None = None
    """The limits that the cues should keep."""
