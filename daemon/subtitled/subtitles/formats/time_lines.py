"""Lines of times in SubRip and WebVTT, as careless tools and people write them.

Read are: blanks anywhere, missing hours or milliseconds, any number of digits, other signs before
the milliseconds, other arrows, invisible marks, the number of the cue on the same line, and text or
settings behind the times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from ..encodings.line_ends import unify_line_ends

MAX_TIMES_CHARS = 200
"""Characters of a line in which the times must stand."""
INVISIBLE = (
    "\0\ufeff\u200b\u200c\u200d\u2060\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e"
    "\u2066\u2067\u2068\u2069\u00ad\ufffe"
)
"""Marks without a shape, which editors leave before numbers and times."""
_OTHER_ARROWS = ("gt;", "→", "➔", "⟶", "＞")
_BLANK = r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]{0,4}"
_HYPHENS = "‐‑‒–—―−=ー"
_MARKS = re.compile(f"[{INVISIBLE}]")
_ARROW = rf"(?P<arrow>(?:[-{_HYPHENS}]{_BLANK}){{1,4}}(?:[>＞]{{1,2}}|&gt;)|[→➔⟶])"


def _time(prefix: str) -> str:
    return (
        rf"(?P<{prefix}_sign>[-−])?{_BLANK}(?:(?P<{prefix}_hours>\d{{1,4}}){_BLANK}[:：]{_BLANK})?"
        rf"(?P<{prefix}_minutes>[-−]?\d{{1,3}}){_BLANK}[:：]{_BLANK}"
        rf"(?P<{prefix}_seconds>[-−]?\d{{1,2}})"
        rf"(?:{_BLANK}(?P<{prefix}_mark>[,.:;'´’，．：]){_BLANK}"
        rf"(?P<{prefix}_fraction>[-−]?\d{{1,9}}))?"
    )


_TIMES = re.compile(
    rf"\[?(?:#?\d{{1,6}}[.:)]?[ \t]{{1,4}})??{_time('start')}{_BLANK}{_ARROW}{_BLANK}{_time('end')}"
)
_PERFECT = re.compile(r"(\d\d:\d\d):(\d\d)[,.](\d{3}) --> (\d\d:\d\d):(\d\d)[,.](\d{3})")
"""What nearly every line of times is like."""
_WITHOUT_ARROW = re.compile(
    rf"(?:#?\d{{1,6}}[.:)]?[ \t]{{1,4}})??{_time('start')}{_BLANK}"
    rf"(?:[-~>＞,;|/{_HYPHENS}]{{0,4}}|to){_BLANK}{_time('end')}[ \t]{{0,9}}"
)
_LONE_TIME = re.compile(rf"{_time('start')}{_BLANK}")
MIN_COLONS = 4
"""Colons in a line that has two times with hours."""
_USUAL_RATES = (25.0, 30.0)
"""Frames a second of a file whose film does not say them."""
_COORDINATE = re.compile(r"[XY][12]:-?\d{1,5}")
_SETTING = re.compile(r"(?:[a-z]{2,12}|[ADLST]):[^ ]{1,40}")
"""A setting of WebVTT, of today or of its drafts. Players skip those that they do not know."""
_SPACED_SETTING = re.compile(r"\b(align|line|position|size|vertical|region):[ \t]{1,4}(?=[\w-])")
_NUMBER = re.compile(r"[#№]?[ \t]?\d{1,9}[.:)]?")


class TimeLine(NamedTuple):
    """A line of times: digits of start and end, and what stands behind them."""

    start: tuple[int, str]
    """Whole seconds in milliseconds, and the digits of the fraction."""
    end: tuple[int, str]
    rest: str
    """Text behind the times. Settings of WebVTT and coordinates of SubRip are left out."""
    is_negative: bool = False
    """Whether it begins before the film."""
    ends_negative: bool = False
    may_count_frames: bool = False
    """Whether two digits stand behind a colon, as in ``00:00:01:12``."""

    def seconds(self, *, counts_ms: bool, frame_rate: float | None = None) -> tuple[float, float]:
        """Return start and end in seconds.

        Args:
            counts_ms: Whether a short fraction is a number of milliseconds, not a decimal.
            frame_rate: Frames a second if the fractions are numbers of frames.
        """
        if frame_rate is not None:
            start, end = (
                round(whole / 1000 + int(digits) / frame_rate, 3)
                for whole, digits in (self.start, self.end)
            )
            return start, end
        start, end = _to_seconds(*self.start, counts_ms), _to_seconds(*self.end, counts_ms)
        return (-start if self.is_negative else start), (-end if self.ends_negative else end)


def _to_seconds(whole: int, digits: str, counts_ms: bool) -> float:
    if len(digits) == 3:
        return (whole + int(digits)) / 1000
    return (whole + int(digits.zfill(3) if counts_ms else digits.ljust(3, "0")[:3])) / 1000


class _Minutes(dict[str, int]):
    """Milliseconds by hours and minutes such as ``01:59``, each computed once."""

    def __missing__(self, clock: str) -> int:
        hours, _, minutes = clock.partition(":")
        self[clock] = milliseconds = int(hours) * 3_600_000 + int(minutes) * 60_000
        return milliseconds


MINUTES: Mapping[str, int] = _Minutes()
"""Milliseconds by digits of hours and two of minutes, such as ``01:59``."""


def find_time_lines(lines: Sequence[str]) -> dict[int, TimeLine | None]:
    """Return the times by the indexes of the lines that hold them, None where they are broken."""
    found: dict[int, TimeLine | None] = {}
    has_others = has_other_arrow("\n".join(lines))
    for index, line in enumerate(lines):
        if ">" in line or line.count(":") > 1 or (has_others and has_other_arrow(line)):
            times = parse_time_line(line)
            if times is not None or is_broken_time_line(line):
                found[index] = times
    return found


def parse_time_line(line: str) -> TimeLine | None:
    """Parse a line of times, or return None for any other line."""
    if ">" not in line and not has_other_arrow(line):
        return _parse_without_arrow(line) if line.count(":") >= MIN_COLONS else None
    if line.isascii() and (match := _PERFECT.fullmatch(line)):
        minute, second, fraction, end_minute, end_second, end_fraction = match.groups()
        start = MINUTES[minute] + int(second) * 1000
        end = MINUTES[end_minute] + int(end_second) * 1000
        return TimeLine((start, fraction), (end, end_fraction), "")
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
        _is_negative(match, "start"),
        _is_negative(match, "end"),
        _may_count_frames(match),
    )


def _is_negative(match: re.Match[str], prefix: str) -> bool:
    """Check for a sign before a time, or before any of its numbers as in ``00:00:-1,-500``."""
    parts = ("minutes", "seconds", "fraction")
    return match[f"{prefix}_sign"] is not None or any(
        (match[f"{prefix}_{part}"] or "").startswith(("-", "−")) for part in parts
    )


def _parse_without_arrow(line: str) -> TimeLine | None:
    """Parse two whole times that stand alone on a line, whatever is between them."""
    if len(line) > MAX_TIMES_CHARS:
        return None
    match = _WITHOUT_ARROW.fullmatch(visible_text(line))
    if match is None or not _is_whole_time(match, "start") or not _is_whole_time(match, "end"):
        return None
    return TimeLine(
        _milliseconds(match, "start"),
        _milliseconds(match, "end"),
        "",
        may_count_frames=_may_count_frames(match),
    )


def _may_count_frames(match: re.Match[str]) -> bool:
    """Check for two digits behind a colon or semicolon in both times, which have hours."""
    return all(
        match[f"{time}_hours"] is not None
        and match[f"{time}_mark"] in (":", ";")
        and len(match[f"{time}_fraction"]) == 2
        and match[f"{time}_fraction"].isdecimal()
        for time in ("start", "end")
    )


def _is_whole_time(match: re.Match[str], prefix: str) -> bool:
    return match[f"{prefix}_hours"] is not None and match[f"{prefix}_fraction"] is not None


def has_other_arrow(text: str) -> bool:
    """Check for an arrow without ``>``."""
    return any(arrow in text for arrow in _OTHER_ARROWS)


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
    if "\n" not in text:
        return text.strip()
    return "\n".join(filter(None, map(str.strip, text.split("\n"))))


def counts_milliseconds(times: Iterable[TimeLine]) -> bool:
    """Decide for a whole file what a short fraction such as ``,5`` is.

    Half a second, unless the file has fractions of three digits too and none of them begins with a
    zero: then its tool writes milliseconds without leading zeros.
    """
    starts_and_ends = [(line.start[1], line.end[1]) for line in times]
    fractions = set(chain.from_iterable(starts_and_ends)) - {""}
    full = {digits for digits in fractions if len(digits) == 3}
    return len(full) < len(fractions) and (
        len(full) > 1
        and not any(digits.startswith("0") for digits in full)
        and any(digits.endswith("0") for digits in full)
    )


def find_frame_rate(times: Iterable[TimeLine], film_rate: float | None) -> float | None:
    """Return how many frames a second the times of a whole file count, or None if they do not.

    They do if all of them end in two digits behind a colon that are never too large for frames.

    Args:
        times: All times of the file.
        film_rate: Frames a second of the film, if they are known.
    """
    lines = list(times)
    if not lines or not all(line.may_count_frames for line in lines):
        return None
    largest = max(int(digits) for line in lines for _, digits in (line.start, line.end))
    return choose_frame_rate(largest, film_rate)


def choose_frame_rate(largest: int, film_rate: float | None) -> float | None:
    """Return the frame rate of times in which the largest number of a frame is given.

    Args:
        largest: The largest number of a frame within its second.
        film_rate: Frames a second of the film, if they are known.

    Returns:
        That of the film unless the number does not fit. Times of a film of 50 or 60 pictures count
        pairs of them. None if it fits no rate.
    """
    if film_rate and 1 <= film_rate <= 1000:
        rate = film_rate / 2 if film_rate > 40 and largest < round(film_rate / 2) else film_rate
        if largest < round(rate):
            return rate
    return next((rate for rate in _USUAL_RATES if largest < rate), None)


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
        int((match[f"{prefix}_{unit}"] or "0").lstrip("-−"))
        for unit in ("hours", "minutes", "seconds")
    )
    fraction = (match[f"{prefix}_fraction"] or "").lstrip("-−")
    return (
        hours * 3_600_000 + minutes * 60_000 + seconds * 1000,
        fraction if fraction.isascii() else "".join(str(int(digit)) for digit in fraction),
    )


def _text_behind(rest: str) -> str:
    """Return the text behind the times, without settings and coordinates."""
    rest = rest.strip().removeprefix("]").strip()
    if not rest:
        return ""
    words = _SPACED_SETTING.sub(r"\1:", rest).split(" ")
    first = 0
    while first < len(words) and (
        not words[first] or _COORDINATE.fullmatch(words[first]) or _SETTING.fullmatch(words[first])
    ):
        first += 1
    return " ".join(words[first:]).strip()
