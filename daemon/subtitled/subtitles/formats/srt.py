"""SubRip: an exact writer, and a reader of what players read.

pysubs2 is not used: its reader takes a last line that is a number for that of the next cue, and its
writer drops text in braces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Cue, Subtitle

from ..markup import has_one_style, is_drawing, parse_markup, render_markup
from . import timestamps
from .glued_lines import cut_web_page, split_glued_times
from .regular import is_tidy, read_regular_cues
from .result import DropLog, ReadResult
from .time_lines import (
    TimeLine,
    counts_milliseconds,
    find_frame_rate,
    find_time_lines,
    is_number_line,
    split_file_lines,
    tidy_lines,
    visible_text,
)


def write(subtitle: Subtitle) -> str:
    """Render the file."""
    return "".join(
        f"{number}\n{timestamps.format_time_range(cue.start, cue.end, ',')}\n{cue.text}\n\n"
        for number, cue in enumerate(subtitle.cues, 1)
    )


def read(text: str, frame_rate: float | None = None) -> ReadResult:
    """Read the cues of a file in its order. Text before the first times belongs to none.

    Args:
        text: The file.
        frame_rate: Frames a second of the film, for times that end in frames.
    """
    text, page = cut_web_page(text)
    regular = None if page else _read_regular(text)
    if regular is not None:
        return ReadResult(cues=tuple(regular), format="srt")
    lines = split_glued_times(split_file_lines(text))
    blocks = _find_blocks(lines)
    is_numbered = _is_numbered(blocks)
    times = [block.times for block in blocks if block.times is not None]
    counts_ms, counted_rate = counts_milliseconds(times), find_frame_rate(times, frame_rate)
    dropped = DropLog()
    if page:
        dropped.add("a web page behind the last cue", len(lines) + 1, page)
    if blocks:
        _report_head(lines[: blocks[0].line], blocks[0].line if blocks[0].number else 0, dropped)
    cues: list[Cue] = []
    for place, block in enumerate(blocks):
        body = _body(block, blocks[place + 1 : place + 2], is_numbered)
        if block.times is None:
            sample = " ".join([lines[block.line], *body])
            dropped.add("its times cannot be read", block.line + 1, sample)
            continue
        text = "\n".join([block.times.rest, *body] if block.times.rest else body)
        # SubViewer has the same shape, and writes the ends of lines so.
        text = text.replace("[br]", "\n")
        start, end = block.times.seconds(counts_ms=counts_ms, frame_rate=counted_rate)
        if "<" not in text and "{" not in text and not text.startswith("m "):
            cues.append(Cue(start, end, tidy_lines(text)))
            continue
        marked = parse_markup(text)
        if marked.has_drawing or is_drawing(marked.plain):
            dropped.add("a drawing", block.line + 1, marked.plain)
            if is_drawing(marked.plain) or not marked.plain.strip():
                continue
        cues.append(Cue(start, end, tidy_lines(render_markup(marked))))
    return ReadResult(cues=tuple(cues), format="srt", dropped=tuple(dropped))


def _read_regular(text: str) -> list[Cue] | None:
    """Read a file that is as it should be; None for any other."""
    text = text.strip("\ufeff\n")
    found = read_regular_cues(text)
    if found is None:
        return None
    has_tidy_lines = is_tidy(text)
    cues = []
    for start, end, body in found:
        is_ready = has_tidy_lines
        if ("<" in body or "{" in body) and not has_one_style(body):
            marked = parse_markup(body)
            if marked.has_drawing:
                return None
            body, is_ready = render_markup(marked), False
        if body.startswith("m ") and is_drawing(body):
            return None
        cues.append(Cue(start, end, body if is_ready else tidy_lines(body)))
    return cues


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A line of times, the lines up to the next one, and the number before it."""

    line: int
    times: TimeLine | None
    body: Sequence[str]
    number: str
    """The line before the times if it is the number or name of the cue, else ""."""
    is_number_of_body: bool
    """Whether the body of the block before has nothing but that number."""


