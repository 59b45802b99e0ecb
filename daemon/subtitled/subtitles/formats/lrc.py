"""LRC, the lyrics format: a time in hundredths of a second and a line.

The format has no end times. A line is shown until the next one. After the last line, and before a
long pause, an empty line clears it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle

from .text import unwrap_lines

RESOLUTION_MS = 10
"""The format counts hundredths of a second."""
LONG_PAUSE_SECONDS = 2.0
"""Shortest pause before which a line is cleared."""
_LAST_LINE_SECONDS = 5.0
"""Seconds that the last line of a file is shown if the file does not clear it."""

HEADER_TAGS = ("[ti:", "[la:", "[ar:", "[al:")
"""Beginnings of a file without a line."""

_TIME = re.compile(r"\[(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_WORD_TIME = re.compile(r"<\d{1,4}:\d{1,2}(?:[.:]\d{1,3})?>")
_OFFSET = re.compile(r"\[offset:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE)
_LOOKALIKE = re.compile(r"([\[<])(?=\d{1,4}:\d)")
_FULL_WIDTH = {"[": "［", "<": "＜"}


def representable(subtitle: Subtitle) -> tuple[Cue, ...]:
    """Return what the format can represent: one line a cue, until the next one or a long pause.

    Times must be multiples of the resolution.

    Raises:
        InputRejectedError: Two cues overlap.
    """
    cues = [
        replace(cue, text=_to_single_line(cue.text, subtitle.language)) for cue in subtitle.cues
    ]
    if any(current.start >= following.start for current, following in pairwise(cues)):
        raise InputRejectedError(
            "an LRC file holds one line at a time", "Choose srt or vtt for this media file"
        )
    ends = [
        following.start if following.start - current.end < LONG_PAUSE_SECONDS else current.end
        for current, following in pairwise(cues)
    ]
    ends += [cue.end for cue in cues[-1:]]
    return tuple(replace(cue, end=end) for cue, end in zip(cues, ends, strict=True))


def write(subtitle: Subtitle) -> str:
    """Render the file."""
    lines = [f"[la:{subtitle.language}]"]
    if title := re.sub(r"[\[\]\s]+", " ", subtitle.title).strip():
        lines.insert(0, f"[ti:{title}]")
    cues = representable(subtitle)
    for cue, following in zip(cues, [*cues[1:], None], strict=False):
        lines.append(f"{_format_time(cue.start)}{cue.text}")
        if following is None or following.start != cue.end:
            lines.append(_format_time(cue.end))
    return "\n".join(lines) + "\n"


def is_lrc(text: str) -> bool:
    """Check whether a file is LRC: some line begins with a time in brackets."""
    return any(_TIME.match(line.lstrip()) for line in text.split("\n"))


def read(text: str) -> tuple[Cue, ...]:
    """Read the lines as cues, without word times. A line with several times is several cues."""
    match = _OFFSET.search(text)
    # A positive offset makes lines appear sooner.
    offset = -int(match[1]) if match else 0
    lines = sorted(_parse_lines(text.split("\n")), key=lambda line: line[0])
    cues = []
    for number, (start, text_line) in enumerate(lines):
        is_last = number + 1 == len(lines)
        end = start + round(_LAST_LINE_SECONDS * 1000) if is_last else lines[number + 1][0]
        if text_line:
            cues.append(Cue(max(0, start + offset) / 1000, max(0, end + offset) / 1000, text_line))
    return tuple(cues)


def _parse_lines(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield milliseconds and text of each line, in the order of the file."""
    for line in lines:
        line, times = line.strip(), []
        while match := _TIME.match(line):
            fraction = int((match[3] or "0").ljust(3, "0"))
            times.append(int(match[1]) * 60_000 + int(match[2]) * 1000 + fraction)
            line = line[match.end() :]
        for time in times:
            yield time, _WORD_TIME.sub("", line).strip()


def _to_single_line(text: str, language: Language) -> str:
    """Return the text as one line in which nothing looks like a time."""
    line = unwrap_lines([text], language)
    return _LOOKALIKE.sub(lambda match: _FULL_WIDTH[match[1]], line)


def _format_time(seconds: float) -> str:
    ticks = round(seconds * 1000 / RESOLUTION_MS)
    return f"[{ticks // 6000:02}:{ticks // 100 % 60:02}.{ticks % 100:02}]"
