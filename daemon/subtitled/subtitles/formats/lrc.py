"""LRC, the lyrics format: a time in hundredths of a second and a line.

The format has no end times. A line is shown until the next one. After the last line, and before a
long pause, an empty line clears it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle

from ..markup import normalise_markup, strip_tags
from .result import DropLog, ReadResult
from .text import unwrap_lines
from .time_lines import split_file_lines

RESOLUTION_MS = 10
"""The format counts hundredths of a second."""
LONG_PAUSE_SECONDS = 2.0
"""Shortest pause before which a line is cleared."""
_LAST_LINE_SECONDS = 5.0
"""Seconds that the last line of a file is shown if the file does not clear it."""

MAX_REPEATS = 100
"""Most times of one line."""
HEADER_TAGS = ("[ti:", "[la:", "[ar:", "[al:")
"""Beginnings of a file without a line."""

_TIME = re.compile(r"\[(?:\d{1,3}:\d\d:\d\d\.\d{1,3}|\d{1,4}:\d{1,2}(?:[.:]\d{1,3})?)\]")
_WORD_TIME = re.compile(r"<\d{1,4}:\d{1,2}(?:[.:]\d{1,3})?>")
_OFFSET = re.compile(r"\[offset:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE)
_SPACES = re.compile(r"[ \t]{2,}")
_LANGUAGE = re.compile(r"\[la:\s{0,4}([A-Za-z0-9-]{2,35})\s{0,4}\]", re.IGNORECASE)
_TAG = re.compile(r"\[[A-Za-z#]{1,12}:[^\[\]]{0,500}\]")
"""Data about the song."""
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


def read(text: str) -> ReadResult:
    """Read the lines as cues, without word times. A line with several times is several cues.

    A time behind the last word of a line is its end.
    """
    match = _OFFSET.search(text)
    # A positive offset makes lines appear sooner.
    offset = -int(match[1]) if match else 0
    dropped = DropLog()
    found = list(_parse_lines(split_file_lines(text), dropped))
    lines = sorted(found, key=lambda line: line.start)
    cues = []
    for line, following in zip(lines, [*lines[1:], None], strict=False):
        latest = line.start + round(_LAST_LINE_SECONDS * 1000)
        end = latest if following is None else following.start
        if line.end is not None and line.start < line.end:
            end = line.end if following is None else min(end, line.end)
        if line.text:
            start, finish = (max(0, time + offset) / 1000 for time in (line.start, end))
            cues.append(Cue(start, finish, line.text))
    language = _LANGUAGE.search(text[:20_000])
    return ReadResult(
        cues=tuple(cues),
        format="lrc",
        dropped=tuple(dropped),
        is_karaoke=2 * sum(line.has_word_times for line in lines) > len(lines) > 0,
        languages=(language[1],) if language else (),
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a song at one of its times, in milliseconds."""

    start: int
    text: str
    end: int | None
    has_word_times: bool


def _parse_lines(lines: Iterable[str], dropped: DropLog) -> Iterator[_Line]:
    """Yield the lines of the file in its order, once for each of their times."""
    for number, raw in enumerate(lines, 1):
        line, place = raw.strip("\0\ufeff \t"), 0
        times: list[int] = []
        while len(times) < MAX_REPEATS and (match := _TIME.match(line, place)):
            times.append(_milliseconds(match[0][1:-1]))
            place = match.end()
        if not times:
            if line and not _TAG.match(line):
                dropped.add("a line without a time", number, line)
            continue
        words = list(_WORD_TIME.finditer(line, place))
        end = None
        if words and words[-1].end() == len(line.rstrip()) and len(words) > 1:
            end = _milliseconds(words[-1][0][1:-1])
        text = _SPACES.sub(" ", normalise_markup(_WORD_TIME.sub("", line[place:]))).strip()
        for time in times:
            own_end = None if end is None else end + time - times[0]
            yield _Line(time, text, own_end, bool(words))


def _milliseconds(text: str) -> int:
    """Convert a time such as ``01:02.5``, or ``00:01:02.5`` with hours."""
    hours, clock = ("0", text) if text.count(":") < 2 or "." not in text else text.split(":", 1)
    minutes, seconds, *fraction = re.split(r"[:.]", clock)
    whole = int(hours) * 3_600_000 + int(minutes) * 60_000 + int(seconds) * 1000
    return whole + int("".join(fraction).ljust(3, "0"))


def _to_single_line(text: str, language: Language) -> str:
    """Return the text as one line in which nothing looks like a time."""
    line = _SPACES.sub(" ", unwrap_lines([strip_tags(text)], language)).strip()
    return _LOOKALIKE.sub(lambda match: _FULL_WIDTH[match[1]], line)


def _format_time(seconds: float) -> str:
    ticks = round(seconds * 1000 / RESOLUTION_MS)
    return f"[{ticks // 6000:02}:{ticks // 100 % 60:02}.{ticks % 100:02}]"
