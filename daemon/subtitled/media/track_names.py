"""Names of tracks in MP4 and QuickTime files, which ffprobe shows only in its later versions.

ffmpeg, HandBrake and others write the title of a track into a box ``name`` of its user data
(QuickTime File Format, "User data atoms"). ffprobe 5 leaves it out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from subtitled.plugin.limits import is_disk_error

MAX_BOXES = 10_000
"""Boxes that are looked at. A film has some hundred above the level of its samples."""
MAX_NAME_BYTES = 4096
_HEADERS = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp"})


def read_track_names(path: Path) -> dict[int, str]:
    """Return the names of the tracks of an MP4 or QuickTime file, by the id of the track.

    Args:
        path: A regular file.

    Returns:
        The names that are there. Empty for any other file.

    Raises:
        OSError: The disk fails.
    """
    names: dict[int, str] = {}
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if file.read(8)[4:] not in _HEADERS:
                return {}
            budget = iter(range(MAX_BOXES))
            for kind, start, end in _iter_boxes(file, 0, size, budget):
                if kind == b"moov":
                    for inner, first, last in _iter_boxes(file, start, end, budget):
                        if inner == b"trak":
                            names |= _read_track(file, first, last, budget)
    except OSError as error:
        if is_disk_error(error):
            raise
        return names
    except (ValueError, OverflowError):
        return names
    return names


def _read_track(file: BinaryIO, start: int, end: int, budget: Iterator[int]) -> dict[int, str]:
    number, name = 0, ""
    for kind, first, last in _iter_boxes(file, start, end, budget):
        if kind == b"tkhd":
            file.seek(first)
            head = file.read(24)
            at = 20 if head[:1] == b"\x01" else 12  # its times have 64 or 32 bits
            number = int.from_bytes(head[at : at + 4], "big")
        elif kind == b"udta":
            for inner, begin, behind in _iter_boxes(file, first, last, budget):
                if inner == b"name" and not name:
                    file.seek(begin)
                    raw = file.read(min(behind - begin, MAX_NAME_BYTES))
                    name = raw.decode("utf-8", "replace").strip("\0 \r\n\t")
    return {number: name} if number and name else {}


def _iter_boxes(
    file: BinaryIO, start: int, end: int, budget: Iterator[int]
) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each box between two places, and where its content begins and ends."""
    position = start
    while position + 8 <= end and next(budget, None) is not None:
        file.seek(position)
        head = file.read(16)
        length, content = int.from_bytes(head[:4], "big"), position + 8
        if length == 1:
            length, content = int.from_bytes(head[8:16], "big"), position + 16
        elif length == 0:  # to the end
            length = end - position
        if length < content - position or position + length > end:
            return
        yield head[4:8], content, position + length
        position += length
