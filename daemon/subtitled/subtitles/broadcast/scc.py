"""SCC: CEA-608 closed captions with the frame at which each pair of bytes is sent.

Captions are pop-on: the next one is sent while the one before it is shown, two bytes a frame, and
turned on at its first frame. Codes are sent twice, as the standard wants. The count of frames is
always 29.97 a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, zip_longest

from subtitled.media.timecode import StartTimecode, parse_timecode
from subtitled.plugin import Cue, InputRejectedError, Subtitle

from .caption_rows import COLUMNS, Row, build_rows, split_rows
from .cea608_letters import Code, encode_letter

FPS = Fraction(30000, 1001)
HEADER = "Scenarist_SCC V1.0"
LAST_ROW = 15
_RESUME_LOADING: Code = (0x14, 0x20)
_ERASE_HIDDEN: Code = (0x14, 0x2E)
_ERASE_SHOWN: Code = (0x14, 0x2C)
_SHOW: Code = (0x14, 0x2F)
_ITALICS: Code = (0x11, 0x2E)
_PLAIN: Code = (0x11, 0x20)
_ROW_CODES: dict[int, Code] = {
    **dict(zip((1, 2), ((0x11, 0x40), (0x11, 0x60)), strict=True)),
    **dict(zip((3, 4), ((0x12, 0x40), (0x12, 0x60)), strict=True)),
    **dict(zip((5, 6), ((0x15, 0x40), (0x15, 0x60)), strict=True)),
    **dict(zip((7, 8), ((0x16, 0x40), (0x16, 0x60)), strict=True)),
    **dict(zip((9, 10), ((0x17, 0x40), (0x17, 0x60)), strict=True)),
    11: (0x10, 0x40),
    **dict(zip((12, 13), ((0x13, 0x40), (0x13, 0x60)), strict=True)),
    **dict(zip((14, 15), ((0x14, 0x40), (0x14, 0x60)), strict=True)),
}
_INDENT = 4
"""Columns of a step of the row codes. The rest is bridged by a tab code."""
MAX_DELAY_FRAMES = 60
"""Frames by which a caption may come late because those before it take all the bandwidth."""


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption with its first frame, the frame at which it is gone, and its codes."""

    first: int
    last: int
    codes: tuple[Code, ...]
    number: int


def count_start(start: StartTimecode) -> StartTimecode:
    """Return the same label in the count of the format.

    A film of 29.97 frames keeps its drop-frame or lack of it, one of 23.976 counts without, and
    any other one with drop-frame, since its timecode keeps up with the clock.
    """
    rate = start.rate
    is_drop_frame = rate.is_drop_frame or rate.fps.denominator != 1001
    seconds, part = divmod(_count_labels(start), rate.nominal)
    part = part * 30 // rate.nominal
    if is_drop_frame and part < 2 and not seconds % 60 and seconds // 60 % 10:
        part = 2  # The first label of this minute.
    separator = ";" if is_drop_frame else ":"
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    frame, counted = parse_timecode(f"{clock}{separator}{part:02d}", FPS)
    return StartTimecode(frame, counted, start.source)


def _count_labels(start: StartTimecode) -> int:
    """Return the labels since midnight, those that drop-frame leaves out too."""
    hours, minutes, seconds, frames = (int(part) for part in re.split("[:;]", str(start)))
    return ((hours * 60 + minutes) * 60 + seconds) * start.rate.nominal + frames


def write(subtitle: Subtitle, start: StartTimecode) -> str:
    """Render a file.

    Args:
        subtitle: Lines that are too long are broken again, and cues of more than four rows split.
        start: The timecode at 0 seconds of the media file.

    Raises:
        CaptionLetterError: A letter is not in CEA-608.
        InputRejectedError: A word is longer than a row, or cues follow too closely to be sent.
    """
    start = count_start(start)
    captions = [
        caption
        for number, cue in enumerate(subtitle.cues, 1)
        for caption in _build_captions(cue, number, start)
    ]
    sent = schedule(captions, start.frame)
    lines = [HEADER]
    for frame, codes in _group(sent):
        label = str(StartTimecode(frame, start.rate))
        lines.append(f"{label}\t" + " ".join(map(_render, codes)))
    return "\n\n".join(lines) + "\n"


def schedule(captions: Sequence[Caption], begin: int) -> dict[int, Code]:
    """Give each pair of bytes the frame at which it is sent.

    A code that is sent twice is sent in two frames that follow each other, since receivers take the
    second one for another code otherwise.

    Args:
        captions: In order.
        begin: The first frame of the programme.

    Returns:
        The pair of each frame that has one, in order.

    Raises:
        InputRejectedError: A caption would be more than two seconds late.
    """
    sent: dict[int, Code] = {}
    free_from = begin
    for caption, after in zip_longest(captions, captions[1:]):
        first, loading = _find_first_frame(caption, sent, free_from)
        sent |= loading
        sent[first] = sent[first + 1] = _SHOW
        free_from = first + 2
        last = max(caption.last, free_from)
        if after is None or after.first > last + 1:
            sent[last] = sent[last + 1] = _ERASE_SHOWN
    return dict(sorted(sent.items()))


