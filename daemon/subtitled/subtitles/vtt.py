"""WebVTT (W3C): text is escaped, so that no cue can look like something else."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from subtitled.plugin import Cue

_CLOCK = r"(?:(\d{2,}):)?(\d\d):(\d\d)\.(\d{3})"
_TIMES = re.compile(rf"{_CLOCK}\s+-->\s+{_CLOCK}(?:\s[^\n]*)?")
_TAG = re.compile(r"<[^>\n]*>")


def write(cues: Sequence[Cue]) -> str:
    """The file's text."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(cue.start)} --> {_clock(cue.end)}\n{html.escape(cue.text, quote=False)}\n\n"
        for cue in cues
    )


def read(text: str) -> tuple[Cue, ...]:
    """The cues of a file's text, without tags; NOTE, STYLE and REGION blocks are passed over."""
    cues = []
    for block in re.split(r"\n{2,}", text.strip("\n")):
        lines = block.split("\n")
        at = next((n for n, line in enumerate(lines[:2]) if _TIMES.fullmatch(line.strip())), None)
        if at is None:
            continue
        found = _TIMES.fullmatch(lines[at].strip())
        assert found is not None
        body = _TAG.sub("", "\n".join(lines[at + 1 :]))
        cues.append(Cue(_seconds(found, 1), _seconds(found, 5), html.unescape(body)))
    return tuple(cues)


def _clock(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def _seconds(found: re.Match[str], first: int) -> float:
    hours = int(found[first] or 0)
    return (
        hours * 3600
        + int(found[first + 1]) * 60
        + int(found[first + 2])
        + int(found[first + 3]) / 1000
    )
