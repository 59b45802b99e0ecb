"""A subtitle that is exported, as it was read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from subtitled.plugin import Subtitle, Word
from subtitled.subtitles.encodings import decode_text
from subtitled.subtitles.formats import whisper_json

DocumentFormat = Literal["docx", "txt"]
"""Formats of transcripts for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedText:
    """A subtitle that is exported, with the file that it was read from.

    Attributes:
        file: The file.
        data: Its content.
        subtitle: Its cues, and its words if the file has any.
        media: The media file; None if it is unknown.
    """

    file: Path
    data: bytes
    subtitle: Subtitle
    media: Path | None


def read_words(data: bytes, suffix: str) -> tuple[Word, ...]:
    """Return the words of a JSON file as Whisper writes it; none of any other file."""
    return whisper_json.read(decode_text(data))[1] if suffix.lower() == "json" else ()
