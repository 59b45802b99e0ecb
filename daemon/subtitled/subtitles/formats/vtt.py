"""WebVTT (W3C). Text is escaped when it is written, so that no cue can be mistaken for syntax."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from subtitled.plugin import Cue, InputRejectedError, Subtitle

from ..colours import COLOURS
from ..markup import (
    MarkedText,
    Style,
    has_one_style,
    parse_markup,
    render_markup,
    render_runs,
    unescape,
)
from . import timestamps
from .regular import read_regular_cues
from .result import DropLog, ReadResult
from .time_lines import (
    TimeLine,
    counts_milliseconds,
    find_time_lines,
    split_file_lines,
    tidy_lines,
    visible_text,
)

_HEADER = re.compile(r"WEBVTT(?:[ \t\n]|$)")
_REGULAR_HEADER = re.compile(r"WEBVTT\n\n")
_LANGUAGE = re.compile(r"Language:\s{0,4}([A-Za-z0-9-]{2,35})\s{0,4}")
_BLOCKS = re.compile(r"(?:NOTE|STYLE|REGION|Region:|X-TIMESTAMP-MAP)(?:[ \t:=]|$)")
_CLASSES = {COLOURS[name]: name for name in "white lime cyan red yellow magenta blue black".split()}
"""The colours that are classes in every player, by their values."""
_TOP = (7, 8, 9)


def representable(subtitle: Subtitle) -> tuple[Cue, ...]:
    """Return what the format can represent: no struck-out text, eight colours, no position."""
    return tuple(
        replace(cue, text=render_markup(replace(_reduce(cue.text), position=0)))
        for cue in subtitle.cues
    )


def write(subtitle: Subtitle) -> str:
    """Render the file. A cue at the top of the picture gets the setting for it."""
    return "WEBVTT\n\n" + "".join(map(write_cue, subtitle.cues))


def escape_text(text: str) -> str:
    """Escape text for a cue, so that it has neither tags nor commands of ASS."""
    return html.escape(text, quote=False).replace("{\\", "&#123;\\")


def write_cue(cue: Cue) -> str:
    """Render one cue, with the blank line that ends it."""
    marked = _reduce(cue.text)
    setting = " line:0" if marked.position in _TOP else ""
    times = timestamps.format_time_range(cue.start, cue.end, ".")
    return f"{times}{setting}\n{render_runs(marked.runs, _tag, escape_text)}\n\n"


def _tag(name: str, colour: str, closes: bool) -> str:
    if name == "font":
        return "</c>" if closes else f"<c.{_CLASSES[colour]}>"
    return f"</{name}>" if closes else f"<{name}>"


def _reduce(text: str) -> MarkedText:
    """Return a text with only the styles that the format has."""
    marked = parse_markup(text)
    runs = tuple(
        (part, Style(bold, italic, underline, False, colour if colour in _CLASSES else ""))
        for part, (bold, italic, underline, _, colour) in marked.runs
    )
    return parse_markup(render_markup(replace(marked, runs=runs)))


def has_header(text: str) -> bool:
    """Check whether a file begins as WebVTT does, after blank lines and invisible marks."""
    return _HEADER.match(visible_text(text[:4096]) + "\n") is not None


def read(text: str, *, needs_header: bool = True) -> ReadResult:
    """Read the cues of a file. NOTE, STYLE and REGION blocks are no text.

    Raises:
        InputRejectedError: The file does not begin with WEBVTT, though it must.
    """
    if needs_header and not has_header(text):
        raise InputRejectedError(
            "no WebVTT file: its first line is not WEBVTT", "Look what the file is"
        )
    dropped = DropLog()
    regular = _REGULAR_HEADER.match(text)
    timed_texts = read_regular_cues(text[regular.end() :].rstrip("\n")) if regular else None
    if timed_texts is None:
        lines = split_file_lines(text)
        timed_texts = list(_read_blocks(lines, dropped))
        languages = _find_languages(lines)
    else:
        languages = ()
    cues, timed = [], 0
    for start, end, body in timed_texts:
        is_plain = "<" not in body and "{" not in body
        if "&" not in body and (is_plain or has_one_style(body)):
            cues.append(Cue(start, end, tidy_lines(body)))
            continue
        marked = parse_markup(body, convert=unescape)
        timed += marked.is_karaoke
        cues.append(Cue(start, end, tidy_lines(render_markup(marked))))
    return ReadResult(
        cues=tuple(cues),
        format="vtt",
        dropped=tuple(dropped),
        is_karaoke=3 * timed > len(cues) > 0,
        languages=languages,
    )


def _find_languages(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the language that the header states."""
    found = (_LANGUAGE.fullmatch(visible_text(line)) for line in lines[:20])
    return tuple(match[1] for match in found if match is not None)[:1]


def _read_blocks(lines: Sequence[str], dropped: DropLog) -> Iterator[tuple[float, float, str]]:
    """Yield start, end and text of each cue."""
    found = list(_iter_blocks(lines, dropped))
    counts_ms = counts_milliseconds(block.times for block in found)
    for block in found:
        start, end = block.times.seconds(counts_ms=counts_ms)
        yield start, end, "\n".join(filter(None, [block.times.rest, *block.body]))


class _Block(NamedTuple):
    """A cue: its times and the lines of its text."""

    times: TimeLine
    body: list[str]


def _iter_blocks(lines: Sequence[str], dropped: DropLog) -> Iterator[_Block]:
    """Yield the cues as the standard defines them, and report text outside.

    A line of times begins a cue anywhere. The next empty line, or line of times, ends it.
    """
    time_lines = find_time_lines(lines)
    done = 0
    for index, following in pairwise([*time_lines, len(lines)]):
        times = time_lines[index]
        if index - done > 1 or (index > done and lines[done]):
            _report_gap(lines, done, index, dropped, is_named=times is not None)
        done = index + 1
        while done < following and not _is_empty(lines[done]):
            done += 1
        if times is None:
            dropped.add("its times cannot be read", index + 1, lines[index])
        else:
            yield _Block(times, list(lines[index + 1 : done]))
    _report_gap([*lines, ""], done, len(lines) + 1, dropped)


def _is_empty(line: str) -> bool:
    return not line or not line.strip("\0\ufeff")


def _report_gap(
    lines: Sequence[str], first: int, last: int, dropped: DropLog, *, is_named: bool = False
) -> None:
    """Report the blocks of text between two cues.

    Args:
        lines: The file.
        first: The index of the first line behind a cue.
        last: The index of the next line of times.
        dropped: Where they are reported.
        is_named: Whether the line before ``last`` is the identifier of a cue. If not, what stands
            right before that line belongs to its broken times.
    """
    block: list[tuple[int, str]] = []
    for index in range(first, last):
        if not _is_empty(lines[index]):
            block.append((index + 1, lines[index]))
            continue
        _report_outside(block, dropped)
        block = []
    if is_named:
        _report_outside(block[:-1], dropped)


def _report_outside(block: Sequence[tuple[int, str]], dropped: DropLog) -> None:
    """Report a block of text that belongs to no cue, unless it is a comment or the header."""
    if not block or block[0][0] == 1 or _BLOCKS.match(visible_text(block[0][1])):
        return
    if visible_text(block[0][1]).startswith("WEBVTT"):
        return
    dropped.add("text outside cues", block[0][0], " ".join(line for _, line in block))
