"""Lines of times in SubRip and WebVTT, as careless tools and people write them.

Read are: blanks anywhere, missing hours or milliseconds, any number of digits, other signs before
the milliseconds, other arrows, invisible marks, the number of the cue on the same line, and text or
settings behind the times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..encodings.line_ends import unify_line_ends

MAX_TIMES_CHARS = 200
"""Characters of a line in which the times must stand."""
INVISIBLE = (
    "\0\ufeff\u200b\u200c\u200d\u2060\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e"
    "\u2066\u2067\u2068\u2069\u00ad\ufffe"
)
"""Marks without a shape, which editors leave before numbers and times."""
_BLANK = r"[ \t\u00a0]{0,4}"
_MARKS = re.compile(f"[{INVISIBLE}]")
_ARROW = rf"(?P<arrow>[-–—−=]{{1,4}}{_BLANK}(?:>{{1,2}}|&gt;)|[→➔⟶])"


def _time(prefix: str) -> str:
    return (
        rf"(?P<{prefix}_sign>[-−])?{_BLANK}(?:(?P<{prefix}_hours>\d{{1,4}}){_BLANK}[:：]{_BLANK})?"
        rf"(?P<{prefix}_minutes>\d{{1,3}}){_BLANK}[:：]{_BLANK}(?P<{prefix}_seconds>\d{{1,2}})"
        rf"(?:{_BLANK}[,.:;'´’，．：]{_BLANK}(?P<{prefix}_fraction>\d{{1,9}}))?"
    )


_TIMES = re.compile(
    rf"\[?(?:#?\d{{1,6}}[.:)]?[ \t]{{1,4}})??{_time('start')}{_BLANK}{_ARROW}{_BLANK}{_time('end')}"
)
_PERFECT = re.compile(
    r"(?P<start_hours>\d\d):(?P<start_minutes>\d\d):(?P<start_seconds>\d\d)[,.](?P<start_fraction>\d{3})"
    r" --> "
    r"(?P<end_hours>\d\d):(?P<end_minutes>\d\d):(?P<end_seconds>\d\d)[,.](?P<end_fraction>\d{3})"
)
"""What nearly every line of times is like."""
_WITHOUT_ARROW = re.compile(
    rf"(?:#?\d{{1,6}}[.:)]?[ \t]{{1,4}})??{_time('start')}{_BLANK}"
    rf"(?:[-–—−=~>,;|/]{{0,4}}|to){_BLANK}{_time('end')}[ \t]{{0,9}}"
)
_CLOCK = re.compile(r"\d:\d\d:\d\d")
_LONE_TIME = re.compile(rf"{_time('start')}{_BLANK}")
MIN_COLONS = 4
"""Colons in a line that has two times with hours."""
_ANY_ARROW = re.compile("[-–—−=][ \\t\u00a0]{0,4}>|gt;|[→➔⟶]")
_COORDINATE = re.compile(r"[XY][12]:-?\d{1,5}")
_SETTING = re.compile(r"(?:align|line|position|size|vertical|region|A|D|L|S|T):[^ ]{1,40}")
_NUMBER = re.compile(r"[#№]?[ \t]?\d{1,9}[.:)]?")


@dataclass(frozen=True, slots=True)
class TimeLine:
    """A line of times: digits of start and end, and what stands behind them."""

    start: tuple[int, str]
    """Whole seconds in milliseconds, and the digits of the fraction."""
    end: tuple[int, str]
    rest: str
    """Text behind the times. Settings of WebVTT and coordinates of SubRip are left out."""
    is_negative: bool = False

    def seconds(self, *, counts_ms: bool) -> tuple[float, float]:
        """Return start and end in seconds.

        Args:
            counts_ms: Whether a short fraction is a number of milliseconds, not a decimal.
        """
        start, end = (
            (whole + int(digits.zfill(3) if counts_ms else digits.ljust(3, "0")[:3])) / 1000
            for whole, digits in (self.start, self.end)
        )
        return (-start if self.is_negative else start), end


def parse_time_line(line: str) -> TimeLine | None:
    """Parse a line of times, or return None for any other line."""
    if ">" not in line and not _has_other_arrow(line):
        return _parse_without_arrow(line) if line.count(":") >= MIN_COLONS else None
    if line.isascii() and (match := _PERFECT.fullmatch(line)):
        hours, minutes, seconds, fraction, *end = match.groups()
        first = int(hours) * 3_600_000 + int(minutes) * 60_000 + int(seconds) * 1000
        last = int(end[0]) * 3_600_000 + int(end[1]) * 60_000 + int(end[2]) * 1000
        return TimeLine((first, fraction), (last, end[3]), "")
    head = visible_text(line[:MAX_TIMES_CHARS])
    match = _TIMES.match(head)
    if match is None:
        return _parse_without_arrow(line)
    rest = head[match.end() :] + line[MAX_TIMES_CHARS:]
    is_short = any(match[f"{t}_hours"] is match[f"{t}_fraction"] is None for t in ("start", "end"))
    if is_short and (rest.strip() or len(match["arrow"].rstrip("&gt;> ")) == 1):
        # "10:30 -> 11:45" is more likely words of a text.
        return None
    return TimeLine(
        _milliseconds(match, "start"),
        _milliseconds(match, "end"),
        _text_behind(rest),
        match["start_sign"] is not None,
    )


def _parse_without_arrow(line: str) -> TimeLine | None:
    """Parse two whole times that stand alone on a line, whatever is between them."""
    if len(line) > MAX_TIMES_CHARS:
        return None
    match = _WITHOUT_ARROW.fullmatch(visible_text(line))
    if match is None or not _is_whole_time(match, "start") or not _is_whole_time(match, "end"):
        return None
    return TimeLine(_milliseconds(match, "start"), _milliseconds(match, "end"), "")


def _is_whole_time(match: re.Match[str], prefix: str) -> bool:
    return match[f"{prefix}_hours"] is not None and match[f"{prefix}_fraction"] is not None


def _has_other_arrow(text: str) -> bool:
    """Check for an arrow without ``>``."""
    return "gt;" in text or "→" in text or "➔" in text or "⟶" in text


def has_arrow(text: str) -> bool:
    """Check whether a line of a text might be one of times."""
    if ">" in text:
        return _ANY_ARROW.search(text) is not None
    return _has_other_arrow(text)


def has_clock(text: str) -> bool:
    """Check for a time with hours, as in lines of times that lack their arrow."""
    return text.count(":") > 1 and _CLOCK.search(text) is not None


def is_broken_time_line(line: str) -> bool:
    """Check whether a line was meant to hold times, though they cannot be read."""
    if len(line) > MAX_TIMES_CHARS:
        return False
    if "->" not in line:
        if line.count(":") < 2:
            return False
        match = _LONE_TIME.fullmatch(visible_text(line))
        return match is not None and _is_whole_time(match, "start")
    if "-->" not in line and line.count(":") < 3:
        return False
    digits = sum(map(str.isdecimal, line))
    return digits >= 4 and sum(map(str.isalpha, line)) <= 4 and (":" in line or "," in line)


def is_number_line(line: str) -> bool:
    """Check whether a line can be the number of a cue."""
    if line.isascii() and line.isdecimal():
        return len(line) < 10
    return len(line) < 40 and _NUMBER.fullmatch(visible_text(line)) is not None


def visible_text(line: str) -> str:
    """Return the line without invisible marks and outer blanks."""
    plain = line.strip()
    if plain.isascii() and "\0" not in plain:
        return plain
    return _MARKS.sub("", plain).strip() if _MARKS.search(plain) else plain


def tidy_lines(text: str) -> str:
    """Return the lines of a text without blank ones, outer blanks and what has no meaning."""
    if "\0" in text or "\ufeff" in text:
        text = text.replace("\0", "").replace("\ufeff", "")
    return "\n".join(filter(None, map(str.strip, text.split("\n"))))


def counts_milliseconds(times: Iterable[TimeLine]) -> bool:
    """Decide for a whole file what a short fraction such as ``,5`` is.

    Half a second, unless the file has fractions of three digits too and none of them begins with a
    zero: then its tool writes milliseconds without leading zeros.
    """
    fractions = {digits for line in times for _, digits in (line.start, line.end) if digits}
    full = {digits for digits in fractions if len(digits) == 3}
    return len(full) < len(fractions) and (
        len(full) > 1
        and not any(digits.startswith("0") for digits in full)
        and any(digits.endswith("0") for digits in full)
    )


def split_file_lines(text: str) -> list[str]:
    """Split a file into lines at any line end, also at CR CR LF.

    A file in which such line ends have become a blank line after each line is restored.
    """
    lines = unify_line_ends(text).split("\n")
    if len(lines) > 7 and not any(lines[1::2]):
        return lines[::2]
    return lines


def _milliseconds(match: re.Match[str], prefix: str) -> tuple[int, str]:
    hours, minutes, seconds = (
        int(match[f"{prefix}_{unit}"] or 0) for unit in ("hours", "minutes", "seconds")
    )
    fraction = match[f"{prefix}_fraction"] or ""
    return (
        hours * 3_600_000 + minutes * 60_000 + seconds * 1000,
        fraction if fraction.isascii() else "".join(str(int(digit)) for digit in fraction),
    )


def _text_behind(rest: str) -> str:
    """Return the text behind the times, without settings and coordinates."""
    rest = rest.strip().removeprefix("]").strip()
    if not rest:
        return ""
    words = rest.split(" ")
    first = 0
    while first < len(words) and (
        not words[first] or _COORDINATE.fullmatch(words[first]) or _SETTING.fullmatch(words[first])
    ):
        first += 1
    return " ".join(words[first:]).strip()
