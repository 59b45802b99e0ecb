"""WebVTT (W3C). Text is escaped when it is written, so that no cue can be mistaken for syntax."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from subtitled.plugin import Cue, InputRejectedError, Subtitle

from ..colours import COLOURS
from ..markup import MarkedText, Style, parse_markup, render_markup, render_runs, unescape
from . import timestamps
from .result import DropLog, ReadResult
from .time_lines import (
    TimeLine,
    counts_milliseconds,
    is_broken_time_line,
    parse_time_line,
    split_file_lines,
    tidy_lines,
    visible_text,
)

_HEADER = re.compile(r"WEBVTT(?:[ \t\n]|$)")
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
    return "WEBVTT\n\n" + "".join(map(_render_cue, subtitle.cues))


def escape_text(text: str) -> str:
    """Escape text for a cue, so that it has neither tags nor commands of ASS."""
    return html.escape(text, quote=False).replace("{\\", "&#123;\\")


def _render_cue(cue: Cue) -> str:
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
    lines = split_file_lines(text)
    dropped = DropLog()
    found = list(_iter_blocks(lines, dropped))
    counts_ms = counts_milliseconds(block.times for block in found)
    cues, timed = [], 0
    for block in found:
        body = "\n".join(filter(None, [block.times.rest, *block.body]))
        start, end = block.times.seconds(counts_ms=counts_ms)
        if "<" not in body and "{" not in body and "&" not in body:
            cues.append(Cue(start, end, tidy_lines(body)))
            continue
        marked = parse_markup(body, convert=unescape)
        timed += marked.is_karaoke
        cues.append(Cue(start, end, tidy_lines(render_markup(marked))))
    languages = tuple(
        match[1]
        for line in lines[:20]
        if (match := _LANGUAGE.fullmatch(visible_text(line))) is not None
    )
    return ReadResult(
        cues=tuple(cues),
        format="vtt",
        dropped=tuple(dropped),
        is_karaoke=3 * timed > len(cues) > 0,
        languages=languages[:1],
    )


@dataclass(slots=True)
class _Block:
    """A cue: its times and the lines of its text."""

    times: TimeLine
    body: list[str] = field(default_factory=list)


def _iter_blocks(lines: Sequence[str], dropped: DropLog) -> Iterator[_Block]:
    """Yield the cues as the standard defines them, and report text outside.

    A line of times begins a cue anywhere. The next empty line, or line of times, ends it.
    """
    block: _Block | None = None
    outside: list[tuple[int, str]] = []
    is_broken = False
    for number, line in enumerate([*lines, ""], 1):
        times = parse_time_line(line)
        if times is not None or not line.strip("\0\ufeff"):
            if block is not None:
                yield block
            # The line before the times is the identifier of the cue.
            _report_outside(outside[:-1] if times is not None else outside, dropped)
            block, outside, is_broken = None if times is None else _Block(times), [], False
        elif is_broken_time_line(line):
            if block is not None:
                yield block
            dropped.add("its times cannot be read", number, line)
            block, outside, is_broken = None, [], True
        elif block is not None:
            block.body.append(line)
        elif not is_broken:
            outside.append((number, line))


def _report_outside(block: Sequence[tuple[int, str]], dropped: DropLog) -> None:
    """Report a block of text that belongs to no cue, unless it is a comment or the header."""
    if not block or block[0][0] == 1 or _BLOCKS.match(visible_text(block[0][1])):
        return
    if visible_text(block[0][1]).startswith("WEBVTT"):
        return
    dropped.add("text outside cues", block[0][0], " ".join(line for _, line in block))
