"""What the times of a subtitle are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Language, TimeSpan, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSpeech:
    """What is known of the speech of a media file."""

    speech: Sequence[TimeSpan]
    """Its spans, in order, as voice activity detection gives them."""
    faint: Sequence[TimeSpan] = ()
    """The faint parts of the spans."""
    words: Sequence[Word] = ()
    """The words of a transcript in the language of the subtitle; empty if there is none."""
    language: Language | None = None
    """Their language."""
