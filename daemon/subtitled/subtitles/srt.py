"""SubRip, strictly: what we write is read back to the letter.

Not pysubs2's: its reader takes a last line that is a number for the next cue's, and its writer
drops what stands in braces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from subtitled.plugin import Cue

_TIMES = re.compile(
    r"(\d{1,3}):(\d\d):(\d\d)[,.](\d{1,3})\s*-->\s*(\d{1,3}):(\d\d):(\d\d)[,.](\d{1,3})[^\n]*"
)


def write(cues: Sequence[Cue]) -> str:
    """The file's text."""
    return "".join(
        f"{number}\n{_clock(cue.start)} --> {_clock(cue.end)}\n{cue.text}\n\n"
        for number, cue in enumerate(cues, 1)
    )


def read(text: str) -> tuple[Cue, ...]:
    """The cues of a file's text. What is before the first time line is ignored."""
    lines = text.split("\n")
    heads = [
        (at, found) for at, line in enumerate(lines) if (found := _TIMES.fullmatch(line.strip()))
    ]
    cues = []
    for number, (at, found) in enumerate(heads):
        last = heads[number + 1][0] if number + 1 < len(heads) else len(lines)
        body = lines[at + 1 : last]
        # The number of the next cue is the line before its times, after a blank one.
        if number + 1 < len(heads) and body and body[-1].strip().isdigit():
            body = body[:-1]
        cues.append(Cue(_seconds(found, 1), _seconds(found, 5), "\n".join(body).strip("\n ")))
    return tuple(cues)


def _clock(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


def _seconds(found: re.Match[str], first: int) -> float:
    hours, minutes, seconds = (int(found[first + n]) for n in range(3))
    return hours * 3600 + minutes * 60 + seconds + int(found[first + 3].ljust(3, "0")) / 1000
