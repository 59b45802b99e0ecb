"""Plain text, to be read rather than watched: a paragraph a line, parted at long pauses."""

from __future__ import annotations

import math

from subtitled.plugin import Subtitle

from .flow import flowing

LONG_PAUSE = 2.0
"""Seconds without a cue after which a new paragraph begins."""


def carried(subtitle: Subtitle) -> tuple[str, ...]:
    """The paragraphs."""
    paragraphs: list[list[str]] = []
    end = -math.inf
    for cue in subtitle.cues:
        if cue.start - end >= LONG_PAUSE:
            paragraphs.append([])
        paragraphs[-1].append(cue.text)
        end = cue.end
    return tuple(flowing(texts, subtitle.language) for texts in paragraphs)


def write(subtitle: Subtitle) -> str:
    """The file's text."""
    return "\n\n".join(carried(subtitle)) + ("\n" if subtitle.cues else "")


def read(text: str) -> tuple[str, ...]:
    """The paragraphs of a file's text."""
    return tuple(paragraph for paragraph in text.rstrip("\n").split("\n\n") if paragraph)