def _find_first_frame(
    caption: Caption, sent: dict[int, Code], free_from: int
) -> tuple[int, dict[int, Code]]:
    """Return the first frame at which a caption can be shown, and when its codes are sent."""
    for first in range(max(caption.first, free_from), caption.first + MAX_DELAY_FRAMES + 1):
        if first not in sent and first + 1 not in sent:
            loading = _place_before(first, caption.codes, sent, free_from)
            if loading is not None:
                return first, loading
    raise InputRejectedError(
        f"the captions before cue {caption.number} leave no time to send it",
        "Shorten these cues, or show them longer",
    )


def _place_before(
    first: int, codes: Sequence[Code], sent: dict[int, Code], free_from: int
) -> dict[int, Code] | None:
    """Place codes as late as possible before a frame, or return None if there is no room."""
    placed: dict[int, Code] = {}
    frame = first
    for unit in reversed([tuple(unit) for _, unit in groupby(codes)]):
        # A code that is there four times is two codes, each of them sent twice.
        for pair in reversed([unit[at : at + 2] for at in range(0, len(unit), 2)]):
            frame -= len(pair)
            while frame >= free_from and any(frame + n in sent for n in range(len(pair))):
                frame -= 1
            if frame < free_from:
                return None
            placed |= {frame + n: code for n, code in enumerate(pair)}
    return placed


def _build_captions(cue: Cue, number: int, start: StartTimecode) -> Iterator[Caption]:
    rows = build_rows(cue.text, number)
    parts = split_rows(rows) if rows else []
    letters = [sum(map(len, part)) for part in parts]
    first, end = (
        start.frame_at(cue.start),
        max(start.frame_at(cue.end), start.frame_at(cue.start) + 1),
    )
    at = 0
    for part, size in zip(parts, letters, strict=True):
        begin = first + round((end - first) * at / sum(letters))
        at += size
        last = first + round((end - first) * at / sum(letters))
        yield Caption(begin, last, tuple(_load(part)), number)


def _load(rows: Sequence[Row]) -> Iterator[Code]:
    """Give the pairs that put a caption into the hidden memory."""
    yield from (_ERASE_HIDDEN, _ERASE_HIDDEN, _RESUME_LOADING, _RESUME_LOADING)
    for number, row in enumerate(rows, LAST_ROW - len(rows) + 1):
        width = len(row) + row[0].is_italic
        column = (COLUMNS - width) // 2
        high, low = _ROW_CODES[number]
        place = (high, low | 0x10 | (column // _INDENT) << 1)
        yield from (place, place)
        if tab := column % _INDENT:
            yield from ((0x17, 0x20 + tab),) * 2
        yield from _pair(_encode_row(row))


def _encode_row(row: Row) -> Iterator[Code]:
    """Give the codes of a row. A change of style takes the place of the space where it happens."""
    is_italic = False
    if row[0].is_italic:
        yield _ITALICS
        is_italic = True
    for letter, after in zip(row, (*row[1:], row[-1]), strict=True):
        if letter.text == " " and after.is_italic != is_italic:
            is_italic = after.is_italic
            yield _ITALICS if is_italic else _PLAIN
        else:
            yield from encode_letter(letter.text)


def _pair(codes: Iterator[Code]) -> Iterator[Code]:
    """Join letters of one byte to pairs, and send every other code twice."""
    waiting = 0
    for code in codes:
        if code[0] >= 0x20:
            if waiting:
                yield (waiting, code[0])
                waiting = 0
            else:
                waiting = code[0]
            continue
        if waiting:
            yield (waiting, 0)
            waiting = 0
        yield from (code, code)
    if waiting:
        yield (waiting, 0)


def _group(sent: dict[int, Code]) -> Iterator[tuple[int, list[Code]]]:
    """Give the pairs that follow each other without a gap, with the frame of the first."""
    group: list[Code] = []
    begin = 0
    for frame, code in sent.items():
        if group and frame != begin + len(group):
            yield begin, group
            group = []
        if not group:
            begin = frame
        group.append(code)
    if group:
        yield begin, group


def _render(code: Code) -> str:
    return "".join(f"{_with_parity(byte):02x}" for byte in code)


def _with_parity(byte: int) -> int:
    """Return a byte of seven bits with the eighth that makes the number of ones odd."""
    return byte if byte.bit_count() % 2 else byte | 0x80
