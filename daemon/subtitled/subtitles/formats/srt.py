"""SubRip, with an exact round trip.

pysubs2 is not used: its reader takes a last line that is a number for that of the next cue, and its
writer drops text in braces.
"""

from __future__ import annotations

import re

from subtitled.plugin import Cue, Subtitle

from . import timestamps

_TIMES = re.compile(
    rf"{timestamps.TIMESTAMP_PATTERN}\s*-->\s*{timestamps.TIMESTAMP_PATTERN}(?:\s[^\n]*)?"
)


def write(subtitle: Subtitle) -> str:
    """Render the file."""
    return "".join(
        f"{number}\n{timestamps.format_time_range(cue.start, cue.end, ',')}\n{cue.text}\n\n"
        for number, cue in enumerate(subtitle.cues, 1)
    )


def read(text: str) -> tuple[Cue, ...]:
    """Read the cues of a file. Everything before the first time line is ignored."""
    lines = text.split("\n")
    time_lines = [
        (index, match)
        for index, line in enumerate(lines)
        if "-->" in line and (match := _TIMES.fullmatch(line.strip()))
    ]
    cues = []
    for number, (index, match) in enumerate(time_lines):
        last = time_lines[number + 1][0] if number + 1 < len(time_lines) else len(lines)
        body = lines[index + 1 : last]
        # The line before the times of the next cue is its number.
        if number + 1 < len(time_lines) and body and body[-1].strip().isdecimal():
            body = body[:-1]
        cue_text = "\n".join(body).strip("\n ")
        cues.append(
            Cue(
                timestamps.parse_timestamp(match, 1), timestamps.parse_timestamp(match, 5), cue_text
            )
        )
    return tuple(cues)
