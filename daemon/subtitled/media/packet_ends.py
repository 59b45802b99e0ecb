"""The last frame or packet of formats that are a row of them: a copy that is cut ends inside one.

Few of these formats state the length of the file, and those that do state it in a place of their
own.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import BinaryIO

_TAIL_BYTES = 1 << 20
"""Bytes at the end of a file in which its last packet begins."""
_MAX_PACKETS = 20_000
"""Packets that are read from the last synchronisation on."""
_CLUSTER = b"\x1f\x43\xb6\x75"
_IN_CLUSTER = b"\xe7\xab\xa7\xa3\xa0\xbf\xec"
"""What the first element of a cluster begins with. Anything else is a chance within a block."""
_CLUSTER_TAIL_BYTES = 16 << 20
"""Bytes in which the last cluster begins. Writers start one every few seconds."""
_FLV_TAGS = frozenset({8, 9, 18})
_FLV_LENGTH = b"\x00\x08filesize\x00"
_FLV_SLACK = 50
"""Part of a Flash video that may lack after a whole tag: servers copy the length of the original,
and leave out some of its tags."""
_PACK, _PROGRAM_END = b"\x00\x00\x01\xba", b"\x00\x00\x01\xb9"
_AVI_HAS_INDEX = 0x10
_FRAMES_TAIL_BYTES = 1 << 16
_MIN_FRAMES = 8
"""Frames of MP3 or AAC that follow each other, from which they are no chance."""
_MPEG1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_MPEG2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
"""Kilobits per second of MP3 by their code, at the usual and at half and quarter sample rates."""


def find_missing_packet(file: BinaryIO, head: bytes, size: int) -> int | None:
    """Return how many bytes a file lacks at least; None if it has none of these formats.

    Args:
        file: The file.
        head: Its first 24 bytes.
        size: Its size.
    """
    for start, find_missing in _READERS.items():
        if head.startswith(start):
            return max(0, find_missing(file, size))
    return max(0, _frames_missing(file, size)) if _frame_length(head) else None


def cluster_missing(file: BinaryIO, size: int) -> int:
    """Return how much of its last block a Matroska file of unknown length lacks (RFC 9559)."""
    tail = _read_tail(file, size, _CLUSTER_TAIL_BYTES)
    at = len(tail)
    while (at := tail.rfind(_CLUSTER, 0, at)) >= 0:
        length, position = _read_ebml_number(tail, at + 4, is_size=True)
        if tail[position : position + 1] in _IN_CLUSTER:
            break
    else:
        return 0
    if length is not None:
        return max(0, position + length - len(tail))
    for _ in range(_MAX_PACKETS):
        if position >= len(tail):
            break
        element, position = _read_ebml_number(tail, position, is_size=False)
        length, position = _read_ebml_number(tail, position, is_size=True)
        if element is None or length is None:
            return int(position >= len(tail))
        position += length
    return max(0, position - len(tail))


def is_avi_being_written(file: BinaryIO) -> bool:
    """Return whether an AVI file without a length has an index by its header.

    A program that writes into a pipe announces none. One that will fill in the length does.
    """
    head = _read_at(file, 0, 64)
    at = head.find(b"avih")
    flags = int.from_bytes(head[at + 20 : at + 24], "little") if at > 0 else 0
    return bool(flags & _AVI_HAS_INDEX)


def _read_at(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(max(0, position))
    return file.read(count)


def _read_tail(file: BinaryIO, size: int, count: int = _TAIL_BYTES) -> bytes:
    return _read_at(file, size - count, count)


def _read_ebml_number(data: bytes, at: int, *, is_size: bool) -> tuple[int | None, int]:
    """Read an id or a size of variable length; None if it is unknown, invalid or cut."""
    first = data[at] if at < len(data) else 0
    count = 9 - first.bit_length()
    end = at + count
    if count > 8 or end > len(data):
        return None, max(end, at + 1) if first else at + 1
    value = int.from_bytes(data[at:end], "big")
    if not is_size:
        return value, end
    value &= (1 << 7 * count) - 1
    return (None if value == (1 << 7 * count) - 1 else value), end


def _flv_missing(file: BinaryIO, size: int) -> int:
    """Return what is missing of a Flash video: each tag is followed by its length."""
    head = _read_at(file, 0, 4096)
    at = head.find(_FLV_LENGTH)
    stated = head[at + len(_FLV_LENGTH) :][:8] if at > 0 else b""
    length = struct.unpack(">d", stated)[0] if len(stated) == 8 else 0.0
    lacks = int(length) - size if size < length < 1 << 62 else 0
    last = int.from_bytes(_read_at(file, size - 4, 4), "big")
    # Some programs append zeros, and some do not count the head of a tag.
    if not last or _is_flv_tag(file, size, last) or _is_flv_tag(file, size, last + 11):
        return lacks if lacks > size // _FLV_SLACK else 0
    return max(1, lacks)


def _is_flv_tag(file: BinaryIO, size: int, length: int) -> bool:
    """Return whether the last tag of a Flash video has a length, the head of the tag included."""
    if not 11 <= length <= size - 13:
        return False
    head = _read_at(file, size - 4 - length, 4)
    return head[0] & 0x1F in _FLV_TAGS and int.from_bytes(head[1:], "big") == length - 11


def _program_stream_missing(file: BinaryIO, size: int) -> int:
    """Return how much of its last packet an MPEG program stream lacks (ISO/IEC 13818-1)."""
    tail = _read_tail(file, size)
    at = tail.rfind(_PACK)
    for _ in range(_MAX_PACKETS):
        head = tail[at : at + 14]
        if at < 0 or len(head) < 6 or not head.startswith(b"\x00\x00\x01"):
            return int(head == b"\x00\x00\x01")
        if head.startswith(_PROGRAM_END):
            return 0
        if head.startswith(_PACK):
            is_second = head[4] & 0xC0 == 0x40
            if is_second and len(head) < 14:
                return 1
            at += 14 + (head[13] & 7) if is_second else 12
        else:
            at += 6 + int.from_bytes(head[4:6], "big")
        if at >= len(tail):
            return at - len(tail)
    return 0


def _wavpack_missing(file: BinaryIO, size: int) -> int:
    """Return what is missing of a WavPack file by its last block, which states its samples."""
    total = int.from_bytes(_read_at(file, 12, 4), "little")
    tail = _read_tail(file, size)
    at = tail.rfind(b"wvpk")
    block = tail[at : at + 32] if at >= 0 else b""
    if len(block) < 32:
        return int(bool(block))
    length, first, count = (int.from_bytes(block[n : n + 4], "little") for n in (4, 16, 20))
    if (missing := at + 8 + length - len(tail)) > 0:
        return missing
    return int(total != 0xFFFFFFFF and first + count < total)


def _frames_missing(file: BinaryIO, size: int) -> int:
    """Return how much of its last frame an MP3 or AAC file without a container lacks."""
    tail = _read_tail(file, size, _FRAMES_TAIL_BYTES)
    if tail[-128:].startswith(b"TAG") or tail[-32:].startswith(b"APETAGEX"):
        return 0  # A program wrote it when the file was whole.
    for at in range(len(tail) // 2):
        if tail[at] == 0xFF and (end := _follow_frames(tail, at)) is not None:
            return end - len(tail)
    return 0


def _follow_frames(tail: bytes, at: int) -> int | None:
    """Return the end of the last of a row of frames that begins at ``at``, or None if none does."""
    frames = 0
    while at + 6 <= len(tail):
        length = _frame_length(tail[at : at + 6])
        if not length:
            # A tag of another program comes behind the last frame.
            return len(tail) if frames >= _MIN_FRAMES and _is_tag(tail[at : at + 3]) else None
        at += length
        frames += 1
    return at if frames >= _MIN_FRAMES else None


def _is_tag(start: bytes) -> bool:
    return start in (b"TAG", b"APE", b"ID3", b"LYR", b"\0\0\0")


def _frame_length(head: bytes) -> int:
    """Return the bytes of the frame of AAC or MP3 that begins so; 0 if none does."""
    if len(head) < 6 or head[0] != 0xFF:
        return 0
    if head[1] & 0xF6 == 0xF0:  # ADTS (ISO/IEC 13818-7)
        return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate_code, kilobits = head[2] >> 2 & 3, (_MPEG1 if version == 3 else _MPEG2)[head[2] >> 4]
    if head[1] < 0xE0 or layer != 1 or version == 1 or rate_code == 3 or not kilobits:
        return 0  # no MP3 (ISO/IEC 11172-3)
    rate = (44100, 48000, 32000)[rate_code] >> {3: 0, 2: 1, 0: 2}[version]
    return (144 if version == 3 else 72) * kilobits * 1000 // rate + (head[2] >> 1 & 1)


_READERS: Mapping[bytes, Callable[[BinaryIO, int], int]] = {
    b"FLV\x01": _flv_missing,
    _PACK: _program_stream_missing,
    b"wvpk": _wavpack_missing,
}
"""What a format begins with, and what finds its end."""
