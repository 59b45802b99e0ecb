"""Chapters as WebVTT and as ffmpeg's metadata."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import clock, vtt

_HEAD = ";FFMETADATA1"
_SPECIAL = re.compile(r"[=;#\\\n]")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a medium, in seconds, with a title in one line."""

    start: float
    end: float
    title: str


def write_vtt(chapters: Sequence[Chapter]) -> str:
    """A WebVTT file of ``kind="chapters"``."""
    return "WEBVTT\n\n" + "".join(
        f"{clock.shown(one.start, '.')} --> {clock.shown(one.end, '.')}\n"
        f"{vtt.escaped(one.title)}\n\n"
        for one in chapters
    )


def write_ffmetadata(chapters: Sequence[Chapter]) -> str:
    """What ``ffmpeg -i Film.mkv -i Film.ffmeta -map_chapters 1`` takes."""
    return f"{_HEAD}\n" + "".join(
        "[CHAPTER]\nTIMEBASE=1/1000\n"
        f"START={round(one.start * 1000)}\nEND={round(one.end * 1000)}\n"
        f"title={_SPECIAL.sub(lambda found: chr(92) + found[0], one.title)}\n"
        for one in chapters
    )
