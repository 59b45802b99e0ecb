"""EBU STL, the exchange format of European broadcasters (EBU Tech 3264).

A file is a block of 1024 bytes about the programme and a block of 128 bytes for each cue. Cues are
open subtitles: centred at the bottom, in italics or underlined, without colours.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from subtitled.media.timecode import StartTimecode, TimecodeError, TimecodeRate, parse_timecode
from subtitled.plugin import Cue, InputRejectedError, Subtitle

from ..markup import PLAIN, Style, parse_markup, render_markup
from .stl_languages import find_language_code
from .stl_letters import LATIN, TABLES, LetterTable, choose_table

_PROGRAMME_FIELDS = (
    ("code page", 3, b"850"),
    ("disk format", 8, b""),
    ("display standard", 1, b"0"),
    ("table", 2, b""),
    ("language", 2, b""),
    ("title", 32, b""),
    ("other titles and translator", 160, b""),
    ("reference", 16, b""),
    ("created", 6, b""),
    ("revised", 6, b""),
    ("revision", 2, b"01"),
    ("blocks", 5, b""),
    ("cues", 5, b""),
    ("groups", 3, b"001"),
    ("letters of a row", 2, b""),
    ("rows", 2, b"23"),
    ("timecode status", 1, b"1"),
    ("start", 8, b""),
    ("first cue", 8, b""),
    ("disks", 1, b"1"),
    ("disk", 1, b"1"),
    ("country, publisher and editor", 99, b""),
    ("spare and user area", 651, b""),
)
"""Name, size and usual value of each field of the block about the programme."""
PROGRAMME_BYTES = 1024
_CUE = struct.Struct("<BHBB4B4BBBB112s")
TEXT_BYTES = 112
MAX_CUES = 65_536
MAX_BLOCKS = 99_999
"""Most blocks of cues: the programme block has five digits for them."""
MAX_EXTENSIONS = 0xF0
MAX_ROW_LETTERS = 99
ROWS = 23
_LAST_BLOCK = 0xFF
_COMMENT, _CENTRED = 1, 2
_NEW_ROW, _UNUSED = 0x8A, 0x8F
_STYLES = {"italic": (0x80, 0x81), "underline": (0x82, 0x83)}
_RATES = {
    b"STL23.01": Fraction(24000, 1001),
    b"STL24.01": Fraction(24),
    b"STL25.01": Fraction(25),
    b"STL30.01": Fraction(30000, 1001),
}
"""Disk format codes. The standard has 25 and 30 only; editing programs know the others too."""

Runs = tuple[tuple[str, Style], ...]
"""The text of a cue as parts of one style each."""


def count_rate(rate: TimecodeRate) -> TimecodeRate:
    """Return the rate at which the file counts: half of 50 and 59.94, and no drop-frame.

    Raises:
        TimecodeError: The format has no such rate.
    """
    fps = rate.fps / 2 if rate.nominal in (48, 50, 60) else rate.fps
    fps = Fraction(30000, 1001) if fps == 30 else fps
    if fps not in _RATES.values():
        raise TimecodeError(
            f"EBU STL has no {float(rate.fps):g} frames per second",
            "Choose --rate 23.976, 24, 25 or 29.97",
        )
    return TimecodeRate(fps, rate.is_drop_frame)


def write(subtitle: Subtitle, start: StartTimecode, made_on: date) -> bytes:
    """Render a file.

    Args:
        subtitle: Its cues have no more than 23 rows and no row of more than 99 letters.
        start: The timecode at 0 seconds of the media file.
        made_on: The date of the file.

    Raises:
        LetterError: The text has a letter that no table of the format has.
        TimecodeError: The format has no such rate.
        InputRejectedError: There are too many cues, or one is too large.
    """
    start = _recount(start)
    too_many = InputRejectedError(
        f"EBU STL cannot hold {len(subtitle.cues)} cues", "Export a shorter part"
    )
    if len(subtitle.cues) > MAX_CUES:
        raise too_many
    marked = [_mark(cue.text) for cue in subtitle.cues]
    table = _choose_table(marked)
    blocks: list[bytes] = []
    for number, (cue, runs) in enumerate(zip(subtitle.cues, marked, strict=True)):
        blocks.extend(_render_cue(number, cue, runs, start, table))
    if len(blocks) > MAX_BLOCKS:
        raise too_many
    first = min((cue.start for cue in subtitle.cues), default=0.0)
    day = made_on.strftime("%y%m%d").encode()
    title = LATIN.encode("".join(c for c in subtitle.title if not LATIN.missing(c)))[:32]
    longest = max((len(row) for runs in marked for row in _plain(runs).split("\n")), default=0)
    (disk_format,) = (code for code, fps in _RATES.items() if fps == start.rate.fps)
    programme = _pack_programme(
        {
            "disk format": disk_format,
            "table": table.code.encode(),
            "language": find_language_code(subtitle.language).encode(),
            "title": title,
            "created": day,
            "revised": day,
            "blocks": b"%05d" % len(blocks),
            "cues": b"%05d" % len(subtitle.cues),
            "letters of a row": b"%02d" % max(40, longest),
            "start": _digits(start.frame, start.rate),
            "first cue": _digits(start.frame_at(first), start.rate),
        }
    )
    return programme + b"".join(blocks)


def _pack_programme(values: Mapping[str, bytes]) -> bytes:
    """Render the block about the programme. Fields that are not given have their usual value."""
    return b"".join(
        values.get(name, usual).ljust(size)[:size] for name, size, usual in _PROGRAMME_FIELDS
    )


def representable(subtitle: Subtitle, start: StartTimecode) -> tuple[Cue, ...]:
    """Return the cues as the file holds them: times at frames, letters of a table, few styles."""
    start = _recount(start)
    marked = [_mark(cue.text) for cue in subtitle.cues]
    table = _choose_table(marked)
    cues = []
    for cue, runs in zip(subtitle.cues, marked, strict=True):
        known = tuple(
            ("\n".join(table.decode(table.encode(row)) for row in text.split("\n")), style)
            for text, style in runs
        )
        first, last = _frames(cue, start)
        begin, end = start.seconds_of(first), start.seconds_of(last)
        cues.append(Cue(begin, end, _render(known)))
    return tuple(cues)


def read(data: bytes, *, is_drop_frame: bool = False) -> tuple[StartTimecode, tuple[Cue, ...]]:
    """Read a file: the timecode of the programme's beginning, and the cues by seconds from there.

    Args:
        data: The bytes of the file.
        is_drop_frame: Whether its timecode is drop-frame. The format does not say it.

    Raises:
        InputRejectedError: It is no EBU STL file.
    """
    fields = _split_programme(data)
    fps = _RATES.get(fields["disk format"])
    if fps is None or len(data) < PROGRAMME_BYTES or (len(data) - PROGRAMME_BYTES) % _CUE.size:
        raise InputRejectedError("it is no EBU STL file", "Check what the file is")
    table = next((t for t in TABLES if t.code.encode() == fields["table"]), LATIN)
    rate = TimecodeRate(fps, is_drop_frame)
    start = StartTimecode(_from_digits(fields["start"], rate), rate)
    cues, text = [], b""
    for (
        _, _, extension, _, h1, m1, s1, f1, h2, m2, s2, f2, _, _, comment, part
    ) in _CUE.iter_unpack(data[PROGRAMME_BYTES:]):  # fmt: skip
        text += part.rstrip(bytes([_UNUSED]))
        if extension != _LAST_BLOCK:
            continue
        if comment != _COMMENT:
            begin, end = (
                start.seconds_of(_from_digits(b"%02d%02d%02d%02d" % time, rate))
                for time in ((h1, m1, s1, f1), (h2, m2, s2, f2))
            )
            cues.append(Cue(begin, end, _render(_decode_runs(text, table))))
        text = b""
    return start, tuple(cues)


def _split_programme(data: bytes) -> dict[str, bytes]:
    fields: dict[str, bytes] = {}
    at = 0
    for name, size, _ in _PROGRAMME_FIELDS:
        fields[name] = data[at : at + size]
        at += size
    return fields


def _recount(start: StartTimecode) -> StartTimecode:
    rate = count_rate(start.rate)
    return StartTimecode(int(start.frame * rate.fps / start.rate.fps), rate, start.source)


def _mark(text: str) -> Runs:
    """Return the text of a cue with the styles that the format has."""
    runs = parse_markup(text).runs
    return tuple((part, Style(italic=s.italic, underline=s.underline)) for part, s in runs)


def _choose_table(marked: Sequence[Runs]) -> LetterTable:
    return choose_table(_plain(runs).replace("\n", "") for runs in marked)


def _plain(runs: Runs) -> str:
    return "".join(text for text, _ in runs)


def _render(runs: Runs) -> str:
    return render_markup(replace(parse_markup(""), runs=runs))


def _render_cue(
    number: int, cue: Cue, runs: Runs, start: StartTimecode, table: LetterTable
) -> Iterator[bytes]:
    rows = _plain(runs).split("\n")
    if len(rows) > ROWS or max(map(len, rows)) > MAX_ROW_LETTERS:
        raise InputRejectedError(
            f"cue {number + 1} has {len(rows)} rows, the longest of {max(map(len, rows))} letters; "
            f"EBU STL has {ROWS} of {MAX_ROW_LETTERS}",
            "Break the lines of this cue",
        )
    parts = list(_split_text(_encode_runs(runs, table)))
    if len(parts) > MAX_EXTENSIONS:
        raise InputRejectedError(f"the text of cue {number + 1} is too long", "Split this cue")
    first, last = (_label(frame, start.rate) for frame in _frames(cue, start))
    for index, part in enumerate(parts):
        extension = _LAST_BLOCK if index == len(parts) - 1 else index
        row = ROWS - len(rows) + 1
        text = part.ljust(TEXT_BYTES, bytes([_UNUSED]))
        yield _CUE.pack(0, number, extension, 0, *first, *last, row, _CENTRED, 0, text)


def _frames(cue: Cue, start: StartTimecode) -> tuple[int, int]:
    """Return the first frame of a cue and the one at which it is gone, at least one later."""
    first = start.frame_at(cue.start)
    return first, max(start.frame_at(cue.end), first + 1)


def _encode_runs(runs: Runs, table: LetterTable) -> Iterator[bytes]:
    """Give the bytes of each letter and each code. A style ends with its row."""
    for text, style in runs:
        codes = [codes for name, codes in _STYLES.items() if getattr(style, name)]
        for number, row in enumerate(text.split("\n")):
            if number:
                yield bytes([_NEW_ROW])
            if not row:
                continue
            yield from (bytes([on]) for on, _ in codes)
            yield from (table.encode(letter) for letter in row)
            yield from (bytes([off]) for _, off in reversed(codes))


def _split_text(letters: Iterator[bytes]) -> Iterator[bytes]:
    """Join letters to the texts of blocks, no letter across two of them."""
    text = b""
    for letter in letters:
        if len(text) + len(letter) > TEXT_BYTES:
            yield text
            text = b""
        text += letter
    yield text


def _decode_runs(text: bytes, table: LetterTable) -> Runs:
    runs: list[tuple[str, Style]] = []
    style, letters = PLAIN, b""
    codes = {
        code: (name, is_on)
        for name, pair in _STYLES.items()
        for code, is_on in zip(pair, (True, False), strict=True)
    }
    for byte in (*text, None):
        if byte is not None and byte not in codes and byte != _NEW_ROW:
            letters += bytes([byte]) if byte >= 0x20 else b""
            continue
        runs.append((table.decode(letters) + "\n" * (byte == _NEW_ROW), style))
        letters = b""
        if byte in codes:
            name, is_on = codes[byte]
            style = _set_style(style, name, is_on)
    return tuple(run for run in runs if run[0])


def _set_style(style: Style, name: str, is_on: bool) -> Style:
    return style._replace(italic=is_on) if name == "italic" else style._replace(underline=is_on)


def _label(frame: int, rate: TimecodeRate) -> Sequence[int]:
    digits = _digits(frame, rate)
    return [int(digits[n : n + 2]) for n in range(0, 8, 2)]


def _digits(frame: int, rate: TimecodeRate) -> bytes:
    label = str(StartTimecode(frame, rate))
    return "".join(c for c in label if c.isdigit()).encode()


def _from_digits(digits: bytes, rate: TimecodeRate) -> int:
    text = digits.decode("ascii", "replace")
    separator = ";" if rate.is_drop_frame else ":"
    label = f"{text[:2]}:{text[2:4]}:{text[4:6]}{separator}{text[6:]}"
    return parse_timecode(label, rate.fps)[0]
