"""Detection of truncated files from a few bytes of their container.

ffprobe cannot detect them: it accepts the beginning of a file that is still being copied.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"
_MP4_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp"})
"""Boxes that an MP4 or QuickTime file may begin with (ISO/IEC 14496-12)."""
_MAX_BOXES = 1000
"""Top-level boxes that are read. A fragmented file may have many more."""


def missing_bytes(path: Path) -> int:
    """Return how many bytes a file lacks at least; 0 if none, or if that is unknown.

    Matroska, MP4 and RIFF state their length at the beginning. A file without an index counts as
    lacking one byte. Streams, and files that were written without seeking, state no length.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(16)
        if head.startswith(_EBML):
            return max(0, _find_matroska_end(file) - size)
        if head[4:8] in _MP4_BOXES:
            return _mp4_missing(file, size)
        if head.startswith(b"RIFF"):
            length = int.from_bytes(head[4:8], "little")
            # Writers that do not know the length yet write the lowest or the highest value.
            return max(0, length + 8 - size) if 0 < length < 0xFFFFFFFF - 8 else 0
    return 0


def _find_matroska_end(file: BinaryIO) -> int:
    """Return where the segment ends; 0 if that is unknown (RFC 8794, section 6; RFC 9559)."""
    file.seek(4)
    header = _read_ebml_size(file)
    # A seek beyond the largest size of a file would fail.
    if header is None or file.tell() + header > os.fstat(file.fileno()).st_size:
        return 0
    file.seek(header, os.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return 0
    length = _read_ebml_size(file)
    return 0 if length is None else file.tell() + length


def _read_ebml_size(file: BinaryIO) -> int | None:
    """Read a size of variable length; None if it is unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    rest = file.read(more)
    value = int.from_bytes(bytes([first[0] & (0x7F >> more)]) + rest, "big")
    return None if len(rest) < more or value == (1 << 7 * (more + 1)) - 1 else value


def _mp4_missing(file: BinaryIO, size: int) -> int:
    kinds = set()
    for kind, end in _iter_boxes(file, size):
        if end > size:
            return end - size
        kinds.add(kind)
    return 0 if kinds & {b"moov", b"moof"} else 1


def _iter_boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Yield the kind and the end of each top-level box."""
    position = 0
    for _ in range(_MAX_BOXES):
        file.seek(position)
        head = file.read(16)
        if len(head) < 8:
            return
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:  # to the end of the file
            length = size - position
        if length < 8:
            return  # This is no box, so the rest cannot be judged.
        position += length
        yield head[4:8], position
