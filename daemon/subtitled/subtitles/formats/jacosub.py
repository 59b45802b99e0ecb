"""JACOsub: two times with frames, directives for the layout, and a text with codes.

It follows the description by its author, and ffmpeg's demuxer and decoder.
"""

from __future__ import annotations

import re

from ..markup import normalise_markup
from .frames import TimedLine, make_result
from .result import DropLog, ReadResult
from .time_lines import split_file_lines

_CLOCK = r"(\d{1,2}):(\d\d):(\d\d)\.(\d\d)"
_EVENT = re.compile(rf"{_CLOCK}[ \t]{{1,8}}{_CLOCK}(?:[ \t]{{1,8}}(.*))?", re.DOTALL)
_FRAMES = re.compile(r"@(\d{1,9})[ \t]{1,8}@(\d{1,9})(?:[ \t]{1,8}(.*))?", re.DOTALL)
_SETTING = re.compile(
    r"#[ \t]{0,4}(T(?:IMERES)?|S(?:HIFT)?)[ \t]{1,8}([-+\d:.]{1,16})", re.IGNORECASE
)
_DIRECTIVE = re.compile(r"(?:\[[^\]\s]{0,20}\]|D|[CFGHJRV][A-Z0-9]{0,8})+")
_COMMENT = re.compile(r"\{[^{}]{0,300}\}")
_CODE = re.compile(r"\\(.)|~")
_STYLES = {"B": "<b>", "b": "</b>", "I": "<i>", "i": "</i>", "U": "<u>", "u": "</u>"}
DEFAULT_RATE = 30.0
"""Frames a second of a file that does not state them, as the format defines."""
MAX_CONTINUATIONS = 20
"""Most lines that continue an event."""
MIN_SHARE = 0.5


def is_jacosub(text: str) -> bool:
    """Check whether most lines near the beginning are events, or comments."""
    lines = [line.strip("\ufeff \t") for line in split_file_lines(text[:20_000])]
    lines = [line for line in lines if line and not line.startswith("#")][:200]
    events = sum(bool(_EVENT.match(line) or _FRAMES.match(line)) for line in lines)
    return events > MIN_SHARE * len(lines)


def read(text: str, frame_rate: float | None = None) -> ReadResult:
    """Read the events of a file, with the rate that it states."""
    dropped, rate, shift = DropLog(), _usual_rate(text), 0.0
    found: list[tuple[int, float, float, str]] = []
    raw_lines = enumerate(split_file_lines(text), 1)
    for number, raw in raw_lines:
        line = raw.strip("\ufeff \t")
        for _ in range(MAX_CONTINUATIONS if line.endswith("\\") else 0):
            following = next(raw_lines, None)
            if following is None:
                break
            line = line[:-1].rstrip() + " " + following[1].strip()
            if not line.endswith("\\"):
                break
        if setting := _SETTING.fullmatch(line):
            if setting[1].upper().startswith("T"):
                rate = _number(setting[2]) or rate
            else:
                shift = _seconds(setting[2], rate)
        elif match := _EVENT.fullmatch(line):
            start = _clock(match, 1, rate)
            found.append((number, start + shift, _clock(match, 5, rate) + shift, match[9] or ""))
        elif match := _FRAMES.fullmatch(line):
            start, end = int(match[1]) / rate, int(match[2]) / rate
            found.append((number, start + shift, end + shift, match[3] or ""))
        elif line and not line.startswith("#"):
            dropped.add("a line without times", number, line)
    # A first word of capitals is a directive if every event has one.
    firsts = [body.split(None, 1)[0] for *_, body in found if body.strip()]
    has_directives = bool(firsts) and all(
        _DIRECTIVE.fullmatch(first) or first.startswith("{") for first in firsts
    )
    lines = [
        TimedLine(number, max(0.0, start), max(0.0, end), _convert(body, has_directives))
        for number, start, end, body in found
    ]
    return make_result(lines, "jss", dropped)


def _usual_rate(text: str) -> float:
    """Return the frames a second of a file that does not state them.

    Numbers that are too large for frames are hundredths, as some programs write them.
    """
    events = filter(None, map(_EVENT.match, split_file_lines(text)))
    largest = max((int(match[place]) for match in events for place in (4, 8)), default=0)
    return DEFAULT_RATE if largest < DEFAULT_RATE else 100.0


def _convert(body: str, has_directives: bool) -> str:
    first, _, rest = body.partition(" ")
    if has_directives and _DIRECTIVE.fullmatch(first):
        body = rest
    return normalise_markup(_CODE.sub(_decode, _COMMENT.sub("", body))).strip()


def _decode(match: re.Match[str]) -> str:
    if match[0] == "~":
        return " "
    if match[1] == "n":
        return "\n"
    return _STYLES.get(match[1], "" if match[1].isalpha() else match[1])


def _clock(match: re.Match[str], first: int, rate: float) -> float:
    hours, minutes, seconds, frames = (int(match[first + n]) for n in range(4))
    return hours * 3600 + minutes * 60 + seconds + frames / rate


def _number(text: str) -> float:
    number = float(text) if text.replace(".", "", 1).isdecimal() else 0.0
    return number if 1 <= number <= 1000 else 0.0


def _seconds(text: str, rate: float) -> float:
    """Convert a shift such as ``-1:30.15``: the last number counts frames."""
    sign = -1.0 if text.startswith("-") else 1.0
    whole, _, frames = text.lstrip("+-").partition(".")
    seconds = 0.0
    for part in whole.split(":"):
        seconds = seconds * 60 + (int(part) if part.isdecimal() else 0)
    return sign * (seconds + (int(frames) / rate if frames.isdecimal() else 0.0))
