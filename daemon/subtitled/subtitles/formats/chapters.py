"""Chapters as WebVTT and as ffmpeg's metadata."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import timestamps, vtt

_HEADER = ";FFMETADATA1"
_SPECIAL = re.compile(r"[=;#\\\n]")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a media file, in seconds, with a title of one line."""

    start: float
    end: float
    title: str


def write_vtt(chapters: Sequence[Chapter]) -> str:
    """Render a WebVTT file of ``kind="chapters"``."""
    return "WEBVTT\n\n" + "".join(
        f"{timestamps.format_time_range(chapter.start, chapter.end, '.')}\n"
        f"{vtt.escape_text(chapter.title)}\n\n"
        for chapter in chapters
    )


def write_ffmetadata(chapters: Sequence[Chapter]) -> str:
    """Render a metadata file for ``ffmpeg -i Film.mkv -i Film.ffmeta -map_chapters 1``."""
    return f"{_HEADER}\n" + "".join(
        "[CHAPTER]\nTIMEBASE=1/1000\n"
        f"START={round(chapter.start * 1000)}\nEND={round(chapter.end * 1000)}\n"
        f"title={_SPECIAL.sub(lambda match: chr(92) + match[0], chapter.title)}\n"
        for chapter in chapters
    )
