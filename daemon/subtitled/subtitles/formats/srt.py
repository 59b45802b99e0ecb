"""SubRip, strictly: what we write is read back to the letter.

Not pysubs2's: its reader takes a last line that is a number for the next cue's, and its writer
drops what stands in braces.
"""

from __future__ import annotations

import re

from subtitled.plugin import Cue, Subtitle

from . import timestamps

_TIMES = re.compile(
    rf"{timestamps.TIMESTAMP_PATTERN}\s*-->\s*{timestamps.TIMESTAMP_PATTERN}(?:\s[^\n]*)?"
)


def write(subtitle: Subtitle) -> str:
    """The file's text."""
    return "".join(
        f"{number}\n{timestamps.format_timestamp(cue.start, ',')} --> {timestamps.format_timestamp(cue.end, ',')}\n{cue.text}\n\n"
        for number, cue in enumerate(subtitle.cues, 1)
    )


def read(text: str) -> tuple[Cue, ...]:
    """The cues of a file's text. What is before the first time line is ignored."""
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
        # The number of the next cue is the line just before its times.
        if number + 1 < len(time_lines) and body and body[-1].strip().isdecimal():
            body = body[:-1]
        cue_text = "\n".join(body).strip("\n ")
        cues.append(
            Cue(
                timestamps.parse_timestamp(match, 1), timestamps.parse_timestamp(match, 5), cue_text
            )
        )
    return tuple(cues)
