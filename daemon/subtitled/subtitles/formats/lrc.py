"""LRC, the lyrics format: a time and a line, in hundredths of a second.

The format has no end times. A line stands until the next one; where the pause is long, and after
the last line, an empty line takes it away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from subtitled.plugin import Cue, Language, Rejected, Subtitle

from .flow import flowing

TICK = 10
"""Milliseconds: the format counts hundredths of a second."""
LONG_PAUSE = 2.0
"""Seconds without a word after which a line is taken away."""
_UNENDED = 5.0
"""Seconds that the last line of other people's files stands, which rarely say."""

TAGS = ("[ti:", "[la:", "[ar:", "[al:")
"""How a file without a line may begin."""

_TIME = re.compile(r"\[(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_WORD_TIME = re.compile(r"<\d{1,4}:\d{1,2}(?:[.:]\d{1,3})?>")
_OFFSET = re.compile(r"\[offset:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE)
_LOOKALIKE = re.compile(r"([\[<])(?=\d{1,4}:\d)")
_FULL_WIDTH = {"[": "［", "<": "＜"}


def carried(subtitle: Subtitle) -> tuple[Cue, ...]:
    """What the format can carry: one line a cue, which ends with the next one or a long pause.

    Times are whole ticks. Raises :class:`Rejected` for two cues at once.
    """
    cues = [replace(cue, text=_line(cue.text, subtitle.language)) for cue in subtitle.cues]
    if any(one.start >= after.start for one, after in pairwise(cues)):
        raise Rejected("an LRC file holds one line at a time", "Choose srt or vtt for this medium")
    ends = [
        after.start if after.start - one.end < LONG_PAUSE else one.end
        for one, after in pairwise(cues)
    ]
    ends += [cue.end for cue in cues[-1:]]
    return tuple(replace(cue, end=end) for cue, end in zip(cues, ends, strict=True))


def write(subtitle: Subtitle) -> str:
    """The file's text."""
    lines = [f"[la:{subtitle.language}]"]
    if title := re.sub(r"[\[\]\s]+", " ", subtitle.title).strip():
        lines.insert(0, f"[ti:{title}]")
    cues = carried(subtitle)
    for cue, after in zip(cues, [*cues[1:], None], strict=False):
        lines.append(f"{_shown(cue.start)}{cue.text}")
        if after is None or after.start != cue.end:
            lines.append(_shown(cue.end))
    return "\n".join(lines) + "\n"


def looks_like(text: str) -> bool:
    """Whether a file is one: a line that begins with a time in brackets."""
    return any(_TIME.match(line.lstrip()) for line in text.split("\n"))


def read(text: str) -> tuple[Cue, ...]:
    """The lines as cues, without the times of words. A line with several times is sung as often."""
    found = _OFFSET.search(text)
    # A positive offset has the lines come sooner.
    offset = -int(found[1]) if found else 0
    lines = sorted(_lines(text.split("\n")), key=lambda line: line[0])
    cues = []
    for number, (start, said) in enumerate(lines):
        last = number + 1 == len(lines)
        end = start + round(_UNENDED * 1000) if last else lines[number + 1][0]
        if said:
            cues.append(Cue(max(0, start + offset) / 1000, max(0, end + offset) / 1000, said))
    return tuple(cues)


def _lines(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Milliseconds and the text of each line, in the order of the file."""
    for line in lines:
        line, times = line.strip(), []
        while found := _TIME.match(line):
            fraction = int((found[3] or "0").ljust(3, "0"))
            times.append(int(found[1]) * 60_000 + int(found[2]) * 1000 + fraction)
            line = line[found.end() :]
        for time in times:
            yield time, _WORD_TIME.sub("", line).strip()


def _line(text: str, language: Language) -> str:
    """One line, in which nothing looks like a time."""
    line = flowing([text], language)
    return _LOOKALIKE.sub(lambda found: _FULL_WIDTH[found[1]], line)


def _shown(seconds: float) -> str:
    ticks = round(seconds * 1000 / TICK)
    return f"[{ticks // 6000:02}:{ticks // 100 % 60:02}.{ticks % 100:02}]"
