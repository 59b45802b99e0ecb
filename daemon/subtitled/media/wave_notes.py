"""What recorders note in a wave file (iXML): the rate of its timecode, and the names of channels.

ffprobe shows neither. The chunk ``iXML`` stands beside the samples in RIFF, RF64 and BW64 files.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from subtitled.plugin.limits import clean_text, is_disk_error, read_integer

from .timecode import TimecodeError, TimecodeRate, find_rate

MAX_CHUNKS = 1000
"""Chunks that are looked at. Recorders write about ten."""
MAX_BYTES = 1 << 20
"""Largest iXML chunk that is read. Recorders reserve a few kilobytes."""
MAX_DEPTH = 50
MAX_CHANNELS = 1024
MAX_NAME_CHARACTERS = 100
_HEADS = frozenset({b"RIFF", b"RF64", b"BW64"})
_NUMBER, _NAME = "TRACK_LIST/TRACK/INTERLEAVE_INDEX", "TRACK_LIST/TRACK/NAME"
_RATE = re.compile(r"\d{1,9}(?:[/.]\d{1,9})?", re.ASCII)
"""Frames a second, such as ``25``, ``30000/1001`` or ``29.97``. A number with an exponent may have
millions of digits."""
_IN_DS64 = 0xFFFFFFFF
"""The size of samples whose true size stands in the chunk ``ds64``."""


@dataclass(frozen=True, slots=True)
class WaveNotes:
    """What the recorder noted.

    Attributes:
        rate: How its timecode counts; None if it does not say, or states something impossible.
        channel_names: The name of each channel by its number from 1.
    """

    rate: TimecodeRate | None
    channel_names: dict[int, str]


NO_NOTES = WaveNotes(None, {})


def read_wave_notes(path: Path) -> WaveNotes:
    """Return what the recorder of a wave file noted; nothing of any other file.

    Args:
        path: A regular file.

    Raises:
        OSError: The disk fails.
    """
    try:
        with path.open("rb") as file:
            content = _find_chunk(file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        if is_disk_error(error):
            raise
        return NO_NOTES
    return parse_ixml(content) if content else NO_NOTES


def parse_ixml(content: bytes) -> WaveNotes:
    """Return what an iXML document says; nothing if it is none."""
    target = _NotesTarget()
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    try:
        parser.feed(content.rstrip(b"\0"))
        parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return NO_NOTES
    return WaveNotes(target.rate, target.channel_names)


def _find_chunk(file: BinaryIO, size: int) -> bytes:
    """Return the content of the iXML chunk, or nothing."""
    head = file.read(12)
    if head[:4] not in _HEADS or head[8:] != b"WAVE":
        return b""
    position, samples_size = 12, _IN_DS64
    for _ in range(MAX_CHUNKS):
        file.seek(position)
        head = file.read(8)
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if len(head) < 8 or position + 8 > size:
            break
        if name == b"ds64":
            samples_size = int.from_bytes(file.read(16)[8:], "little")
        elif name == b"iXML":
            return file.read(length) if length <= MAX_BYTES else b""
        if name == b"data" and length == _IN_DS64:
            length = samples_size
        position += 8 + length + length % 2
        if position >= size:
            break
    return b""


class _NotesTarget:
    """Gathers the notes while a document is parsed, without keeping it."""

    def __init__(self) -> None:
        self.channel_names: dict[int, str] = {}
        self._path: list[str] = []
        self._text: list[str] = []
        self._fields: dict[str, str] = {}

    @property
    def rate(self) -> TimecodeRate | None:
        """How the timecode counts."""
        stated = self._fields.get("SPEED/TIMECODE_RATE", "").replace(" ", "")
        if _RATE.fullmatch(stated) is None:
            return None
        is_drop_frame = self._fields.get("SPEED/TIMECODE_FLAG", "").upper() == "DF"
        try:
            return find_rate(Fraction(stated), is_drop_frame=is_drop_frame)
        except (ZeroDivisionError, TimecodeError):
            return None

    def start(self, tag: str, _attributes: object) -> None:
        """Note that an element begins."""
        self._path.append(tag)
        self._text.clear()
        if len(self._path) > MAX_DEPTH:
            raise ValueError("too deep")
        if tag == "TRACK":
            self._fields.pop(_NUMBER, None)
            self._fields.pop(_NAME, None)

    def data(self, text: str) -> None:
        """Note a part of a text."""
        self._text.append(text)

    def end(self, tag: str) -> None:
        """Note that an element ends, with its text."""
        self._fields["/".join(self._path[1:])] = clean_text(
            "".join(self._text).strip(), MAX_NAME_CHARACTERS
        )
        self._text.clear()
        self._path.pop()
        if tag == "TRACK":
            number = read_integer(self._fields.get(_NUMBER), 1, MAX_CHANNELS)
            name = self._fields.get(_NAME, "")
            if number is not None and name:
                self.channel_names[number] = name

    def close(self) -> None:
        """Note that the document ends."""
