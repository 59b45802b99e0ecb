"""Chapters as WebVTT and as ffmpeg's metadata: written and read back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from subtitled.plugin import Cue, Rejected

from . import clock, vtt

_HEAD = ";FFMETADATA1"
_SPECIAL = re.compile(r"[=;#\\\n]")
_LINE = re.compile(r"(?:\\.|[^\\\n])*", re.DOTALL)


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


def read_vtt(text: str) -> tuple[Chapter, ...]:
    """The chapters of a WebVTT file. Raises :class:`~subtitled.plugin.Rejected`."""
    return tuple(map(_chapter, vtt.read(text)))


def write_ffmetadata(chapters: Sequence[Chapter]) -> str:
    """What ``ffmpeg -i Film.mkv -i Film.ffmeta -map_chapters 1`` takes."""
    return f"{_HEAD}\n" + "".join(
        "[CHAPTER]\nTIMEBASE=1/1000\n"
        f"START={round(one.start * 1000)}\nEND={round(one.end * 1000)}\n"
        f"title={_SPECIAL.sub(lambda found: chr(92) + found[0], one.title)}\n"
        for one in chapters
    )


def read_ffmetadata(text: str) -> tuple[Chapter, ...]:
    """The chapters of ffmpeg's metadata; other sections are passed over. Raises
    :class:`~subtitled.plugin.Rejected`."""
    if not text.startswith(_HEAD):
        raise Rejected(f"no metadata of ffmpeg: it does not begin with {_HEAD}", "Look what it is")
    return tuple(_sections(text))


def _sections(text: str) -> Iterator[Chapter]:
    section: dict[str, str] | None = None
    # A backslash takes the meaning from the character behind it, even from the end of a line.
    for found in _LINE.finditer(text + "\n[END]"):
        line = found[0]
        if line.startswith("["):
            if section is not None:
                yield _of(section)
            section = {} if line.strip() == "[CHAPTER]" else None
        elif section is not None and line and line[0] not in ";#":
            key, _, value = line.partition("=")
            section[key] = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)


def _of(section: dict[str, str]) -> Chapter:
    try:
        over, under = map(int, section.get("TIMEBASE", "1/1000000000").split("/"))
        start, end = (int(section[key]) * over / under for key in ("START", "END"))
    except (KeyError, ValueError, ZeroDivisionError):
        raise Rejected("a chapter has no times that can be read", "Write the file anew") from None
    return Chapter(start, end, section.get("title", ""))


def _chapter(cue: Cue) -> Chapter:
    return Chapter(cue.start, cue.end, cue.text)
