"""WebVTT (W3C): text is escaped, so that no cue can look like something else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from subtitled.plugin import Cue, Rejected, Subtitle

from . import clock

_TIMES = re.compile(rf"{clock.PATTERN}\s*-->\s*{clock.PATTERN}(?:\s[^\n]*)?")
_TAG = re.compile(r"<[^>]*>")


def write(subtitle: Subtitle) -> str:
    """The file's text."""
    return "WEBVTT\n\n" + "".join(
        f"{clock.shown(cue.start, '.')} --> {clock.shown(cue.end, '.')}\n{escaped(cue.text)}\n\n"
        for cue in subtitle.cues
    )


def escaped(text: str) -> str:
    """Text as it stands in a cue."""
    return html.escape(text, quote=False)


def read(text: str) -> tuple[Cue, ...]:
    """The cues of a file's text, without tags; NOTE, STYLE and REGION blocks are passed over."""
    if not re.match(r"WEBVTT(?:[ \t\n]|$)", text):
        raise Rejected("no WebVTT file: its first line is not WEBVTT", "Look what the file is")
    return tuple(_cues(text.split("\n")))


def _cues(lines: Sequence[str]) -> Iterator[Cue]:
    """As the standard has it: a line of times begins a cue wherever it stands, and the next
    blank line, or the next such line, ends it."""
    found: re.Match[str] | None = None
    body: list[str] = []
    for line in [*lines, ""]:
        times = _TIMES.fullmatch(line.strip()) if "-->" in line else None
        if found is not None and (times is not None or not line):
            said = html.unescape(_TAG.sub("", "\n".join(body)))
            yield Cue(clock.seconds(found, 1), clock.seconds(found, 5), said)
            found = None
        if times is not None:
            found, body = times, []
        elif found is not None:
            body.append(line)
