"""Detection of truncated files from a few bytes of their container.

ffprobe cannot detect them: it accepts the beginning of a file that is still being copied.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .packet_ends import cluster_missing, is_avi_being_written
from .stream_ends import TAIL_BYTES, find_missing_stream, has_zeros_at_end

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"
_MP4_BOXES = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"sidx"}
)
"""Boxes that an MP4 or QuickTime file may begin with (ISO/IEC 14496-12)."""
_MAX_CHUNKS = 1000
"""Boxes, objects or chunks that are read. A fragmented file may have many more."""
_UNKNOWN_LENGTH = 0xFFFFFFFF
_MXF_PACK = bytes.fromhex("060e2b34 0205 0101 0d010201 01")
"""What the keys of MXF's packs begin with (SMPTE ST 377-1, section 7.1)."""
_MXF_HEADER, _MXF_FOOTER, _MXF_INDEX = 0x02, 0x04, 0x11
_MXF_OPEN = frozenset({0x01, 0x03})
"""The status of a partition whose writer has not finished it."""
_MXF_RUN_IN = 65536
"""Bytes that may come before the first partition, at most."""
_RM_SLACK = 16
"""Bytes that writers of RealMedia count too much."""
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_UNCOMPRESSED = (b"RF64", b"BW64", _W64_RIFF, b"FORM", b"caff", b".snd")
"""What files begin with whose sound is uncompressed, besides WAVE."""


