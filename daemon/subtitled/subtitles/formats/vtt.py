"""WebVTT (W3C). Text is escaped, so that no cue can be mistaken for syntax."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from subtitled.plugin import Cue, InputRejectedError, Subtitle

from . import timestamps

_TIMES = re.compile(
    rf"{timestamps.TIMESTAMP_PATTERN}\s*-->\s*{timestamps.TIMESTAMP_PATTERN}(?:\s[^\n]*)?"
)
_TAG_PATTERN = re.compile(r"<[^>]*>")


def write(subtitle: Subtitle) -> str:
    """Render the file."""
    return "WEBVTT\n\n" + "".join(
        f"{timestamps.format_time_range(cue.start, cue.end, '.')}\n{escape_text(cue.text)}\n\n"
        for cue in subtitle.cues
    )


def escape_text(text: str) -> str:
    """Escape text for a cue."""
    return html.escape(text, quote=False)


def read(text: str) -> tuple[Cue, ...]:
    """Read the cues of a file, without tags. NOTE, STYLE and REGION blocks are ignored."""
    if not re.match(r"WEBVTT(?:[ \t\n]|$)", text):
        raise InputRejectedError(
            "no WebVTT file: its first line is not WEBVTT", "Look what the file is"
        )
    return tuple(_iter_cues(text.split("\n")))


def _iter_cues(lines: Sequence[str]) -> Iterator[Cue]:
    """Yield the cues as the standard defines them.

    A line of times begins a cue anywhere, and the next blank line, or the next line of times, ends
    it.
    """
    time_match: re.Match[str] | None = None
    body: list[str] = []
    for line in [*lines, ""]:
        times = _TIMES.fullmatch(line.strip()) if "-->" in line else None
        if time_match is not None and (times is not None or not line):
            text = html.unescape(_TAG_PATTERN.sub("", "\n".join(body)))
            yield Cue(
                timestamps.parse_timestamp(time_match, 1),
                timestamps.parse_timestamp(time_match, 5),
                text,
            )
            time_match = None
        if times is not None:
            time_match, body = times, []
        elif time_match is not None:
            body.append(line)
