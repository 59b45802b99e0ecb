"""Captions as PeerTube keeps them: WebVTT, with a mark by which ours is known again."""

from __future__ import annotations

import hashlib
import re

_MARK = re.compile(r"NOTE subtitled ([0-9a-f]{64})\n\n")
_HEADER = "WEBVTT\n\n"
_TIMES = re.compile(r"(\d{2,}:\d{2}:\d{2}),(\d{3}) --> (\d{2,}:\d{2}:\d{2}),(\d{3})[^\n]*")
_FONT = re.compile(r"</?font\b[^>]*>", re.IGNORECASE)
_PLACE = re.compile(r"\{\\an([1-9])\}")
_TOP = "789"
"""The places in the upper row, as on a numeric keypad."""
_SYNTAX = re.compile(r"</?[biu]>|[&<>]", re.IGNORECASE)
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def to_caption(content: str, suffix: str) -> str:
    """Return the caption to send for a sidecar.

    The mark says the hash of what follows it. PeerTube keeps WebVTT as it is sent, and converts
    SubRip, which would lose the mark.

    Args:
        content: The sidecar: SubRip or WebVTT.
        suffix: ``.srt`` or ``.vtt``.
    """
    text = content.removeprefix("\ufeff").replace("\r\n", "\n")
    if suffix == ".srt":
        body = _to_vtt(_FONT.sub("", text)).lstrip("\n")
    else:
        body = text.partition("\n\n")[2]
    return f"{_HEADER}NOTE subtitled {_digest(body)}\n\n{body}"


def _to_vtt(text: str) -> str:
    """Return the cues of a SubRip file as WebVTT, in which text may not look like syntax."""
    lines: list[str] = []
    times = -1
    for line in text.split("\n"):
        if (match := _TIMES.fullmatch(line)) is not None:
            times = len(lines)
            lines.append(match.expand(r"\1.\2 --> \3.\4"))
            continue
        if (place := _PLACE.search(line)) is not None:
            if place[1] in _TOP and times >= 0 and not lines[times].endswith(" line:0"):
                lines[times] += " line:0"
            line = _PLACE.sub("", line)
            if not line:
                continue  # An empty line would end the cue.
        lines.append(_SYNTAX.sub(lambda found: _ESCAPED.get(found[0], found[0].lower()), line))
    return "\n".join(lines)


def is_unchanged_ours(caption: str) -> bool:
    """Check whether a caption is one that was sent, and nobody changed it since."""
    text = caption.replace("\r\n", "\n")
    match = _MARK.match(text, len(_HEADER)) if text.startswith(_HEADER) else None
    return match is not None and _digest(text[match.end() :]) == match[1]


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
