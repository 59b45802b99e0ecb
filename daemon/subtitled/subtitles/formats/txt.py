"""Plain text for reading: one paragraph a line, split at long pauses."""

from __future__ import annotations

import math

from subtitled.plugin import Subtitle

from ..markup import strip_tags
from .text import unwrap_lines

LONG_PAUSE_SECONDS = 2.0
"""Shortest pause between two paragraphs."""


def representable(subtitle: Subtitle) -> tuple[str, ...]:
    """Return what the format can represent: the paragraphs."""
    paragraphs: list[list[str]] = []
    end = -math.inf
    for cue in subtitle.cues:
        if cue.start - end >= LONG_PAUSE_SECONDS:
            paragraphs.append([])
        paragraphs[-1].append(strip_tags(cue.text))
        end = cue.end
    return tuple(unwrap_lines(texts, subtitle.language) for texts in paragraphs)


def write(subtitle: Subtitle) -> str:
    """Render the file."""
    return "\n\n".join(representable(subtitle)) + ("\n" if subtitle.cues else "")


def read(text: str) -> tuple[str, ...]:
    """Read the paragraphs of a file."""
    return tuple(paragraph for paragraph in text.rstrip("\n").split("\n\n") if paragraph)
