"""What is asked about audio, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from subtitled.plugin import Language, SegmentScores, Subtitle


class AudioTask(StrEnum):
    """What is wanted."""

    TRANSCRIBE = "transcribe"
    """The text in the language spoken."""
    TRANSLATE = "translate"
    """The text in English."""
    DETECT_LANGUAGE = "detect-language"


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioQuestion:
    """One question. Those that are equal get the same answer, which is made once."""

    audio: str
    """The digest of the audio."""
    task: AudioTask
    spoken: Language | None = None
    """The language that the caller says is spoken; None: it is detected."""
    hotwords: tuple[str, ...] = ()
    engine: str = ""
    """The engine to use; "": the usual one."""
    media: Path | None = None
    """The file of a library that the audio comes from, if the caller names one."""
    caller: str = field(default="", compare=False)
    """The name of the API key, for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioAnswer:
    """The answer to a question."""

    duration: float
    """Seconds of the audio."""
    spoken: Language | None = None
    """The language spoken; None if nobody speaks."""
    confidence: float = 0.0
    """The share of that language when it was detected, 0 to 1."""
    subtitle: Subtitle | None = None
    """The text, unless only the language was asked for, or nobody speaks."""
    scores: tuple[SegmentScores, ...] = ()