def missing_bytes(path: Path) -> int:
    """Return how many bytes a file lacks at least; 0 if none, or if that is unknown.

    Matroska, MP4, MXF, ASF, RIFF with its 64-bit forms, AIFF, CAF and RealMedia state their length.
    A file without an index, or with a header that its writer has not finished, counts as lacking
    one byte. Streams and rows of packets say less: see :mod:`.stream_ends` and :mod:`.packet_ends`.
    Zeros at the end are the part of a reserved length that is not written yet, but for uncompressed
    sound, where they are silence.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(24)
        try:
            missing = max(0, _find_missing(file, head, size))
            if missing or head.startswith(_UNCOMPRESSED) or head[8:12] == b"WAVE":
                return missing
            return TAIL_BYTES if has_zeros_at_end(file, size) else 0
        except (ValueError, OverflowError):
            return 0  # a place that no file can have: the rest cannot be judged


def _find_missing(file: BinaryIO, head: bytes, size: int) -> int:
    if head.startswith(_EBML):
        end = _find_matroska_end(file)
        return end - size if end else cluster_missing(file, size)
    if head[4:8] in _MP4_BOXES:
        return _mp4_missing(file, size)
    if head.startswith(b"RIFF"):
        end = _riff_end(file, size)
        return end - size if end else int(is_avi_being_written(file))
    if head[:4] in (b"RF64", b"BW64"):
        return _rf64_end(file) - size
    if head.startswith(_W64_RIFF):
        return int.from_bytes(head[16:24], "little") - size
    if head.startswith(b"FORM"):
        return int.from_bytes(head[4:8], "big") + 8 - size
    if head.startswith(b"caff"):
        return _last_end(_iter_chunks(file, 8, 4, 8)) - size
    if head.startswith(b".RMF"):
        return _last_end(_iter_chunks(file, 0, 4, 4, counts_itself=True)) - size - _RM_SLACK
    if head.startswith(_ASF_HEADER):
        return _asf_end(file) - size
    start = _find_mxf_header(file)
    if start is not None:
        return _mxf_missing(file, start, size)
    return find_missing_stream(file, head, size)


def _read_at(file: BinaryIO, position: int, count: int) -> bytes:
    """Read some bytes; nothing beyond the end, where a seek might fail."""
    if position >= os.fstat(file.fileno()).st_size:
        return b""
    file.seek(position)
    return file.read(count)


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
    for _ in range(_MAX_CHUNKS):
        head = _read_at(file, position, 16)
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


def _riff_end(file: BinaryIO, size: int) -> int:
    """Return where the last list of a RIFF file ends. A large AVI file has several."""
    end = 0
    for _ in range(_MAX_CHUNKS):
        head = _read_at(file, end, 8)
        length = int.from_bytes(head[4:8], "little")
        # Writers that do not know the length yet write the lowest or the highest value.
        if not head.startswith(b"RIFF") or not 0 < length < _UNKNOWN_LENGTH - 8:
            break
        end += 8 + length + (length & 1)
        if end >= size:
            return end - (length & 1)
    return end


def _rf64_end(file: BinaryIO) -> int:
    """Return where a WAVE file with sizes of 64 bits ends (EBU Tech 3306, ITU-R BS.2088)."""
    file.seek(12)
    head = file.read(16)
    length = int.from_bytes(head[8:16], "little")
    known = head.startswith(b"ds64") and 0 < length < 1 << 63
    return length + 8 if known else 0


def _iter_chunks(
    file: BinaryIO, start: int, kind_size: int, length_size: int, *, counts_itself: bool = False
) -> Iterator[int]:
    """Yield the end of each chunk of a kind and a big-endian length."""
    position, head_size = start, kind_size + length_size
    for _ in range(_MAX_CHUNKS):
        head = _read_at(file, position, head_size)
        length = int.from_bytes(head[kind_size:], "big") - (head_size if counts_itself else 0)
        # A length with all bits set is that of a recording: it goes on to the end of the file.
        if len(head) < head_size or not 0 <= length < (1 << 8 * length_size - 1):
            return
        position += head_size + length
        yield position


def _last_end(ends: Iterator[int]) -> int:
    return max(ends, default=0)


def _asf_end(file: BinaryIO) -> int:
    """Return where an ASF file ends by its file properties (ASF specification, section 3.2)."""
    position = 30
    for _ in range(_MAX_CHUNKS):
        head = _read_at(file, position, 92)
        length = int.from_bytes(head[16:24], "little")
        if len(head) < 24 or length < 24:
            return 0
        if head.startswith(_ASF_FILE_PROPERTIES) and len(head) == 92:
            is_broadcast = head[88] & 1
            return 0 if is_broadcast else int.from_bytes(head[40:48], "little")
        position += length
    return 0


def _find_mxf_header(file: BinaryIO) -> int | None:
    """Return where the header partition begins, or None."""
    file.seek(0)
    at = file.read(_MXF_RUN_IN + 16).find(_MXF_PACK + bytes([_MXF_HEADER]))
    return at if at >= 0 else None


def _mxf_missing(file: BinaryIO, start: int, size: int) -> int:
    """Return how many bytes an MXF file lacks at least.

    Its header names the place of its footer once the writer has finished. A file that was written
    without seeking has an open header, and a footer or an index of its partitions at its end.
    """
    header = _read_partition(file, start)
    if header is None:
        return 1
    status, footer_offset, _ = header
    if footer_offset:
        # The footer begins with the 16 bytes of its key.
        end = start + footer_offset + 16
        footer = _read_partition(file, start + footer_offset) if end <= size else None
        return (footer[2] if footer else end) - size
    return 1 if status in _MXF_OPEN and not _has_mxf_end(file, size) else 0


def _read_partition(file: BinaryIO, position: int) -> tuple[int, int, int] | None:
    """Return the status, the footer's offset and the end of metadata of a partition, or None."""
    head = _read_at(file, position, 16 + 9 + 56)
    if len(head) < 17 or not head.startswith(_MXF_PACK):
        return None
    extra = head[16] & 0x7F if head[16] & 0x80 else 0
    length = int.from_bytes(head[17 : 17 + extra], "big") if extra else head[16]
    pack = head[17 + extra :]
    if len(pack) < 48:
        return None
    metadata = int.from_bytes(pack[32:40], "big") + int.from_bytes(pack[40:48], "big")
    end = position + 17 + extra + length + metadata
    return head[14], int.from_bytes(pack[24:32], "big"), end


def _has_mxf_end(file: BinaryIO, size: int) -> bool:
    """Return whether a file ends with an index of its partitions, or has a footer near its end."""
    file.seek(max(0, size - _MXF_RUN_IN))
    tail = file.read(_MXF_RUN_IN)
    return any(_MXF_PACK + bytes([kind]) in tail for kind in (_MXF_FOOTER, _MXF_INDEX))
