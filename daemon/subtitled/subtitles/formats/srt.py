"""SubRip, strictly: what we write is read back to the letter.

Not pysubs2's: its reader takes a last line that is a number for the next cue's, and its writer
drops what stands in braces.
"""

from __future__ import annotations

import re

from subtitled.plugin import Cue, Subtitle

from . import clock

_TIMES = re.compile(rf"{clock.PATTERN}\s*-->\s*{clock.PATTERN}(?:\s[^\n]*)?")


def write(subtitle: Subtitle) -> str:
    """The file's text."""
    return "".join(
        f"{number}\n{clock.shown(cue.start, ',')} --> {clock.shown(cue.end, ',')}\n{cue.text}\n\n"
        for number, cue in enumerate(subtitle.cues, 1)
    )


def read(text: str) -> tuple[Cue, ...]:
    """The cues of a file's text. What is before the first time line is ignored."""
    lines = text.split("\n")
    heads = [
        (at, found)
        for at, line in enumerate(lines)
        if "-->" in line and (found := _TIMES.fullmatch(line.strip()))
    ]
    cues = []
    for number, (at, found) in enumerate(heads):
        last = heads[number + 1][0] if number + 1 < len(heads) else len(lines)
        body = lines[at + 1 : last]
        # The number of the next cue is the line just before its times.
        if number + 1 < len(heads) and body and body[-1].strip().isdecimal():
            body = body[:-1]
        said = "\n".join(body).strip("\n ")
        cues.append(Cue(clock.seconds(found, 1), clock.seconds(found, 5), said))
    return tuple(cues)
