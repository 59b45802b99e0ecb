"""LRC, the lyrics format: a time and a line, in hundredths of a second.

The format has no end times. A line stands until the next one; where the pause is long, and after
the last line, an empty line takes it away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle

from .text import unwrap_lines

RESOLUTION_MS = 10
"""Milliseconds: the format counts hundredths of a second."""
LONG_PAUSE_SECONDS = 2.0
"""Seconds without a word after which a line is taken away."""
_LAST_LINE_SECONDS = 5.0
"""Seconds that the last line of other people's files stands, which rarely say."""

HEADER_TAGS = ("[ti:", "[la:", "[ar:", "[al:")
"""How a file without a line may begin."""

_TIME = re.compile(r"\[(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_WORD_TIME = re.compile(r"<\d{1,4}:\d{1,2}(?:[.:]\d{1,3})?>")
_OFFSET = re.compile(r"\[offset:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE)
_LOOKALIKE = re.compile(r"([\[<])(?=\d{1,4}:\d)")
_FULL_WIDTH = {"[": "［", "<": "＜"}


def representable(subtitle: Subtitle) -> tuple[Cue, ...]:
    """What the format can carry: one line a cue, which ends with the next one or a long pause.

    Times are whole ticks. Raises :class:`InputRejectedError` for two cues at once.
    """
    cues = [
        replace(cue, text=_to_single_line(cue.text, subtitle.language)) for cue in subtitle.cues
    ]
    if any(current.start >= following.start for current, following in pairwise(cues)):
        raise InputRejectedError(
            "an LRC file holds one line at a time", "Choose srt or vtt for this medium"
        )
    ends = [
        following.start if following.start - current.end < LONG_PAUSE_SECONDS else current.end
        for current, following in pairwise(cues)
    ]
    ends += [cue.end for cue in cues[-1:]]
    return tuple(replace(cue, end=end) for cue, end in zip(cues, ends, strict=True))


def write(subtitle: Subtitle) -> str:
    """The file's text."""
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
    """Whether a file is one: a line that begins with a time in brackets."""
    return any(_TIME.match(line.lstrip()) for line in text.split("\n"))


def read(text: str) -> tuple[Cue, ...]:
    """The lines as cues, without the times of words. A line with several times is sung as often."""
    match = _OFFSET.search(text)
    # A positive offset has the lines come sooner.
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
    """Milliseconds and the text of each line, in the order of the file."""
    for line in lines:
        line, times = line.strip(), []
        while match := _TIME.match(line):
            fraction = int((match[3] or "0").ljust(3, "0"))
            times.append(int(match[1]) * 60_000 + int(match[2]) * 1000 + fraction)
            line = line[match.end() :]
        for time in times:
            yield time, _WORD_TIME.sub("", line).strip()


def _to_single_line(text: str, language: Language) -> str:
    """One line, in which nothing looks like a time."""
    line = unwrap_lines([text], language)
    return _LOOKALIKE.sub(lambda match: _FULL_WIDTH[match[1]], line)


def _format_time(seconds: float) -> str:
    ticks = round(seconds * 1000 / RESOLUTION_MS)
    return f"[{ticks // 6000:02}:{ticks // 100 % 60:02}.{ticks % 100:02}]"
