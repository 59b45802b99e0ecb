"""Plain text, to be read rather than watched: a paragraph a line, parted at long pauses."""

from __future__ import annotations

import math

from subtitled.plugin import Subtitle

from .text import unwrap_lines

LONG_PAUSE_SECONDS = 2.0
"""Seconds without a cue after which a new paragraph begins."""


def representable(subtitle: Subtitle) -> tuple[str, ...]:
    """The paragraphs."""
    paragraphs: list[list[str]] = []
    end = -math.inf
    for cue in subtitle.cues:
        if cue.start - end >= LONG_PAUSE_SECONDS:
            paragraphs.append([])
        paragraphs[-1].append(cue.text)
        end = cue.end
    return tuple(unwrap_lines(texts, subtitle.language) for texts in paragraphs)


def write(subtitle: Subtitle) -> str:
    """The file's text."""
    return "\n\n".join(representable(subtitle)) + ("\n" if subtitle.cues else "")


def read(text: str) -> tuple[str, ...]:
    """The paragraphs of a file's text."""
    return tuple(paragraph for paragraph in text.rstrip("\n").split("\n\n") if paragraph)