def _find_blocks(lines: Sequence[str]) -> list[_Block]:
    places = list(find_time_lines(lines).items())
    names = set(_find_names(lines, [index for index, _ in places]))

    def is_name(line: int) -> bool:
        return line in names or is_number_line(lines[line])

    blocks = []
    for at, (index, times) in enumerate(places):
        first = places[at - 1][0] + 1 if at else 0
        last = places[at + 1][0] if at + 1 < len(places) else len(lines)
        before = index - 1
        while before >= first and not visible_text(lines[before]):
            before -= 1
        number = lines[before] if before >= first and is_name(before) else ""
        is_alone = bool(number) and at > 0 and not any(map(visible_text, lines[first:before]))
        blocks.append(
            _Block(
                line=index,
                times=times,
                body=lines[index + 1 : last],
                number=visible_text(number),
                is_number_of_body=is_alone,
            )
        )
    return blocks


def _find_names(lines: Sequence[str], time_lines: Sequence[int]) -> list[int]:
    """Return the lines with names of cues, as in WebVTT, if every cue of the file has one.

    A name stands right before the times and after a blank line.
    """
    names = [
        place - 1
        for place in time_lines
        if place > 0
        and visible_text(lines[place - 1])
        and (place == 1 or not visible_text(lines[place - 2]))
    ]
    return names if len(names) == len(time_lines) > 1 else []


def _is_numbered(blocks: Sequence[_Block]) -> bool:
    """Decide for the whole file whether the number before a line of times is the cue's.

    A number that is all the text of the cue before says nothing.
    """
    certain = [block for block in blocks if not block.is_number_of_body]
    numbered = sum(bool(block.number) for block in certain)
    if 2 * numbered != len(certain):
        return 2 * numbered > len(certain)
    values = [block.number.strip("#№.:) ") for block in blocks]
    fitting = sum(value == str(place) for place, value in enumerate(values, 1))
    return bool(blocks) and (bool(blocks[0].number) or 2 * fitting >= len(blocks))


def _body(block: _Block, following: Sequence[_Block], is_numbered: bool) -> list[str]:
    """Return the lines of a block without blank ones and without the number of the next block."""
    body = [line for line in block.body if line.strip("\0\ufeff \t\u00a0")]
    if following:
        if not (is_numbered and following[0].number and body):
            return body
        return body[:-1] if len(body) < 3 else _without_repeated_number(block, body)
    ends_with_gap = len(block.body) > 1 and len(body) > 1
    if is_numbered and ends_with_gap and _is_next_number(block, body[-1]):
        return body[:-1]
    return body


def _without_repeated_number(block: _Block, body: list[str]) -> list[str]:
    """Return a text without the number of the next cue, which is there twice in joined files."""
    number, before = visible_text(body[-1]), visible_text(body[-2])
    if number != before or not is_number_line(number):
        return body[:-1]
    places = [place for place, line in enumerate(block.body) if visible_text(line) == number]
    is_alone = places[-2] > 0 and not visible_text(block.body[places[-2] - 1])
    return body[:-2] if is_alone else body[:-1]


def _is_next_number(block: _Block, line: str) -> bool:
    """Check whether the last line of a file is the number of a cue that was cut off."""
    number, last = block.number.strip("#№.:) "), visible_text(line).strip("#№.:) ")
    if not (number.isdecimal() and last.isdecimal() and int(last) == int(number) + 1):
        return False
    place = max(index for index, text in enumerate(block.body) if text == line)
    return place > 0 and not visible_text(block.body[place - 1])


def _report_head(lines: Sequence[str], named_line: int, dropped: DropLog) -> None:
    """Report text before the first cue, apart from its number or name."""
    rest = [(number, line) for number, line in enumerate(lines, 1) if visible_text(line)]
    if rest and (is_number_line(rest[-1][1]) or rest[-1][0] == named_line):
        rest.pop()
    if rest:
        dropped.add("text before the first times", rest[0][0], " ".join(line for _, line in rest))
