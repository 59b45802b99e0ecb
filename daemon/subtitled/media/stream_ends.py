"""The ends of streams: what formats that do not state their length still say about it.

FLAC states its samples, Ogg marks its last page, MP3 files have the bytes of the stream in their
first frame, and transport streams have packets of one size. A copy program that reserves the whole
length first leaves zeros behind what it has written.
"""

from __future__ import annotations

import os
from typing import BinaryIO

from .packet_ends import find_missing_packet

TAIL_BYTES = 64 * 1024
"""Bytes at the end of a file that are looked at."""
_OGG_LAST_PAGE = 4
_OGG_HEADER_BYTES = 27
_PACKET_SIZES = (188, 192, 204)
"""Bytes of a packet of a transport stream, alone, with a time, and with parity."""
_PACKETS_TO_COMPARE = 8
_SYNC = 0x47
_FLAC_BLOCK_SIZES = {1: 192, **{n: 576 << (n - 2) for n in range(2, 6)}} | {
    n: 256 << (n - 8) for n in range(8, 16)
}
"""Samples of a frame by its code (RFC 9639, section 9.1.1). Codes 6 and 7 stand for a number."""


def find_missing_stream(file: BinaryIO, head: bytes, size: int) -> int:
    """Return how many bytes a stream lacks at least; 0 if none, or if that is unknown.

    Args:
        file: The file.
        head: Its first 24 bytes.
        size: Its size.
    """
    start = _skip_id3(file, head)
    head = head if start == 0 else _read_at(file, start, 24)
    if head.startswith(b"fLaC"):
        return _flac_missing(file, start, size)
    if head.startswith(b"OggS"):
        return _ogg_missing(file, size)
    if head.startswith(b".snd"):
        length = int.from_bytes(head[8:12], "big")
        known = 0 < length < 0xFFFFFFFF
        return int.from_bytes(head[4:8], "big") + length - size if known else 0
    if head[:1] == b"\xff" and head[1:2] >= b"\xe0" and (end := _mp3_end(file, start)):
        return end - size
    missing = find_missing_packet(file, head, size)
    return _packets_missing(file, size) if missing is None else missing


def has_zeros_at_end(file: BinaryIO, size: int) -> bool:
    """Return whether a file ends with zeros only, as one whose length was reserved first."""
    if size < 4 * TAIL_BYTES:
        return False
    return not any(_read_at(file, size - TAIL_BYTES, TAIL_BYTES))


def _read_at(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(max(0, position))
    return file.read(count)


def _skip_id3(file: BinaryIO, head: bytes) -> int:
    """Return where the stream begins behind a tag of ID3v2."""
    if not head.startswith(b"ID3") or len(head) < 10:
        return 0
    length = 0
    for byte in head[6:10]:
        length = length << 7 | byte & 0x7F
    return min(10 + length, os.fstat(file.fileno()).st_size)


def _flac_missing(file: BinaryIO, start: int, size: int) -> int:
    """Return 1 if the last frame of a FLAC file ends before its stated samples (RFC 9639)."""
    info = _read_at(file, start + 8, 34)
    if len(info) < 34:
        return 1
    block_size = int.from_bytes(info[0:2], "big")
    samples = int.from_bytes(info[13:18], "big") & 0xFFFFFFFFF
    if not samples:
        return 0  # a stream whose length its writer did not know
    tail_bytes = max(TAIL_BYTES, 2 * int.from_bytes(info[7:10], "big"))
    tail = _read_at(file, max(start + 42, size - tail_bytes), tail_bytes)
    at = len(tail)
    while (at := tail.rfind(b"\xff", 0, at)) >= 0:
        end = _flac_frame_end(tail[at : at + 16], block_size)
        if end is not None and end <= samples:
            return int(end < samples)
    return 0  # no frame is in sight, as behind a tag of another program


def _flac_frame_end(frame: bytes, stream_block_size: int) -> int | None:
    """Return the sample behind a frame; None if no frame begins here, by its checksum."""
    if len(frame) < 6 or frame[1] not in (0xF8, 0xF9) or frame[3] & 1:
        return None
    first = frame[4]
    more = 0 if first < 0x80 else 8 - (first ^ 0xFF).bit_length() - 1
    if first >= 0x80 and not 1 <= more <= 6:
        return None
    number = first if more == 0 else first & (0x3F >> more)
    for byte in frame[5 : 5 + more]:
        number = number << 6 | byte & 0x3F
    at = 5 + more
    size_code, rate_code = frame[2] >> 4, frame[2] & 15
    size_bytes = {6: 1, 7: 2}.get(size_code, 0)
    block_size = _FLAC_BLOCK_SIZES.get(size_code, 0)
    if size_bytes:
        block_size = int.from_bytes(frame[at : at + size_bytes], "big") + 1
    at += size_bytes + {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if not block_size or at >= len(frame) or _crc8(frame[:at]) != frame[at]:
        return None
    first_sample = number if frame[1] & 1 else number * stream_block_size
    return first_sample + block_size


def _crc8(data: bytes) -> int:
    """Compute the checksum of a frame's header, with the polynomial x^8 + x^2 + x + 1."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ (0x07 if crc & 0x80 else 0)) & 0xFF
    return crc


def _ogg_missing(file: BinaryIO, size: int) -> int:
    """Return how much of the last page of an Ogg file is missing, or 1 if pages are (RFC 3533)."""
    offset = max(0, size - 2 * TAIL_BYTES)
    tail = _read_at(file, offset, 2 * TAIL_BYTES)
    at = tail.rfind(b"OggS")
    if at < 0:
        return 0
    page = tail[at:]
    if len(page) < _OGG_HEADER_BYTES or len(page) < _OGG_HEADER_BYTES + page[26]:
        return 1
    table = page[_OGG_HEADER_BYTES : _OGG_HEADER_BYTES + page[26]]
    missing = _OGG_HEADER_BYTES + len(table) + sum(table) - len(page)
    return missing if missing > 0 else int(not page[5] & _OGG_LAST_PAGE)


def _mp3_end(file: BinaryIO, start: int) -> int:
    """Return where an MP3 file ends by the Xing or Info header in its first frame; 0 if none."""
    frame = _read_at(file, start, 200)
    for name in (b"Xing", b"Info"):
        at = frame.find(name, 4, 60)
        flags = int.from_bytes(frame[at + 4 : at + 8], "big") if at > 0 else 0
        if flags & 2:
            behind = at + 8 + (4 if flags & 1 else 0)
            return start + int.from_bytes(frame[behind : behind + 4], "big")
    return 0


def _packets_missing(file: BinaryIO, size: int) -> int:
    """Return how much of the last packet of a transport stream is missing."""
    head = _read_at(file, 0, 204 * (_PACKETS_TO_COMPARE + 1))
    for length in _PACKET_SIZES:
        first = 4 if length == 192 else 0
        places = range(first, first + length * _PACKETS_TO_COMPARE, length)
        if places[-1] < len(head) and all(head[place] == _SYNC for place in places):
            return -size % length
    return 0
