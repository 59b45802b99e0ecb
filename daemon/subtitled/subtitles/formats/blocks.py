"""Old formats of blocks of lines: SubViewer 1, AQTitle (frames) and MPSub (waits and durations).

They follow ffmpeg's demuxers of these formats.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from subtitled.plugin import InputRejectedError

from .frames import TimedLine, make_result
from .result import DropLog, ReadResult
from .time_lines import split_file_lines, visible_text

_SUBVIEWER = re.compile(r"\[(\d{1,2}):(\d\d):(\d\d)\]")
_LYRICS = re.compile(r"\[\d{1,2}:\d\d:\d\d\][^\s].*")
_AQTITLE = re.compile(r"-->>[ \t]{0,4}(\d{1,9})")
_MPSUB = re.compile(r"(-?\d{1,6}(?:\.\d{1,6})?)[ \t]{1,8}(-?\d{1,6}(?:\.\d{1,6})?)")
_MPSUB_FORMAT = re.compile(
    r"FORMAT[ \t]{0,4}=[ \t]{0,4}(TIME|\d{1,3}(?:\.\d{1,4})?)", re.IGNORECASE
)
MIN_TIMES = 2
"""Fewest lines of times by which a format is recognised."""


def find_block_reader(text: str) -> Callable[[str, float | None], ReadResult] | None:
    """Return the reader of the format that the lines of times are in, or None."""
    lines = [visible_text(line) for line in split_file_lines(text[:20_000])]
    if sum(_AQTITLE.fullmatch(line) is not None for line in lines) >= MIN_TIMES:
        return read_aqtitle
    if any(map(_MPSUB_FORMAT.fullmatch, lines[:40])) and any(map(_MPSUB.fullmatch, lines)):
        return read_mpsub
    times = sum(_SUBVIEWER.fullmatch(line) is not None for line in lines)
    if times >= MIN_TIMES and not any(map(_LYRICS.fullmatch, lines)):
        return read_subviewer
    return None


def read_subviewer(text: str, frame_rate: float | None = None) -> ReadResult:
    """Read SubViewer 1: a time in brackets, a line of text, and a time alone where it ends."""
    dropped, delay = DropLog(), 0
    lines = [visible_text(line) for line in split_file_lines(text)]
    for line, following in pairwise(lines):
        if line.upper() == "[DELAY]" and following.lstrip("-").isdecimal() and len(following) < 7:
            delay = int(following)
    blocks: list[tuple[int, float, list[str]]] = []
    for number, line in enumerate(lines, 1):
        if match := _SUBVIEWER.fullmatch(line):
            clock = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
            blocks.append((number, max(0.0, clock + delay / 1000), []))
        elif line.upper() == "[END]" or line.startswith("****"):
            continue
        elif line and blocks:
            blocks[-1][2].append(line.replace("|", "\n").replace("[br]", "\n"))
    return make_result(_with_ends(blocks), "subviewer1", dropped)


def read_aqtitle(text: str, frame_rate: float | None) -> ReadResult:
    """Read AQTitle: the number of a frame, and lines of text; an empty block ends the one before.

    Raises:
        InputRejectedError: The caller does not say how many frames a second there are.
    """
    if frame_rate is None or not 1 <= frame_rate <= 1000:
        raise InputRejectedError(
            "the subtitle file counts pictures and does not say how many a second there are",
            "Convert it to SubRip",
        )
    dropped = DropLog()
    blocks: list[tuple[int, float, list[str]]] = []
    for number, raw in enumerate(split_file_lines(text), 1):
        line = visible_text(raw)
        if match := _AQTITLE.fullmatch(line):
            blocks.append((number, int(match[1]) / frame_rate, []))
        elif line and blocks:
            blocks[-1][2].append(line)
        elif line:
            dropped.add("text before the first times", number, line)
    return make_result(_with_ends(blocks), "aqt", dropped)


def read_mpsub(text: str, frame_rate: float | None = None) -> ReadResult:
    """Read MPSub: seconds, or frames of the rate that it states, of waiting and of showing."""
    dropped, at, unit = DropLog(), 0.0, 1.0
    blocks: list[tuple[int, float, float, list[str]]] = []
    for number, raw in enumerate(split_file_lines(text), 1):
        line = visible_text(raw)
        if stated := _MPSUB_FORMAT.fullmatch(line):
            rate = 0.0 if stated[1].upper() == "TIME" else float(stated[1])
            unit = 1 / rate if rate >= 1 else 1.0
        elif match := _MPSUB.fullmatch(line):
            start = at + float(match[1]) * unit
            at = start + float(match[2]) * unit
            blocks.append((number, max(0.0, start), max(0.0, at), []))
        elif line and blocks:
            blocks[-1][3].append(line)
    lines = [TimedLine(number, start, end, "\n".join(body)) for number, start, end, body in blocks]
    return make_result(lines, "mpsub", dropped)


def _with_ends(blocks: list[tuple[int, float, list[str]]]) -> list[TimedLine]:
    """Return the blocks that have a text. One without ends the block before."""
    lines = []
    for place, (number, start, body) in enumerate(blocks):
        following = blocks[place + 1] if place + 1 < len(blocks) else None
        ends = following is not None and not following[2] and following[1] > start
        if body:
            end = following[1] if ends and following is not None else None
            lines.append(TimedLine(number, start, end, "\n".join(body)))
    return lines
