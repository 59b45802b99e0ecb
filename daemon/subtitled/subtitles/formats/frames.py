"""Formats of one line a cue: MicroDVD (frames), MPL2 (tenths of a second), TMPlayer (seconds)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from subtitled.plugin import Cue, InputRejectedError

from ..markup import normalise_markup
from .result import DropLog, ReadResult
from .time_lines import split_file_lines, visible_text

_MICRODVD = re.compile(r"\{(-?\d{1,8})\}[ \t]{0,4}\{(\d{0,8})\}(.*)", re.DOTALL)
_MPL2 = re.compile(r"\[(\d{1,8})\][ \t]{0,4}\[(\d{0,8})\](.*)", re.DOTALL)
_TMPLAYER = re.compile(r"(\d{1,2}):(\d\d):(\d\d)(?:,(\d))?[:=|](?!\d)(.*)", re.DOTALL)
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
class _Line:
    number: int
    start: float
    end: float | None
    text: str


def find_reader(text: str) -> Callable[[str, float | None], ReadResult] | None:
    """Return the reader of the format in which most lines are, or None."""
    lines = [visible_text(line) for line in split_file_lines(text[:20_000])]
    lines = [line for line in lines if line][:MAX_SAMPLE_LINES]
    for pattern, reader in ((_MICRODVD, read_microdvd), (_MPL2, read_mpl2), (_TMPLAYER, read_tmp)):
        if lines and sum(map(bool, map(pattern.match, lines))) > MIN_SHARE * len(lines):
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
        _Line(
            number,
            int(match[1]) / frame_rate,
            int(match[2]) / frame_rate if match[2] else None,
            _convert_microdvd(match[3]),
        )
        for number, match in found
    ]
    return _result(lines, "sub", dropped)


def read_mpl2(text: str, frame_rate: float | None = None) -> ReadResult:
    """Read MPL2. A slash at the beginning of a line is italics."""
    dropped = DropLog()
    lines = [
        _Line(
            number,
            int(match[1]) / 10,
            int(match[2]) / 10 if match[2] else None,
            "\n".join(map(_convert_slash, match[3].split("|"))),
        )
        for number, match in _match_lines(text, _MPL2, dropped)
    ]
    return _result(lines, "mpl", dropped)


def read_tmp(text: str, frame_rate: float | None = None) -> ReadResult:
    """Read TMPlayer, which has no ends: a text stands until the next one."""
    dropped = DropLog()
    lines = []
    for number, match in _match_lines(text, _TMPLAYER, dropped):
        hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3])
        start = hours * 3600.0 + minutes * 60 + seconds
        lines.append(_Line(number, start, None, match[5].replace("|", "\n")))
    return _result(lines, "tmp", dropped)


def _match_lines(
    text: str, pattern: re.Pattern[str], dropped: DropLog
) -> Iterator[tuple[int, re.Match[str]]]:
    for number, line in enumerate(split_file_lines(text), 1):
        shown = visible_text(line)
        match = pattern.match(shown)
        if match is not None:
            yield number, match
        elif shown:
            dropped.add("a line without times", number, shown)


def _result(lines: Sequence[_Line], fmt: str, dropped: DropLog) -> ReadResult:
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
