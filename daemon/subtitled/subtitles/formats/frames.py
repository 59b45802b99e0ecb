"""Formats of one line a cue, by what they count.

MicroDVD counts frames, MPL2 and PJS tenths of a second, TMPlayer and VPlayer seconds, and Spruce
seconds and frames.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from subtitled.plugin import Cue, InputRejectedError

from ..markup import normalise_markup
from .result import DropLog, ReadResult
from .time_lines import choose_frame_rate, split_file_lines, visible_text

_MICRODVD = re.compile(r"\{(-?\d{1,8})\}[ \t]{0,4}\{(\d{0,8})\}(.*)", re.DOTALL)
_MPL2 = re.compile(r"\[(\d{1,8})\][ \t]{0,4}\[(\d{0,8})\](.*)", re.DOTALL)
_TMPLAYER = re.compile(
    r"(\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,3})|,\d)?(?:[:=|](?!\d)|(?<=\.\d\d)[ \t](?!\d))(.*)",
    re.DOTALL,
)
_PJS = re.compile(
    r"(\d{1,8})[ \t]{0,8},[ \t]{0,8}(\d{1,8})[ \t]{0,8},[ \t]{0,8}\"(.*?)\"?", re.DOTALL
)
_TIMECODE = r"(\d\d):(\d\d):(\d\d)[:;](\d\d)"
_SPRUCE = re.compile(
    rf"{_TIMECODE}[ \t]{{0,4}},[ \t]{{0,4}}{_TIMECODE}[ \t]{{0,4}},(.*)", re.DOTALL
)
_SETTINGS = ("$", "//")
"""Beginnings of lines of Spruce that are no cue."""
_SPRUCE_CODE = re.compile(r"\^([BIU])")
_RATE = re.compile(r"\s{0,4}(\d{1,3}(?:[.,]\d{1,6})?)\s{0,4}")
_RATE_IN_WORDS = re.compile(r"(?<![\d.,])(\d{2,3}(?:[.,]\d{1,6})?)\s{0,2}fps", re.IGNORECASE)
"""As in ``movie info: XVID 608x256 25.0fps 699.0 MB``."""
_CONTROL = re.compile(r"\{([A-Za-z]):([^{}]{0,60})\}")
_STYLES = {"i": "i", "b": "b", "u": "u", "s": "s"}
MIN_SHARE = 0.5
"""Share of the lines that must have the form of a format."""
DEFAULT_SECONDS = 5.0
"""Longest time of a cue whose end the file does not say."""
MAX_SAMPLE_LINES = 200


@dataclass(frozen=True, slots=True)
class TimedLine:
    """A cue as its line has it."""

    number: int
    """The number of the line, from 1."""
    start: float
    end: float | None
    """None if the file does not say it."""
    text: str


def find_reader(text: str) -> Callable[[str, float | None], ReadResult] | None:
    """Return the reader of the format in which most lines are, or None."""
    lines = [visible_text(line) for line in split_file_lines(text[:20_000])]
    lines = [line for line in lines if line and not line.startswith(_SETTINGS)][:MAX_SAMPLE_LINES]
    for pattern, reader in _READERS:
        if lines and sum(map(bool, map(pattern.fullmatch, lines))) > MIN_SHARE * len(lines):
            return reader
    return None


def read_microdvd(text: str, frame_rate: float | None) -> ReadResult:
    """Read MicroDVD. The rate of its first line comes before that of the film.

    Raises:
        InputRejectedError: Neither the file nor the caller says how many frames a second there are.
    """
    dropped = DropLog()
    found = list(_match_lines(text, _MICRODVD, dropped))
    if found and int(found[0][1][1]) <= 1 and (rate := _parse_rate(found[0][1][3])) is not None:
        frame_rate = rate
        del found[0]
    if frame_rate is None or not 1 <= frame_rate <= 1000:
        raise InputRejectedError(
            "the subtitle file counts pictures and does not say how many a second there are",
            "Convert it to SubRip",
        )
    lines = [
        TimedLine(
            number,
            int(match[1]) / frame_rate,
            int(match[2]) / frame_rate if match[2] else None,
            _convert_microdvd(match[3]),
        )
        for number, match in found
    ]
    return make_result(lines, "sub", dropped)


def read_mpl2(text: str, frame_rate: float | None = None) -> ReadResult:
    """Read MPL2. A slash at the beginning of a line is italics."""
    dropped = DropLog()
    lines = [
        TimedLine(
            number,
            int(match[1]) / 10,
            int(match[2]) / 10 if match[2] else None,
            "\n".join(map(_convert_slash, match[3].split("|"))),
        )
        for number, match in _match_lines(text, _MPL2, dropped)
    ]
    return make_result(lines, "mpl", dropped)


def read_tmp(text: str, frame_rate: float | None = None) -> ReadResult:
    """Read TMPlayer, which has no ends: a text stands until the next one."""
    dropped = DropLog()
    lines = []
    for number, match in _match_lines(text, _TMPLAYER, dropped):
        hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3])
        part = float(f"0.{match[4] or 0}")
        start = hours * 3600.0 + minutes * 60 + seconds + part
        lines.append(TimedLine(number, start, None, match[5].replace("|", "\n")))
    return make_result(lines, "tmp", dropped)


def read_pjs(text: str, frame_rate: float | None = None) -> ReadResult:
    """Read PJS, which is MPL2 with commas, and its text in quotes."""
    dropped = DropLog()
    lines = [
        TimedLine(number, int(match[1]) / 10, int(match[2]) / 10, match[3].replace("|", "\n"))
        for number, match in _match_lines(text, _PJS, dropped)
    ]
    return make_result(lines, "pjs", dropped)


def read_spruce(text: str, frame_rate: float | None = None) -> ReadResult:
    """Read Spruce STL, whose times end in frames. Lines that begin with ``$`` or ``//`` are none.

    Raises:
        InputRejectedError: The numbers of its frames fit no rate.
    """
    dropped = DropLog()
    kept = "\n".join(
        "" if line.lstrip().startswith(_SETTINGS) else line for line in split_file_lines(text)
    )
    found = list(_match_lines(kept, _SPRUCE, dropped))
    counted = [int(match[place]) for _, match in found for place in (4, 8)]
    rate = choose_frame_rate(max(counted, default=0), frame_rate)
    if rate is None:
        raise InputRejectedError("its times are in no known unit", "Convert it to SubRip")
    lines = [
        TimedLine(
            number,
            _read_timecode(match, 1, rate),
            _read_timecode(match, 5, rate),
            _convert_spruce(match[9]),
        )
        for number, match in found
    ]
    return make_result(lines, "stl", dropped)


def _read_timecode(match: re.Match[str], first: int, rate: float) -> float:
    hours, minutes, seconds, frames = (int(match[first + place]) for place in range(4))
    return hours * 3600 + minutes * 60 + seconds + frames / rate


def _convert_spruce(text: str) -> str:
    """Turn ``^I``, which begins and ends italics, into tags."""
    is_open: dict[str, bool] = {}

    def toggle(match: re.Match[str]) -> str:
        name = match[1].lower()
        is_open[name] = not is_open.get(name, False)
        return f"<{'' if is_open[name] else '/'}{name}>"

    return _SPRUCE_CODE.sub(toggle, text).replace("|", "\n")


def _match_lines(
    text: str, pattern: re.Pattern[str], dropped: DropLog
) -> Iterator[tuple[int, re.Match[str]]]:
    for number, line in enumerate(split_file_lines(text), 1):
        shown = visible_text(line)
        match = pattern.fullmatch(shown)
        if match is not None:
            yield number, match
        elif shown:
            dropped.add("a line without times", number, shown)


def make_result(lines: Sequence[TimedLine], fmt: str, dropped: DropLog) -> ReadResult:
    """Return the cues in the order of their starts, each with an end."""
    ordered = sorted(lines, key=lambda line: line.start)
    starts = [line.start for line in ordered]
    later = [after if after > start else None for start, after in pairwise(starts)] + [None]
    cues = []
    for line, following in zip(ordered, later[: len(ordered)], strict=True):
        end = line.end
        if end is None:
            longest = line.start + DEFAULT_SECONDS
            end = longest if following is None else min(following, longest)
        text = "\n".join(part.strip() for part in normalise_markup(line.text).split("\n"))
        cues.append(Cue(round(line.start, 3), round(end, 3), text.strip()))
    return ReadResult(
        cues=tuple(cue for cue in cues if cue.text), format=fmt, dropped=tuple(dropped)
    )


def _parse_rate(text: str) -> float | None:
    match = _RATE.fullmatch(text) or _RATE_IN_WORDS.search(text[:200])
    rate = float(match[1].replace(",", ".")) if match else 0.0
    return rate if 1 <= rate <= 1000 else None


def _convert_microdvd(text: str) -> str:
    """Turn control codes into tags: ``{Y:i}`` is for the whole cue, ``{y:i}`` for one line."""
    whole: list[str] = []
    lines = []
    for line in text.split("|"):
        own: list[str] = []
        for match in _CONTROL.finditer(line):
            if match[1] in "yY":
                names = [_STYLES[c] for c in match[2].lower().split(",") if c in _STYLES]
                (whole if match[1] == "Y" else own).extend(names)
        line = _CONTROL.sub("", line)
        lines.append(_convert_slash(_wrap(line, own)))
    return _wrap("\n".join(lines), whole)


def _convert_slash(line: str) -> str:
    line = line.strip()
    return f"<i>{line[1:]}</i>" if line.startswith("/") and len(line) > 1 else line


def _wrap(text: str, names: Sequence[str]) -> str:
    opening = "".join(f"<{name}>" for name in names)
    return opening + text + "".join(f"</{name}>" for name in reversed(names))


_READERS = (
    (_MICRODVD, read_microdvd),
    (_MPL2, read_mpl2),
    (_PJS, read_pjs),
    (_SPRUCE, read_spruce),
    (_TMPLAYER, read_tmp),
)
"""The formats by the pattern of their lines."""
